// End to end in a real browser, the Eye by hand: cameras are registered, changed and switched off; an officer has only a phone; a fence is
// drawn without a mouse; a loudspeaker plays a recording and carries somebody's own voice, and calls for a person who speaks; a doubt is
// confirmed; a place raises no alarm and then does again; visits are refused and taken back.
import dgram from 'node:dgram'
import fs from 'node:fs'
import http from 'node:http'
import os from 'node:os'
import path from 'node:path'
import { api, choose, clean, end, field, is, person, play, reason, serve, step, still as shot, test, until, watch } from './lib.mjs'

/** The demonstration's visitor comes every three minutes. */
const VISITOR = 240_000
const BASE = '/api/v1/sense/eye'
const STATION = 'ms16'
const NAME = '莲花站房'
const PHONE = { width: 390, height: 844 }
/** A camera without a picture and a loudspeaker that is not reached are told so. */
const TOLD = { answers: [502, 503] }

/** Waits until something says it. */
const says = (where, text) => where.filter({ hasText: text }).first().waitFor()

/** Nothing sticks out of a narrow page, and what somebody came for can be touched. */
async function fits(page, what, ...actions) {
  const [wide, room] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth])
  if (wide > room) throw new Error(`${what} is ${wide} px wide, with room for ${room}`)
  for (const action of actions) {
    const one = page.locator(action).first()
    await one.scrollIntoViewIfNeeded()
    const box = await one.boundingBox()
    if (box.x < 0 || box.x + box.width > room) throw new Error(`${what}: ${action} lies at ${Math.round(box.x)} to ${Math.round(box.x + box.width)} px`)
    await one.click({ trial: true })
  }
}

/** Goes there by the tabulator, as somebody without a mouse does. */
async function tabTo(page, name) {
  for (let n = 0; n < 120; n++) {
    if (await page.evaluate((wanted) => document.activeElement?.dataset.test === wanted, name)) return
    await page.keyboard.press('Tab')
  }
  throw new Error(`no way to ${name} by the tabulator`)
}

async function number(page, id, value) {
  await page.fill(`#${id}`, String(value))
  await page.keyboard.press('Tab')
}

async function ask(page, who, purpose) {
  await page.click(test('visit-new'))
  await page.waitForSelector(test('visit-form'))
  await choose(page, 'visit-station', NAME)
  for (const [name, text] of [['who', who], ['unit', '运维公司'], ['purpose', purpose]]) await page.fill(field(`visit-${name}`), text)
  await page.click(`${test('visit-form')} ${test('form-save')}`)
  await says(page.locator(`${test('visit-row')}[data-state="asked"]`), who)
}

/** A second of a tone as a WAV file: 8 kHz, mono, 16 bits. */
function tone() {
  const samples = Int16Array.from({ length: 8_000 }, (_, i) => 12_000 * Math.sin((i * 2 * Math.PI * 440) / 8_000))
  const head = Buffer.alloc(44)
  head.write('RIFF', 0)
  head.writeUInt32LE(36 + samples.byteLength, 4)
  head.write('WAVEfmt ', 8)
  head.writeUInt32LE(16, 16)
  head.writeUInt16LE(1, 20)
  head.writeUInt16LE(1, 22)
  head.writeUInt32LE(8_000, 24)
  head.writeUInt32LE(16_000, 28)
  head.writeUInt16LE(2, 32)
  head.writeUInt16LE(16, 34)
  head.write('data', 36)
  head.writeUInt32LE(samples.byteLength, 40)
  return Buffer.concat([head, Buffer.from(samples.buffer)])
}

/** A loudspeaker of HTTP: what was sent to it. */
function loudspeaker() {
  const heard = []
  const server = http.createServer((request, answer) => {
    const parts = []
    request.on('data', (part) => parts.push(part))
    request.on('end', () => {
      heard.push({ type: request.headers['content-type'], body: Buffer.concat(parts) })
      answer.end()
    })
  })
  return new Promise((done) => server.listen(0, '127.0.0.1', () => done({ heard, address: `http://127.0.0.1:${server.address().port}/play`, close: () => server.close() })))
}

