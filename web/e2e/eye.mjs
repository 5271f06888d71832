// End to end in a real browser: a fence is drawn by mouse, tried on what was recorded, and refused where it crosses itself; somebody walks
// up to the sampling head and comes over the page without a reload; a reviewer listens, judges by a key, lifts the doubt and sees the
// station's curve change; the pack of evidence is looked at by the program without its server.
import { execFile } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { api, binary, clean, field, is, person, play, reason, step, still as shot, test, until } from './lib.mjs'

/** The demonstration's visitor comes every three minutes. */
const VISITOR = 240_000
const BASE = '/api/v1/sense/eye'
const STATION = 'ms16'
const run = promisify(execFile)

/** Clicks corners on the drawing board, and closes the polygon. */
async function draw(page, kind, corners) {
  const board = await page.locator('svg.drawing').last().boundingBox()
  await page.click(test(`eye-draw-${kind}`))
  for (const [x, y] of corners) await page.mouse.click(board.x + x * board.width, board.y + y * board.height)
  await page.keyboard.press('Enter')
}

async function story(browser, { http }) {
  let reviewer
  let camera
  let event
  await step('the wall shows what the camera sees now', async () => {
    reviewer = await person(browser, http, 'shenyi', { answers: [503] })
    await reviewer.goto(`${http}/eye`)
    await until(reviewer, 'a picture on the wall', () => reviewer.evaluate(() => [...document.querySelectorAll('.picture img')].some((i) => i.naturalWidth > 0)), 60_000)
    camera = (await api(reviewer, `${BASE}/cameras`)).items.find((c) => c.station === STATION)
    is(await reviewer.locator(test('eye-tile')).count(), (await api(reviewer, `${BASE}/cameras`)).items.length, 'tiles')
  })
  await step('whoever walks up comes over the page without a reload', async () => {
    await reviewer.evaluate(() => (window.stayed = true))
    // somebody who is there already does not walk up
    await reviewer.locator(`${test('eye-tile')}[data-state="guarded"]`).waitFor({ timeout: 90_000 })
    await reviewer.locator(`${test('eye-tile')}[data-state="intrusion"]`).waitFor({ timeout: VISITOR })
    await reviewer.locator(test('eye-said')).getByText('有人闯入').waitFor()
    await shot(reviewer, 'eye-wall')
    is(await reviewer.evaluate(() => window.stayed), true, 'the page was not loaded anew')
    event = (await api(reviewer, `${BASE}/events?limit=1`)).items[0]
    await until(reviewer, 'the desk spoke', () => reviewer.locator(test('desk-voice')).getAttribute('data-spoken').then((n) => Number(n) > 0))
  })
  await step('a fence is drawn by mouse, refused where it crosses itself, tried, and kept', async () => {
    await reviewer.goto(`${http}/eye/cameras/${camera.id}/fence`)
    await reviewer.waitForSelector(test('eye-draw-water_bank'))
    await until(reviewer, 'the picture to draw on', () => reviewer.evaluate(() => [...document.querySelectorAll('.picture img')].some((i) => i.naturalWidth > 0)))
    await draw(reviewer, 'water_bank', [[0.1, 0.3], [0.25, 0.5], [0.25, 0.3], [0.1, 0.5]])
    await reviewer.waitForSelector(test('eye-fault'))
    const tried = await reviewer.evaluate(async ([to, plan]) => {
      const answer = await fetch(to, { method: 'PUT', headers: { 'content-type': 'application/json', 'x-shanshui': '1' }, body: JSON.stringify({ base_version: 1, plan, note: 'x' }) })
      return { status: answer.status, problem: await answer.json() }
    }, [`${BASE}/cameras/${camera.id}/fences`, { fences: [{ id: 'x', name: '', kind: 'water_bank', polygon: [[0.1, 0.3], [0.25, 0.5], [0.25, 0.3], [0.1, 0.5]] }], thresholds: { day: {}, night: {} } }])
    is(`${tried.status} ${tried.problem.code} ${tried.problem.title.zh}`, '422 eye.fence 围栏 x 的第 1 条边与第 3 条边相交', 'the refusal of the server')
    await reviewer.click(test('eye-fence-save'))
    await reviewer.locator(test('eye-fence-note')).locator('textarea, input').first().fill('画错的')
    await reviewer.locator(test('eye-fence-note')).locator(test('form-save')).click()
    await reviewer.locator(test('eye-fault')).getByText('相交').waitFor()
    await reviewer.click(test('eye-undo'))
    await draw(reviewer, 'water_bank', [[0.1, 0.3], [0.25, 0.3], [0.25, 0.5], [0.1, 0.5]])
    await reviewer.waitForSelector(test('eye-fence-name'))
    await reviewer.click(test('eye-replay-run'))
    await reviewer.waitForSelector(test('eye-replay-sum'), { timeout: 90_000 })
    await shot(reviewer, 'eye-fence')
    await reviewer.click(test('eye-fence-save'))
    await reason(reviewer, 'eye-fence-note', '加上水岸')
    const kept = await until(reviewer, 'the second version', async () => {
      const fences = await api(reviewer, `${BASE}/cameras/${camera.id}/fences`)
      return fences.version === 2 && fences
    })
    is(kept.plan.fences.map((f) => f.kind).join(' '), 'sampling_head water_bank', 'the fences that are kept')
  })
  await step('a reviewer sees the clip and the curve, hears the sentence and judges by a key', async () => {
    await until(reviewer, 'the clip is filed', async () => (await api(reviewer, `${BASE}/events/${event.id}`)).files.some((f) => f.kind === 'clip'), 90_000)
    await reviewer.goto(`${http}/eye/events/${event.id}`)
    await reviewer.waitForSelector(`${test('eye-curve')} canvas`)
    await until(reviewer, 'the clip plays', () => reviewer.evaluate(() => document.querySelector('video')?.readyState >= 2))
    const heard = await reviewer.evaluate(async (to) => {
      const sound = await fetch(to)
      const decoded = await new AudioContext().decodeAudioData(await sound.arrayBuffer())
      return { seconds: decoded.duration, loud: decoded.getChannelData(0).reduce((most, s) => Math.max(most, Math.abs(s)), 0) }
    }, `${BASE}/voice/${STATION}/sound`)
    if (!(heard.seconds > 1 && heard.loud > 0.05)) throw new Error(`the sentence: ${JSON.stringify(heard)}`)
    console.log(`     the sentence lasts ${heard.seconds.toFixed(1)} s`)
    await shot(reviewer, 'eye-event')
    await reviewer.locator('h1').click()
    await reviewer.keyboard.press('1')
    await reviewer.waitForSelector(test('eye-verdict-reason'))
    await reviewer.keyboard.type('录像中有人弯腰靠近采样口')
    await reviewer.keyboard.press('Enter')
    await until(reviewer, 'the verdict', async () => (await api(reviewer, `${BASE}/events/${event.id}`)).verdict === 'person')
  })
  await step('the doubt is lifted, and the band on the station’s curve is another', async () => {
    const day = `from=${new Date(Date.now() - 3_600_000).toISOString()}&to=${new Date(Date.now() + 60_000).toISOString()}`
    const state = async () => (await api(reviewer, `${BASE}/suspicions?station=${STATION}&${day}`)).items.find((s) => s.event === event.id)?.state
    is(await state(), 'standing', 'the doubt before')
    const curve = await reviewer.context().newPage()
    await curve.goto(`${http}/stations/${STATION}`)
    await curve.locator(test('suspicion')).filter({ hasText: '围栏存疑' }).first().waitFor()
    await shot(curve, 'eye-curve')
    await reviewer.click(test('eye-lift'))
    await reason(reviewer, 'eye-act', '现场核实未触碰采样头')
    await until(reviewer, 'the doubt is lifted', async () => (await state()) === 'lifted')
    await curve.locator(test('suspicion')).filter({ hasText: '已解除' }).first().waitFor()
    await curve.close()
  })
  await step('the original is seen with a reason, which is noted', async () => {
    await reviewer.click(test('eye-plain-entry'))
    await reason(reviewer, 'eye-act', '辨认来人')
    await until(reviewer, 'it is noted', async () => (await api(reviewer, `${BASE}/events/${event.id}`)).steps.some((s) => s.what === 'seen' || s.what === 'plain' || s.words.zh.includes('原始')))
  })
  await step('the pack of evidence is verified without the server', async () => {
    await reviewer.click(test('eye-pack'))
    const [download] = await Promise.all([reviewer.waitForEvent('download'), reason(reviewer, 'eye-act', '移交执法')])
    const file = path.join(os.tmpdir(), `shanshui-e2e-${process.pid}.zip`)
    await download.saveAs(file)
    const { stdout } = await run(binary, ['eye', 'verify', file])
    console.log(`     ${stdout.trim().split('\n').slice(-2).join(' · ')}`)
    fs.rmSync(file)
  })
  await step('a visit is asked for by one and approved by another', async () => {
    await reviewer.goto(`${http}/eye/visits`)
    await reviewer.click(test('visit-new'))
    await reviewer.waitForSelector(test('visit-form'))
    await reviewer.locator(`${test('visit-form')} .el-select`).first().click()
    await reviewer.locator('.el-select-dropdown__item:visible').first().click()
    for (const [name, text] of [['who', '王工'], ['unit', '运维公司'], ['purpose', '更换试剂']]) await reviewer.fill(field(`visit-${name}`), text)
    await reviewer.click(`${test('visit-form')} ${test('form-save')}`)
    await reviewer.locator(`${test('visit-row')}[data-state="asked"]`).waitFor()
    const duty = await person(browser, http, 'zhoumin', { answers: [503] })
    await duty.goto(`${http}/eye/visits`)
    await duty.click(test('visit-approve'))
    await reason(duty, 'visit-act', '同意')
    await duty.locator(`${test('visit-row')}[data-state="approved"]`).waitFor()
    await shot(duty, 'eye-visits')
    await duty.goto(`${http}/eye/events/${event.id}`)
    await duty.click(test('eye-case'))
    await reason(duty, 'eye-act', '请执法人员到场')
    await duty.waitForURL(/\/cases\/[0-9a-f-]{36}$/)
    await duty.context().close()
  })
  await step('the loudspeaker’s page and the month’s table', async () => {
    await reviewer.goto(`${http}/eye/voice/${STATION}`)
    await reviewer.click(test('voice-play'))
    await reviewer.waitForSelector(test('voice-played'))
    await shot(reviewer, 'eye-voice')
    await reviewer.goto(`${http}/eye/report`)
    await reviewer.waitForSelector(test('eye-report-row'))
    await shot(reviewer, 'eye-report')
    const table = await reviewer.evaluate(async (to) => (await fetch(to)).text(), await reviewer.locator(test('eye-report-csv')).getAttribute('href'))
    is(table.includes('莲花站房'), true, 'the station in the table')
  })
  await clean()
}

await play(story, ['--calm', '--history', '1'])
