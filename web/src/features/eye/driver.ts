// The way to a loudspeaker as an operator fills it in, and as the server takes it. Pure.
import type { DriverKind } from './types'

export const BODIES = ['wav', 'alaw', 'none'] as const
export interface DriverForm {
  kind: DriverKind
  /** `http://…` without a name in it, `host:port` of RTP, or `sip:user@host[:port]`. */
  address: string
  /** Of HTTP: what is sent. */
  body: (typeof BODIES)[number]
  /** Of HTTP and SIP. */
  login: string
  password: string
  /** Of RTP: how many routers a group's packets may pass. */
  ttl: number
  /** Of SIP. */
  transport: 'udp' | 'tcp'
}

export function emptyDriver(kind: DriverKind): DriverForm {
  return { kind, address: '', body: 'wav', login: '', password: '', ttl: 1, transport: 'udp' }
}

const SIP_PORT = 5060
const CALLER = 'shanshui'

/** What the server takes; none when the address cannot be read. */
export function driverIn(form: DriverForm): Record<string, unknown> | undefined {
  const address = form.address.trim()
  const login = form.login.trim()
  if (form.kind === 'http') {
    if (!/^https?:\/\/[^/@?#\s]+(?:[/?#]\S*)?$/i.test(address)) return undefined
    const auth = login ? { auth: { as: 'digest', user: login, password: form.password } } : {}
    return { kind: 'http', url: address, method: form.body === 'none' ? 'GET' : 'POST', body: { as: form.body }, ...auth }
  }
  if (form.kind === 'rtp') {
    const host = address.replace(/^rtp:\/\//i, '').replace(/\/$/, '')
    return /^.+:\d+$/.test(host) ? { kind: 'rtp', address: host, ttl: form.ttl } : undefined
  }
  if (form.kind === 'sip') {
    const [, user, host, port] = /^(?:sip:)?([^@\s]+)@([^:\s]+|\[[^\]]+\])(?::(\d+))?$/i.exec(address) ?? []
    if (!user || !host) return undefined
    const secret = login ? { login, password: form.password } : {}
    return { kind: 'sip', peer: `${host}:${port ?? SIP_PORT}`, user, from: login || CALLER, transport: form.transport, ...secret }
  }
  return { kind: form.kind }
}