/** A horn that listens to RTP: how loud each packet is, of 32,768, and in which call it came. */
function horn() {
  const heard = []
  const loud = (code) => {
    const [e, m] = [((code ^ 0x55) >> 4) & 7, (code ^ 0x55) & 15]
    return e === 0 ? (m << 4) + 8 : ((m << 4) + 0x108) << (e - 1)
  }
  const socket = dgram.createSocket('udp4', (packet) => {
    heard.push({ type: packet[1] & 0x7f, call: packet.readUInt32BE(8), loud: Math.max(...[...packet.subarray(12)].map(loud)) })
  })
  return new Promise((done) => socket.bind(0, '127.0.0.1', () => done({ heard, address: `rtp://127.0.0.1:${socket.address().port}`, close: () => socket.close() })))
}

/** Sets the way to the loudspeaker on its page. */
async function way(page, kind, address) {
  await choose(page, 'voice-driver', kind)
  await page.fill(field('voice-address'), address)
  await page.click(test('voice-save'))
}

/** Speaks for two seconds; gives the packets that came. */
async function speak(page, heard, press, release) {
  const before = heard.length
  await press()
  await says(page.locator(test('eye-talk')), '正在喊话')
  await page.waitForTimeout(2_000)
  await release()
  await says(page.locator(test('eye-talk')), '按住讲话')
  await page.waitForTimeout(500)
  is(await page.locator(test('eye-talk-wrong')).count(), 0, 'refusals')
  const packets = heard.slice(before)
  const loudest = Math.max(...packets.map((p) => p.loud))
  // a packet carries 20 ms
  if (packets.length < 50 || loudest < 1_000 || packets.some((p) => p.type !== 8 || p.call !== packets[0].call)) throw new Error(`${packets.length} packets, the loudest ${loudest}`)
  console.log(`     ${packets.length} packets, the loudest ${loudest}`)
  return packets[0].call
}

async function story(browser, { http: base }) {
  const [speaker, rtp] = [await loudspeaker(), await horn()]
  const there = await serve(fs.mkdtempSync(path.join(os.tmpdir(), 'shanshui-e2e-')), '[http]\nlisten = "127.0.0.1:0"\n[hj212]\nlisten = "127.0.0.1:0"\n[metrics]\nlisten = ""\n[outbound]\nallow = ["127.0.0.1/32"]\n')
  try {
    await demonstration(browser, base, speaker)
    await loudspeakers(browser, there.http, speaker, rtp)
    await clean()
  } finally {
    speaker.close()
    rtp.close()
    await end(there)
  }
}

