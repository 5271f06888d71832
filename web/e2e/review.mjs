// End to end in a real browser: stations send hours with faults put into them, the checks find them, and a reviewer clears fifty
// findings by keyboard alone. What the API counts afterwards decides, not what the page shows.
import { Device } from './device.mjs'
import { api, clean, is, person, play, shot, step, table, test } from './lib.mjs'

const HOUR = 3_600_000
const CLEARED = 50
/** Played by hand, with faults in what they send. */
const STATIONS = Array.from({ length: 12 }, (_, i) => `ms${String(i + 4).padStart(2, '0')}`)

/** Numbers that look measured and are the same each time. */
function dice(seed) {
  let state = seed
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31
    return state / 2 ** 31
  }
}

/** Two days of hours of one section, with faults: a jump, a stuck stretch, what cannot be, what contradicts, what is marked. */
function hours(station, begin) {
  const roll = dice(1_000 + Number(station.slice(2)))
  const around = (mean, spread, decimals) => (mean + (roll() - 0.5) * spread).toFixed(decimals)
  const rows = []
  for (let i = 0; i < 44; i++) {
    const row = { w01001: around(7.9, 0.12, 2), w01009: around(8.2, 0.6, 2), w01019: around(1.9, 0.3, 2), w21003: around(0.12, 0.04, 3), w21011: around(0.04, 0.01, 3) }
    if (i === 12) row.w01001 = '10.21'
    if (i >= 16 && i < 24) row.w01009 = '8.20'
    if (i === 27) row.w01001 = '15.30'
    if (i === 30) row.w21003 = '-0.600'
    if (i === 33) row.w01019 = '2.10/D'
    if (i === 36) row.w21011 = '0.900'
    if (i === 39) row.w01019 = '99.00'
    rows.push([begin + i * HOUR, row])
  }
  return rows
}

