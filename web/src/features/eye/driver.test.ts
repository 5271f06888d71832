import { describe, expect, it } from 'vitest'
import { driverIn, emptyDriver } from './driver'

describe('the way to a loudspeaker', () => {
  it('is what the server takes', () => {
    expect(driverIn({ ...emptyDriver('http'), address: ' http://10.0.0.8/play ' })).toEqual({ kind: 'http', url: 'http://10.0.0.8/play', method: 'POST', body: { as: 'wav' } })
    expect(driverIn({ ...emptyDriver('http'), address: 'http://10.0.0.8/1', body: 'none', login: 'a', password: 'b' })).toMatchObject({ method: 'GET', auth: { as: 'digest', user: 'a', password: 'b' } })
    expect(driverIn({ ...emptyDriver('rtp'), address: 'rtp://239.1.2.3:5004', ttl: 4 })).toEqual({ kind: 'rtp', address: '239.1.2.3:5004', ttl: 4 })
    expect(driverIn({ ...emptyDriver('sip'), address: 'sip:8001@10.0.0.8' })).toEqual({ kind: 'sip', peer: '10.0.0.8:5060', user: '8001', from: 'shanshui', transport: 'udp' })
    expect(driverIn({ ...emptyDriver('sip'), address: '8001@10.0.0.8:5070', login: 'eye', password: 'x', transport: 'tcp' })).toEqual({ kind: 'sip', peer: '10.0.0.8:5070', user: '8001', from: 'eye', transport: 'tcp', login: 'eye', password: 'x' })
    expect(driverIn(emptyDriver('browser'))).toEqual({ kind: 'browser' })
  })
  it('is none when the address cannot be read', () => {
    expect(driverIn({ ...emptyDriver('http'), address: 'http://eye:secret@10.0.0.8/play' })).toBeUndefined()
    expect([driverIn({ ...emptyDriver('http'), address: 'ftp://a' }), driverIn({ ...emptyDriver('rtp'), address: '10.0.0.8' }), driverIn({ ...emptyDriver('sip'), address: '10.0.0.8' })]).toEqual([undefined, undefined, undefined])
  })
})
