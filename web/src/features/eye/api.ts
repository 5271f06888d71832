// The calls of the Eye. JSON goes the way of every other request; files that are asked for with a reason, and pictures that say when they
// were taken, are fetched here.
import { address, fileName, get, post, put, type Fetched, type Result } from '@/api/client'
import type { Problem } from '@/api/types'
import type * as Eye from './types'

export const BASE = '/api/v1/sense/eye'

type Values = Record<string, string | number | boolean | null | undefined>
interface More {
  query?: Values
  signal?: AbortSignal
}

function read<T>(path: string, more: More = {}): Promise<Result<T>> {
  return get(`${BASE}/${path}` as never, more as never) as Promise<Result<T>>
}
function write<T>(path: string, body?: unknown): Promise<Result<T>> {
  return post(`${BASE}/${path}` as never, { body } as never) as Promise<Result<T>>
}
function replace<T>(path: string, body: unknown): Promise<Result<T>> {
  return put(`${BASE}/${path}` as never, { body } as never) as Promise<Result<T>>
}
const part = encodeURIComponent

export const cameras = (signal?: AbortSignal) => read<{ items: Eye.Camera[] }>('cameras', { signal })
export const camera = (id: string, signal?: AbortSignal) => read<Eye.Camera>(`cameras/${part(id)}`, { signal })
export const addCamera = (body: Eye.CameraIn) => write<Eye.Camera>('cameras', body)
export const changeCamera = (id: string, body: Eye.CameraIn) => replace<Eye.Camera>(`cameras/${part(id)}`, body)
export const learnScene = (id: string, note: string) => write<unknown>(`cameras/${part(id)}/scene`, { note })
export const guard = (id: string, from: string, to: string, signal?: AbortSignal) => read<Eye.GuardHistory>(`cameras/${part(id)}/guard`, { query: { from, to }, signal })
export const quietPlaces = (id: string, signal?: AbortSignal) => read<{ items: Eye.QuietPlace[] }>(`cameras/${part(id)}/quiet`, { signal })
export const endQuiet = (id: string, n: number, note: string) => write<unknown>(`cameras/${part(id)}/quiet/${n}/end`, { note })
export const liveAddress = (id: string) => `${BASE}/cameras/${part(id)}/live`
export const pictureAddress = (id: string) => `${BASE}/cameras/${part(id)}/picture`

export const fences = (id: string, signal?: AbortSignal) => read<Eye.Fences>(`cameras/${part(id)}/fences`, { signal })
export const keepFences = (id: string, body: { base_version: number; plan: Eye.Plan; note: string }) => replace<Eye.Fences>(`cameras/${part(id)}/fences`, body)
export const replay = (id: string, body: { plan: Eye.Plan; from: string; to: string }) => write<Eye.Replay>(`cameras/${part(id)}/replay`, body)

export interface EventFilter extends Values {
  station?: string
  camera?: string
  kind?: string
  state?: string
  from?: string
  to?: string
  after?: string
  limit?: number
}
export const events = (query: EventFilter, signal?: AbortSignal) => read<Eye.EventPage>('events', { query, signal })
export const event = (id: string, signal?: AbortSignal) => read<Eye.EventDetail>(`events/${part(id)}`, { signal })
export const fileAddress = (id: string, name: string) => `${BASE}/events/${part(id)}/files/${part(name)}`
export const judge = (id: string, body: { verdict: Eye.Verdict; reason: string; remember?: boolean }) => write<Eye.EyeEvent>(`events/${part(id)}/verdict`, body)
export const decideSuspicion = (id: string, body: { act: 'lift' | 'confirm'; reason: string }) => write<Eye.EyeEvent>(`events/${part(id)}/suspicion`, body)
export const openCase = (id: string, note: string) => write<{ case: string }>(`events/${part(id)}/case`, { note })
/** The bytes as they were recorded: a logged act. */
export const plainFile = (id: string, body: { name: string; reason: string }) => fileFor(`events/${part(id)}/plain`, body)
export const pack = (id: string, body: { reason: string; plain: boolean }) => fileFor(`events/${part(id)}/pack`, body)
export const suspicions = (query: { station: string; from: string; to: string }, signal?: AbortSignal) =>
  read<{ items: Eye.Suspicion[] }>('suspicions', { query, signal })

export const visits = (query: { station?: string; state?: string; from?: string; to?: string }, signal?: AbortSignal) =>
  read<{ items: Eye.Visit[]; next?: string | null }>('visits', { query, signal })