async function story(browser, { http, hj212 }) {
  let reviewer
  let waiting
  await step('stations send hours with faults in them', async () => {
    const begin = Math.floor(Date.now() / HOUR) * HOUR - 48 * HOUR
    const play = async (station) => {
      const { mn, password, st } = table('devices.csv').find((d) => d.station === station)
      const device = new Device(hj212, { mn, password, st })
      for (const [at, row] of hours(station, begin)) await device.hour(at, row)
      device.end()
    }
    await Promise.all(STATIONS.map(play))
  })
  await step('a reviewer has what came looked at, and the checks find the faults', async () => {
    reviewer = await person(browser, http, 'sunyu')
    await reviewer.goto(`${http}/review`)
    await reviewer.click(test('review-round'))
    for (let tries = 0; ; tries++) {
      const before = waiting
      waiting = (await api(reviewer, '/api/v1/analyse/review/findings?limit=1')).waiting
      // the round is over when nothing more comes
      if (waiting[0] > CLEARED && before && before[0] === waiting[0] && tries > 4) break
      if (tries > 120) throw new Error(`only ${waiting[0]} findings`)
      await reviewer.waitForTimeout(2_000)
    }
    console.log(`     ${waiting[0]} findings wait`)
    is(waiting[1] + waiting[2], 0, 'nothing was decided yet')
  })
  await step(`${CLEARED} findings are cleared by keyboard alone`, async () => {
    // one station's faults for the picture, then the whole queue
    await reviewer.goto(`${http}/review?station=${STATIONS[3]}&family=check`)
    await reviewer.waitForSelector(test('review-row'))
    await reviewer.locator(test('review-row')).filter({ hasText: '突变' }).first().click()
    await reviewer.waitForSelector(`${test('review-curve')} canvas`)
    await shot(reviewer, 'review')
    await reviewer.goto(`${http}/review`)
    await reviewer.waitForSelector(test('review-row'))
    await reviewer.waitForSelector(`${test('review-curve')} canvas, .curves > p`)
    await reviewer.keyboard.press('?')
    await reviewer.waitForSelector(test('review-help'))
    await shot(reviewer, 'review-keys')
    await reviewer.keyboard.press('Escape')
    await reviewer.waitForSelector(test('review-help'), { state: 'hidden' })
    const took = []
    for (let n = 0; n < CLEARED; n++) {
      const begun = Date.now()
      // the reviewer sees what is decided on: this finding's own details and curve
      const id = await reviewer.locator('[data-current="true"]').getAttribute('data-id')
      await reviewer.waitForSelector(`.right ${test('review-values')}, .right .decisions`, { state: 'attached' })
      const point = (await reviewer.locator(`${test('review-detail')} .keys button:nth-child(2)[disabled]`).count()) === 0
      if (n % 5 === 1) {
        await reviewer.keyboard.press('j')
        await reviewer.keyboard.press('ArrowUp')
      }
      if (n % 4 === 2 && point) {
        await reviewer.keyboard.press('x')
        await reviewer.waitForSelector(test('review-grounds'))
        await reviewer.keyboard.press('1')
      } else if (n % 10 === 7 && point) {
        await reviewer.keyboard.press('m')
        await reviewer.waitForSelector(test('review-manual'))
        await reviewer.keyboard.type('7.92')
        await reviewer.keyboard.press('Tab')
        await reviewer.keyboard.type('复测记录 2026-01')
        await reviewer.keyboard.press('Enter')
      } else {
        await reviewer.keyboard.press('a')
      }
      await reviewer.waitForFunction((before) => document.querySelector('[data-current="true"]')?.getAttribute('data-id') !== before, id)
      took.push(Date.now() - begun)
    }
    took.sort((a, b) => a - b)
    const sum = took.reduce((a, b) => a + b, 0)
    console.log(`     ${CLEARED} findings in ${(sum / 1000).toFixed(1)} s: mean ${Math.round(sum / CLEARED)} ms, median ${took[CLEARED / 2]} ms, slowest ${took[CLEARED - 1]} ms each`)
  })
  await step('the API counts as many decisions', async () => {
    let now
    for (let tries = 0; tries < 30; tries++) {
      now = (await api(reviewer, '/api/v1/analyse/review/findings?limit=1')).waiting
      if (now[1] === CLEARED) break
      await reviewer.waitForTimeout(500)
    }
    is(now[1], CLEARED, 'findings that wait for the second level')
    is(await reviewer.locator(test('review-said')).count(), 0, 'refusals')
    const second = await api(reviewer, '/api/v1/analyse/review/findings?level=2&limit=200')
    const verdicts = {}
    for (const f of second.items) verdicts[f.verdict] = (verdicts[f.verdict] ?? 0) + 1
    console.log(`     ${JSON.stringify(verdicts)}`)
    if (!(verdicts.accept > 0 && verdicts.invalidate > 0 && verdicts.manual > 0)) throw new Error('three kinds of decisions')
    const invalid = second.items.find((f) => f.verdict === 'invalidate')
    const detail = await api(reviewer, `/api/v1/analyse/review/findings/${invalid.id}`)
    const counts = detail.values.filter((v) => v.counts)
    is(counts.every((v) => v.mark === 'X' && v.decision.by.login === 'sunyu'), true, 'values of what was declared invalid')
    is(detail.values.some((v) => v.version === 1 && v.telegram !== null), true, 'what the device sent is still there')
  })
  await step('the second level returns one with a reason, by keyboard', async () => {
    const second = await person(browser, http, 'tangke')
    await second.goto(`${http}/review`)
    await second.waitForSelector(test('review-row'))
    const id = await second.locator('[data-current="true"]').getAttribute('data-id')
    await second.keyboard.press('r')
    await second.waitForSelector(test('review-words'))
    await second.keyboard.type('请补充现场照片')
    await second.keyboard.press('Enter')
    await second.waitForFunction((before) => document.querySelector('[data-current="true"]')?.getAttribute('data-id') !== before, id)
    let finding
    for (let tries = 0; tries < 20; tries++) {
      finding = (await api(second, `/api/v1/analyse/review/findings/${id}`)).finding
      if (finding.verdict === 'return') break
      await second.waitForTimeout(250)
    }
    is(`${finding.verdict} ${finding.waits}`, 'return 1', 'the finding waits for the first level again')
    await second.context().close()
  })
  await step('clues are listed with what was measured of their detectors, and one becomes a case', async () => {
    const duty = await person(browser, http, 'zhoumin')
    await duty.goto(`${http}/review/clues`)
    await duty.waitForSelector(test('clue-row'))
    await duty.locator(test('clue-open')).first().click()
    await duty.waitForSelector(test('clue-entry'))
    // a link under the mouse is paler
    await duty.mouse.move(2, 2)
    await shot(duty, 'clues')
    await duty.locator(test('clue-case')).first().click()
    await duty.waitForSelector(test('clue-case-form'))
    await duty.click(`${test('clue-case-form')} ${test('form-save')}`)
    await duty.waitForURL(/\/cases\/[0-9a-f-]{36}$/)
    const clues = await api(duty, '/api/v1/analyse/review/findings?family=clue&limit=200')
    is(clues.items.filter((f) => f.case).length, 1, 'clues with a case')
    await duty.context().close()
  })
  await clean()
}

await play(story, ['--calm', ...STATIONS.flatMap((s) => ['--without', s]), '--history', '40'])