async function demonstration(browser, base, speaker) {
  const cameras = async (page) => (await api(page, `${BASE}/cameras`)).items
  const newest = async (page) => (await api(page, `${BASE}/events?limit=1`)).items[0]
  const one = (page, id) => api(page, `${BASE}/events/${id}`)
  const added = async () => (await cameras(system)).find((c) => c.code === 'ms17-c1')
  let system
  await step('a camera is registered, and what cannot be is said beside its field', async () => {
    system = await person(browser, base, 'xuning', TOLD)
    await system.goto(`${base}/eye/cameras`)
    await system.click(test('eye-camera-new'))
    const form = system.locator(test('eye-camera-form'))
    await choose(system, 'camera-station', 'ms17')
    for (const [name, text] of [['code', 'ms17 c1'], ['zh', '取水口'], ['en', 'intake'], ['address', 'http://10.0.0.5/1']]) await system.fill(field(`camera-${name}`), text)
    await form.locator(test('form-save')).click()
    await says(form.locator(test('camera-code-wrong')), '连字符')
    await says(form.locator(test('camera-address-wrong')), '地址不正确，格式如：rtsp://')
    await shot(system, 'eye-hand-camera')
    await choose(system, 'camera-kind', '模拟画面')
    await system.fill(field('camera-code'), 'ms16-c1')
    await form.locator(test('form-save')).click()
    await says(form.locator(test('camera-code-wrong')), '编码 ms16-c1 已用于另一台摄像机')
    await system.fill(field('camera-code'), 'ms17-c1')
    await form.locator(test('form-save')).click()
    await system.locator(`${test('eye-camera-row')}[data-code="ms17-c1"]`).waitFor()
    const camera = await added()
    is(`${camera.station} ${camera.kind} ${camera.enabled} ${camera.version}`, 'ms17 drawn true 1', 'what is kept')
    await until(system, 'it is looked at', async () => (await added()).guard.state === 'guarded', 60_000)
  })
  await step('whoever changes a camera after somebody else is told, and one is switched off', async () => {
    const other = await system.context().newPage()
    watch(other, base, 'xuning again', TOLD.answers)
    for (const page of [system, other]) {
      await page.goto(`${base}/eye/cameras`)
      await page.click(test('eye-edit-ms17-c1'))
    }
    for (const [page, name] of [[system, '取水口（东）'], [other, '取水口（西）']]) {
      await page.fill(field('camera-zh'), name)
      await page.click(`${test('eye-camera-form')} ${test('form-save')}`)
      if (page === system) await page.locator(test('eye-camera-form')).waitFor({ state: 'hidden' })
    }
    await says(other.locator(test('form-error')), '别人已修改了这台摄像机')
    await shot(other, 'eye-hand-conflict')
    is((await added()).name.zh, '取水口（东）', 'the name that was first')
    await other.reload()
    await other.click(test('eye-edit-ms17-c1'))
    await other.click(test('camera-enabled'))
    await other.click(`${test('eye-camera-form')} ${test('form-save')}`)
    await says(other.locator(`${test('eye-camera-row')}[data-code="ms17-c1"]`), '停用')
    const camera = await added()
    is(`${camera.name.zh} ${camera.enabled} ${camera.version} ${camera.guard.state}`, '取水口（东） false 3 off', 'what is kept')
    await other.close()
  })
  let phone
  let event
  await step('with a phone: the wall, and whoever walks up', async () => {
    phone = await person(browser, base, 'zhoumin', { ...TOLD, viewport: PHONE, until: test('logout') })
    await phone.goto(`${base}/eye`)
    // somebody who is there already does not walk up
    await phone.locator(`${test('eye-tile')}[data-state="guarded"]`).waitFor({ timeout: 90_000 })
    await phone.locator(`${test('eye-tile')}[data-state="intrusion"]`).waitFor({ timeout: VISITOR })
    await says(phone.locator(test('eye-said')), '有人闯入')
    await shot(phone, 'eye-hand-phone-wall', { fullPage: true })
    await fits(phone, 'the wall', test('eye-wall-mode'), test('sound-switch'), test('eye-state-blind'), test('eye-to-events'), test('eye-station'))
    event = await newest(phone)
    await phone.click('.tiles .open')
    await phone.waitForSelector(test('eye-spot'))
    await shot(phone, 'eye-hand-phone-spot', { fullPage: true })
    await fits(phone, 'one camera', test('eye-to-fence'), test('eye-spot-close'))
  })
  let reviewer
  await step('a visit is refused with a reason by phone, another is taken back by whoever asked', async () => {
    reviewer = await person(browser, base, 'shenyi', TOLD)
    await reviewer.goto(`${base}/eye/visits`)
    await ask(reviewer, '张工', '比对采样')
    await ask(reviewer, '李工', '更换滤芯')
    await phone.goto(`${base}/eye/visits`)
    const row = (page, who) => page.locator(test('visit-row')).filter({ hasText: who })
    await row(phone, '张工').waitFor()
    await shot(phone, 'eye-hand-phone-visits', { fullPage: true })
    await fits(phone, 'visits', test('visit-refuse'), test('visit-state-asked'), test('visit-new'))
    await phone.click(test('visit-new'))
    await phone.waitForSelector(test('visit-form'))
    await shot(phone, 'eye-hand-phone-visit')
    await fits(phone, 'a visit', test('visit-window'), `${test('visit-form')} ${test('form-save')}`)
    await phone.keyboard.press('Escape')
    await phone.waitForSelector(test('visit-form'), { state: 'hidden' })
    await row(phone, '张工').locator(test('visit-refuse')).click()
    await phone.click(`${test('visit-act')} ${test('form-save')}`)
    await says(phone.locator(test('form-error')), '请填写理由')
    await reason(phone, 'visit-act', '当日有比对监测，请改期')
    await says(row(phone, '张工'), '当日有比对监测，请改期')
    await row(reviewer, '李工').locator(test('visit-cancel')).click()
    await reason(reviewer, 'visit-act', '配件未到')
    await says(row(reviewer, '李工'), '配件未到')
    await shot(reviewer, 'eye-hand-visits')
    const visits = (await api(reviewer, `${BASE}/visits`)).items.map((v) => `${v.who} ${v.state} ${v.decided_by.name.zh} ${v.note}`).sort()
    is(visits.join(' | '), '张工 refused 周敏 当日有比对监测，请改期 | 李工 cancelled 沈怡 配件未到', 'visits')
  })
  let camera
  await step('a fence by keyboard alone: drawn, a corner added and moved, and all of it undone', async () => {
    camera = (await cameras(reviewer)).find((c) => c.station === STATION)
    await reviewer.goto(`${base}/eye/cameras/${camera.id}/fence`)
    await reviewer.waitForSelector(test('eye-draw-house_door'))
    const shape = reviewer.locator('[data-shape="fence-1"] .body')
    const corners = async () => (await shape.getAttribute('points')).split(' ').map((p) => p.split(',').map(Number))
    await tabTo(reviewer, 'eye-draw-house_door')
    await reviewer.keyboard.press('Enter')
    await until(reviewer, 'the board has the keys', () => reviewer.evaluate(() => document.activeElement?.dataset.test === 'eye-board'))
    await reviewer.keyboard.press('Enter')
    await shape.waitFor()
    is((await corners()).length, 4, 'corners of what is put into the middle')
    await reviewer.keyboard.press('Enter')
    await reviewer.keyboard.press('+')
    const before = await corners()
    is(before.length, 5, 'corners with the new one')
    for (const key of ['Shift+ArrowUp', 'Shift+ArrowUp', 'ArrowRight']) await reviewer.keyboard.press(key)
    const after = await corners()
    is(after.filter((p, i) => p.join() !== before[i].join()).length, 1, 'corners that moved')
    if (!(after[1][0] > before[1][0] && after[1][1] < before[1][1])) throw new Error(`from ${before[1]} to ${after[1]}`)
    is(await reviewer.locator(test('eye-changed')).count(), 1, 'it says that it is not saved')
    await shot(reviewer, 'eye-hand-keys')
    for (let n = 0; n < 3; n++) await reviewer.keyboard.press('Control+z')
    is((await corners()).join(' '), before.join(' '), 'corners after three steps back')
    for (let n = 0; n < 2; n++) await reviewer.keyboard.press('Control+z')
    is(await shape.count(), 0, 'what is left of the drawing')
    is(await reviewer.locator(test('eye-changed')).count(), 0, 'nothing is left to save')
  })
  await step('a false alarm is remembered at its place, which the fence’s page shows and ends', async () => {
    await until(reviewer, 'the visitor has left', async () => (await one(reviewer, event.id)).state === 'unreviewed', 90_000)
    await reviewer.goto(`${base}/eye/events/${event.id}`)
    await reviewer.click(test('eye-verdict-false'))
    await reviewer.click(test('eye-remember'))
    await reviewer.fill(field('eye-verdict-reason'), '树影晃动')
    await shot(reviewer, 'eye-hand-false')
    await reviewer.click(test('eye-verdict-save'))
    await until(reviewer, 'the verdict', async () => (await one(reviewer, event.id)).verdict === 'false')
    await reviewer.goto(`${base}/eye/cameras/${camera.id}/fence`)
    const place = reviewer.locator(test('eye-quiet-place'))
    await says(place, '树影晃动')
    await place.scrollIntoViewIfNeeded()
    await shot(reviewer, 'eye-hand-quiet')
    await place.locator(test('eye-quiet-again')).click()
    await reason(reviewer, 'eye-quiet-end', '枝条已修剪')
    await place.waitFor({ state: 'detached' })
    const places = (await api(reviewer, `${BASE}/cameras/${camera.id}/quiet`)).items
    is(`${places.length} ${places[0].note} ${places[0].ended_at !== null}`, '1 树影晃动 true', 'places')
  })
  await step('with a phone: an event, the list of events, the cameras', async () => {
    await until(phone, 'the clip is filed', async () => (await one(phone, event.id)).files.some((f) => f.kind === 'clip'), 90_000)
    await phone.goto(`${base}/eye/events/${event.id}`)
    await phone.waitForSelector(`${test('eye-curve')} canvas`)
    await shot(phone, 'eye-hand-phone-event', { fullPage: true })
    await fits(phone, 'an event', test('eye-clip'), test('eye-verdict-person'), test('eye-verdict-false'), test('eye-lift'), test('eye-confirm'), test('eye-case'), test('eye-pack'))
    await phone.goto(`${base}/eye/events`)
    await phone.waitForSelector(test('eye-event'))
    await shot(phone, 'eye-hand-phone-events', { fullPage: true })
    await fits(phone, 'events', test('eye-station'), test('eye-event-unreviewed'), `${test('eye-event')} a`, test('eye-export'))
    await system.setViewportSize(PHONE)
    await system.goto(`${base}/eye/cameras`)
    await system.waitForSelector(test('eye-camera-row'))
    await shot(system, 'eye-hand-phone-cameras', { fullPage: true })
    await fits(system, 'cameras', test('eye-fence-ms16-c1'), test('eye-edit-ms16-c1'), test('eye-camera-new'))
    await system.click(test('eye-edit-ms16-c1'))
    await system.waitForSelector(test('eye-camera-form'))
    await shot(system, 'eye-hand-phone-camera')
    await fits(system, 'a camera', test('camera-enabled'), `${test('eye-camera-form')} ${test('form-save')}`)
    await system.context().close()
  })
  let duty
  await step('whoever stays is spoken to, and then a person is called to the microphone', async () => {
    duty = await person(browser, base, 'zhoumin', TOLD)
    await duty.goto(`${base}/eye/voice/${STATION}`)
    await duty.waitForSelector(test('voice-save'))
    const save = async (rules) => {
      for (const [name, value] of Object.entries(rules)) await number(duty, `voice-${name}`, value)
      await duty.click(test('voice-save'))
    }
    await save({ repeat: 1, gap: 30, cooldown: 20, escalate: 1 })
    await says(duty.locator(test('eye-voice-wrong')), '再次喊话间隔不能短于')
    await save({ gap: 2, cooldown: 60, escalate: 2 })
    await says(duty.locator(test('eye-voice-wrong')), '不能多于播放遍数')
    await shot(duty, 'eye-hand-rules')
    await save({ escalate: 1 })
    await until(duty, 'the rules are kept', async () => (await api(duty, `${BASE}/voice/${STATION}`)).escalate_after === 1)
    await duty.goto(`${base}/eye/events`)
    await reviewer.goto(`${base}/eye`)
    const call = duty.locator(test('desk-call'))
    await call.waitFor({ timeout: VISITOR })
    await says(call, NAME)
    await says(call, '请人工喊话')
    await shot(duty, 'eye-hand-call')
    const next = await newest(duty)
    is(next.id !== event.id && next.state, 'open', 'the event that calls, at the place that raises alarms again')
    event = next
    await call.locator('a').click()
    await duty.waitForURL(`${base}/eye/voice/${STATION}`)
    await call.waitFor({ state: 'detached' })
    // the desk computer has no horn: whoever speaks all the same is told
    await duty.waitForSelector(test('eye-talk-none'))
    await duty.hover(test('eye-talk'))
    await duty.mouse.down()
    await says(duty.locator(test('eye-talk-wrong')), '不支持喊话')
    await duty.mouse.up()
    await shot(duty, 'eye-hand-no-horn')
    await reviewer.locator(test('desk-call')).waitFor({ state: 'detached', timeout: 60_000 })
    is((await one(duty, event.id)).voice, 'sent', 'what came of the sentence')
  })
  await step('a doubt is confirmed with a reason, and the band on the station’s curve says so', async () => {
    await until(reviewer, 'the visitor has left', async () => (await one(reviewer, event.id)).state === 'unreviewed', 90_000)
    await reviewer.goto(`${base}/eye/events/${event.id}`)
    await reviewer.click(test('eye-confirm'))
    await reviewer.click(`${test('eye-act')} ${test('form-save')}`)
    await says(reviewer.locator(test('form-error')), '请填写理由')
    await reason(reviewer, 'eye-act', '采样头被挪动，数据不可用')
    await says(reviewer.locator(test('eye-suspicion')), '存疑已确认')
    is(await reviewer.locator(test('eye-confirm')).count(), 0, 'ways to confirm it again')
    await reviewer.goto(`${base}/stations/${STATION}`)
    await reviewer.locator(test('suspicion')).filter({ hasText: '存疑已确认' }).first().click()
    for (const text of [event.number, '采样头被挪动，数据不可用', '沈怡']) await says(reviewer.locator(test('suspicion-card')), text)
    await reviewer.locator(test('suspicion-card')).scrollIntoViewIfNeeded()
    await shot(reviewer, 'eye-hand-confirmed')
  })
  await step('a loudspeaker at an address that may not be called is refused in words', async () => {
    await duty.reload()
    await way(duty, 'HTTP', 'ftp://127.0.0.1/play')
    await says(duty.locator(test('eye-voice-wrong')), '地址不正确，格式如：http://')
    await way(duty, 'HTTP', speaker.address)
    await until(duty, 'it is kept', async () => (await api(duty, `${BASE}/voice/${STATION}`)).driver.kind === 'http')
    await duty.click(test('voice-play'))
    await says(duty.locator(test('eye-voice-wrong')), 'outbound.allow')
    await shot(duty, 'eye-hand-refused')
    is(speaker.heard.length, 0, 'calls that came all the same')
  })
}

