// One function for every request. A request ends in one of three ways, and callers handle all three.
import type { paths } from './schema'
import type { Problem } from './types'

export type Result<T> = { kind: 'ok'; data: T } | { kind: 'aborted' } | { kind: 'error'; problem: Problem }

type Method = 'get' | 'post' | 'put'
export type PathOf<M extends Method> = {
  [P in keyof paths]: paths[P] extends Record<M, { responses: unknown }> ? P : never
}[keyof paths]
type Operation<M extends Method, P extends PathOf<M>> = paths[P][M]
type Parameters<O, K extends string> = O extends { parameters: { [Key in K]: infer V } } ? V : undefined
type QueryOf<O> = O extends { parameters: { query?: infer Q } } ? Q : never
type BodyOf<O> = O extends { requestBody: { content: infer C } } ? (C extends { 'application/json': infer J } ? J : Blob) : undefined
type Content<R> = R extends { content: infer C } ? C[keyof C] : undefined
type DataOf<O> = O extends { responses: infer R } ? Content<R[Extract<keyof R, 200 | 201 | 204>]> : never
export type Answer<M extends Method, P extends PathOf<M>> = DataOf<Operation<M, P>>

export interface Options<O> {
  path?: Parameters<O, 'path'>
  query?: QueryOf<O>
  body?: BodyOf<O>
  signal?: AbortSignal
}

/** Header the server demands on every write: a browser does not send it for a foreign page without asking first. */
const WRITE_HEADER = 'x-shanshui'

let renew: () => Promise<boolean> = () => Promise.resolve(false)
/**
 * Says what happens when the session is over; the session store owns that. When it answers true there is a new session, and the
 * request is sent again with all that was typed.
 */
export function onUnauthenticated(handler: () => Promise<boolean>): void {
  renew = handler
}

export function get<P extends PathOf<'get'>>(path: P, options: Options<Operation<'get', P>> = {}): Promise<Result<Answer<'get', P>>> {
  return call('GET', path, options)
}

export function post<P extends PathOf<'post'>>(path: P, options: Options<Operation<'post', P>> = {}): Promise<Result<Answer<'post', P>>> {
  return call('POST', path, options)
}

export function put<P extends PathOf<'put'>>(path: P, options: Options<Operation<'put', P>> = {}): Promise<Result<Answer<'put', P>>> {
  return call('PUT', path, options)
}

/** A file of the server: its bytes and the name it is to have. */
export interface Fetched {
  blob: Blob
  name: string
}

/** A file; a refusal is a problem as everywhere, and no file with a problem in it. */
export async function getFile<P extends PathOf<'get'>>(path: P, options: Options<Operation<'get', P>> = {}): Promise<Result<Fetched>> {
  try {
    const response = await fetch(address(path, options.path, options.query), { signal: options.signal, credentials: 'same-origin' })
    if (response.ok) return { kind: 'ok', data: { blob: await response.blob(), name: fileName(response.headers.get('content-disposition')) } }
    const problem = problemOf(response.status, await response.text())
    if (problem.code === 'unauthenticated' && (await renew())) return await getFile(path, options)
    return { kind: 'error', problem }
  } catch (error) {
    if (options.signal?.aborted) return { kind: 'aborted' }
    return { kind: 'error', problem: offline(error) }
  }
}

/** The name that a `content-disposition` gives, the one in UTF-8 before the plain one. */
export function fileName(disposition: string | null): string {
  const encoded = /filename\*=UTF-8''([^;]+)/.exec(disposition ?? '')?.[1]
  const plain = /filename="([^"]+)"/.exec(disposition ?? '')?.[1]
  try {
    return encoded ? decodeURIComponent(encoded) : (plain ?? 'file')
  } catch {
    return plain ?? 'file'
  }
}

async function call<T>(
  method: string,
  template: string,
  options: { path?: unknown; query?: unknown; body?: unknown; signal?: AbortSignal },
  again = true,
): Promise<Result<T>> {
  const headers: Record<string, string> = { accept: 'application/json' }
  const init: RequestInit = { method, headers, signal: options.signal, credentials: 'same-origin' }
  if (method !== 'GET') headers[WRITE_HEADER] = '1'
  if (options.body instanceof Blob) {
    headers['content-type'] = options.body.type
    init.body = options.body
  } else if (options.body !== undefined) {
    headers['content-type'] = 'application/json'
    init.body = JSON.stringify(options.body)
  }
  try {
    const response = await fetch(address(template, options.path, options.query), init)
    const text = await response.text()
    if (response.ok) return { kind: 'ok', data: (text === '' ? undefined : JSON.parse(text)) as T }
    const problem = problemOf(response.status, text)
    if (problem.code === 'unauthenticated' && again && (await renew())) return await call(method, template, options, false)
    return { kind: 'error', problem }
  } catch (error) {
    if (options.signal?.aborted) return { kind: 'aborted' }
    return { kind: 'error', problem: offline(error) }
  }
}

/** The address of a path template with its parameters; empty query values are left out. */
export function address(template: string, path: unknown, query: unknown): string {
  const parts = (path ?? {}) as Record<string, unknown>
  const filled = template.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(parts[name] ?? '')))
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries((query ?? {}) as Record<string, unknown>)) {
    if (value !== undefined && value !== null && value !== '') search.set(name, String(value))
  }
  const tail = search.toString()
  return tail === '' ? filled : `${filled}?${tail}`
}

function problemOf(status: number, text: string): Problem {
  try {
    const parsed: unknown = JSON.parse(text)
    if (typeof parsed === 'object' && parsed !== null && 'code' in parsed && 'title' in parsed) return parsed as Problem
  } catch {
    // Not from our server but from something between: a proxy's page. It is told by its status below.
  }
  return { code: 'http', status, title: { zh: `服务器返回 ${status}`, en: `the server answered ${status}` }, detail: text.slice(0, 200) }
}

function offline(error: unknown): Problem {
  const detail = error instanceof Error ? error.message : String(error)
  return { code: 'offline', status: 0, title: { zh: '无法连接服务器,请检查网络', en: 'the server cannot be reached' }, detail }
}