export const askVisit = (body: Eye.VisitIn) => write<Eye.Visit>('visits', body)
export const decideVisit = (id: string, body: { approve: boolean; note: string }) => write<Eye.Visit>(`visits/${part(id)}/decide`, body)
export const cancelVisit = (id: string, note: string) => write<Eye.Visit>(`visits/${part(id)}/cancel`, { note })

export const voice = (station: string, signal?: AbortSignal) => read<Eye.Voice>(`voice/${part(station)}`, { signal })
export const keepVoice = (station: string, body: Eye.VoiceIn) => replace<Eye.Voice>(`voice/${part(station)}`, body)
export const soundAddress = (station: string) => `${BASE}/voice/${part(station)}/sound`
export const uploadSound = (station: string, wav: Blob) => write<Eye.Voice>(`voice/${part(station)}/sound`, new Blob([wav], { type: 'audio/wav' }))
export const play = (station: string) => write<{ result: Eye.VoiceResult; detail: Eye.Played['detail']; first_byte_ms: number | null }>(`voice/${part(station)}/play`, {})

export const report = (month: string, signal?: AbortSignal) => read<Eye.MonthReport>('report', { query: { month }, signal })
export const reportCsvAddress = (month: string) => address(`${BASE}/report.csv`, {}, { month })

/** A picture and when it was taken. The caller gives its address back when it is shown no more. */
export interface Picture {
  url: string
  at: string | null
  /** How old it was by the server's clock when it was sent. */
  age_ms: number
}
export async function picture(id: string, signal: AbortSignal): Promise<Result<Picture>> {
  try {
    const response = await fetch(pictureAddress(id), { signal, credentials: 'same-origin', cache: 'no-store' })
    if (!response.ok) return { kind: 'error', problem: problemOf(response.status, await response.text()) }
    const at = response.headers.get('x-picture-at')
    const age = Date.parse(response.headers.get('date') ?? '') - Date.parse(at ?? '')
    return { kind: 'ok', data: { url: URL.createObjectURL(await response.blob()), at, age_ms: Number.isNaN(age) ? 0 : Math.max(0, age) } }
  } catch (error) {
    return failed(error, signal)
  }
}

async function fileFor(path: string, body: unknown, again = true): Promise<Result<Fetched>> {
  try {
    const init: RequestInit = { method: 'POST', headers: { 'content-type': 'application/json', 'x-shanshui': '1' }, credentials: 'same-origin', body: JSON.stringify(body) }
    const response = await fetch(`${BASE}/${path}`, init)
    if (response.ok) return { kind: 'ok', data: { blob: await response.blob(), name: fileName(response.headers.get('content-disposition')) } }
    const problem = problemOf(response.status, await response.text())
    // a request of the usual kind asks for the password where the session is over; what was typed here is sent after it
    if (problem.code === 'unauthenticated' && again && (await get('/api/v1/system/me')).kind === 'ok') return await fileFor(path, body, false)
    return { kind: 'error', problem }
  } catch (error) {
    return failed(error)
  }
}

/** One piece of speech for the loudspeaker: 8 kHz, one channel, signed 16-bit little endian. */
export async function talk(station: string, id: string, pcm: ArrayBuffer, last: boolean): Promise<Result<undefined>> {
  const headers: Record<string, string> = { 'content-type': 'application/octet-stream', 'x-shanshui': '1', 'x-talk': id }
  if (last) headers['x-talk-end'] = '1'
  try {
    const response = await fetch(`${BASE}/voice/${part(station)}/talk`, { method: 'POST', headers, credentials: 'same-origin', body: pcm })
    if (response.ok) return { kind: 'ok', data: undefined }
    return { kind: 'error', problem: problemOf(response.status, await response.text()) }
  } catch (error) {
    return failed(error)
  }
}

function problemOf(status: number, text: string): Problem {
  try {
    const parsed: unknown = JSON.parse(text)
    if (typeof parsed === 'object' && parsed !== null && 'code' in parsed && 'title' in parsed) return parsed as Problem
  } catch {
    // told by its status below
  }
  return { code: 'http', status, title: { zh: `服务器返回 ${status}`, en: `the server answered ${status}` }, detail: text.slice(0, 200) }
}

function failed<T>(error: unknown, signal?: AbortSignal): Result<T> {
  if (signal?.aborted) return { kind: 'aborted' }
  const detail = error instanceof Error ? error.message : String(error)
  return { kind: 'error', problem: { code: 'offline', status: 0, title: { zh: '无法连接服务器，请检查网络', en: 'the server cannot be reached' }, detail } }
}