/** Where addresses of this machine may be called. */
async function loudspeakers(browser, base, speaker, rtp) {
  const desk = await person(browser, base, 'shenyi', TOLD)
  const said = desk.locator(test('eye-voice-wrong'))
  const kept = () => api(desk, `${BASE}/voice/${STATION}`)
  const played = async () => {
    const before = speaker.heard.length
    await desk.click(test('voice-play'))
    await says(desk.locator(test('voice-played')), '喊话已播出')
    is(speaker.heard.length, before + 1, 'calls')
    const { type, body } = speaker.heard.at(-1)
    is(`${type} ${body.toString('latin1', 0, 4)} ${body.readUInt16LE(22)} ${body.readUInt32LE(24)}`, 'audio/wav RIFF 1 8000', 'what the loudspeaker got')
    return (body.length - 44) / 16_000
  }
  await step('a loudspeaker of HTTP plays the sentence, then a recording; what is no recording is refused', async () => {
    await desk.goto(`${base}/eye/voice/${STATION}`)
    await way(desk, 'HTTP', speaker.address)
    await until(desk, 'it is kept', async () => (await kept()).driver.kind === 'http')
    const sentence = await played()
    if (sentence < 2) throw new Error(`the sentence lasts ${sentence} s`)
    const file = (name, buffer) => desk.setInputFiles(test('voice-upload'), { name, mimeType: 'audio/wav', buffer })
    await file('提示.mp3', tone())
    await says(said, '请选择不超过 8 MB 的 WAV 文件')
    await file('损坏.wav', Buffer.from('这不是录音'))
    await says(said, '不是WAV录音文件')
    await shot(desk, 'eye-hand-no-wav')
    is((await kept()).file, false, 'a recording is there')
    await file('提示.wav', tone())
    await says(desk.locator('.el-radio-button.is-active'), '录音文件')
    await until(desk, 'the recording is kept', async () => (await kept()).file)
    is(await played(), 1, 'seconds of the recording')
    await shot(desk, 'eye-hand-http')
  })
  await step('somebody speaks through a horn, by mouse and by the space bar', async () => {
    await way(desk, 'RTP', rtp.address)
    await until(desk, 'it is kept', async () => (await kept()).driver.kind === 'rtp')
    await desk.locator(test('eye-talk-none')).waitFor({ state: 'detached' })
    await desk.hover(test('eye-talk'))
    const first = await speak(desk, rtp.heard, () => desk.mouse.down(), () => desk.mouse.up())
    await desk.focus(test('eye-talk'))
    const second = await speak(desk, rtp.heard, () => desk.keyboard.down(' '), () => desk.keyboard.up(' '))
    is(first === second, false, 'both are one call')
    await until(desk, 'both are noted', async () => (await kept()).last.filter((s) => s.detail.zh.startsWith('人工喊话')).length === 2)
    await until(desk, 'both are shown', async () => (await desk.locator(`${test('voice-history')} li`).count()) === 4)
    await shot(desk, 'eye-hand-talk')
  })
  await desk.context().close()
}

await play(story, ['--calm', '--history', '1'], ['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'])
