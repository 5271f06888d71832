import { afterEach, describe, expect, it, vi } from 'vitest'
import { address, get, onUnauthenticated, post } from './client'

function answer(status: number, body: string): ReturnType<typeof vi.fn> {
  const mock = vi.fn(async () => new Response(status === 204 ? null : body, { status }))
  vi.stubGlobal('fetch', mock)
  return mock
}
afterEach(() => vi.unstubAllGlobals())

describe('a request', () => {
  it('that succeeds gives its data', async () => {
    answer(200, '[{"code":"x"}]')
    expect(await get('/api/v1/sense/stations')).toEqual({ kind: 'ok', data: [{ code: 'x' }] })
  })
  it('that succeeds with nothing is fine', async () => {
    answer(204, '')
    expect(await post('/api/v1/system/logout')).toEqual({ kind: 'ok', data: undefined })
  })
  it('that is refused gives the problem', async () => {
    answer(409, '{"code":"conflict","status":409,"title":{"zh":"冲突","en":"conflict"},"detail":""}')
    expect(await get('/api/v1/sense/stations')).toMatchObject({ kind: 'error', problem: { code: 'conflict', status: 409 } })
  })
  it('that a proxy answers is told by its status', async () => {
    answer(502, '<html>Bad Gateway</html>')
    expect(await get('/api/v1/sense/stations')).toMatchObject({ kind: 'error', problem: { code: 'http', status: 502 } })
  })
  it('that never arrives is offline, and aborted when it was', async () => {
    vi.stubGlobal('fetch', vi.fn(async () => Promise.reject(new TypeError('failed'))))
    expect(await get('/api/v1/sense/stations')).toMatchObject({ kind: 'error', problem: { code: 'offline' } })
    const controller = new AbortController()
    controller.abort()
    expect(await get('/api/v1/sense/stations', { signal: controller.signal })).toEqual({ kind: 'aborted' })
  })
  it('without a session says so once to whom it concerns', async () => {
    const told = vi.fn()
    onUnauthenticated(told)
    answer(401, '{"code":"unauthenticated","status":401,"title":{"zh":"请先登录","en":"please log in"},"detail":""}')
    await get('/api/v1/system/me')
    expect(told).toHaveBeenCalledTimes(1)
  })
  it('that writes carries the header against forged writes', async () => {
    const mock = answer(200, '{}')
    await post('/api/v1/act/alarms/{id}/acknowledge', { path: { id: 'a/b' } })
    const [url, init] = mock.mock.calls[0] as unknown as [string, RequestInit]
    expect(url).toBe('/api/v1/act/alarms/a%2Fb/acknowledge')
    expect(init.headers).toMatchObject({ 'x-shanshui': '1' })
  })
})

it('addresses leave out what is not given', () => {
  expect(address('/a/{id}', { id: 7 }, { state: '', before: undefined, limit: 50, mine: false })).toBe('/a/7?limit=50&mine=false')
})
