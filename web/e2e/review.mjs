// End to end in a real browser: stations send hours with faults put into them, the checks find them, and a reviewer clears fifty
// findings by keyboard alone. What the API counts afterwards decides, not what the page shows. With `--pictures` the screenshots go to
// docs/pictures, else beside this file.
import { spawn } from 'node:child_process'
import fs from 'node:fs'
import { createRequire } from 'node:module'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'
import { Device } from './device.mjs'

const axeSource = fs.readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const here = path.dirname(fileURLToPath(import.meta.url))
const root = path.resolve(here, '../..')
const binary = process.env.SHANSHUI_BIN ?? path.join(root, 'target/debug/shanshui')
const pictures = process.argv.includes('--pictures') ? path.join(root, 'docs/pictures') : path.join(here, 'out')
const WAIT = 30_000
const HOUR = 3_600_000
const CLEARED = 50
/** Played by hand, with faults in what they send. */
const STATIONS = Array.from({ length: 12 }, (_, i) => `ms${String(i + 4).padStart(2, '0')}`)

let passed = 0
let failed = 0
const faults = []
const test = (name) => `[data-test="${name}"]`

async function step(name, work) {
  try {
    await work()
    passed += 1
    console.log(`ok   ${name}`)
  } catch (error) {
    failed += 1
    console.log(`FAIL ${name}\n     ${String(error.stack ?? error).split('\n').slice(0, 6).join('\n     ')}`)
    throw error
  }
}

function is(seen, expected, what) {
  if (seen !== expected) throw new Error(`${what}: ${JSON.stringify(seen)} instead of ${JSON.stringify(expected)}`)
}

function table(file) {
  const [head, ...rows] = fs.readFileSync(path.join(root, 'cities/quzhou', file), 'utf8').trim().split('\n').map((l) => l.split(','))
  return rows.map((row) => Object.fromEntries(head.map((name, i) => [name, row[i]])))
}

function demo() {
  const data = fs.mkdtempSync(path.join(os.tmpdir(), 'shanshui-e2e-'))
  const without = STATIONS.flatMap((s) => ['--without', s])
  const args = ['demo', '--calm', '--http', '127.0.0.1:0', '--hj212', '127.0.0.1:0', ...without, '--history', '40', '--data', data]
  const child = spawn(binary, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  return new Promise((done, fail) => {
    let said = ''
    child.stdout.on('data', (text) => {
      said += text
      const http = /http:\/\/(\S+)/.exec(said)
      const hj212 = /stations\s+(\S+)/.exec(said)
      if (http && hj212 && said.includes('Ctrl-C')) done({ child, data, http: `http://${http[1]}`, hj212: hj212[1] })
    })
    child.on('exit', (code) => fail(new Error(`the demonstration ended with ${code}`)))
    setTimeout(() => fail(new Error('the demonstration did not start within four minutes')), 240_000).unref()
  })
}

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

async function person(browser, base, login) {
  const context = await browser.newContext({ locale: 'zh-CN', timezoneId: 'Asia/Shanghai', viewport: { width: 1440, height: 900 } })
  const page = await context.newPage()
  page.setDefaultTimeout(WAIT)
  page.on('console', (message) => {
    const refused = message.text().startsWith('Failed to load resource')
    if (['error', 'warning'].includes(message.type()) && !refused) faults.push(`${login}: ${message.text()}`)
  })
  page.on('pageerror', (error) => faults.push(`${login}: ${error}`))
  page.on('request', (request) => {
    const url = new URL(request.url())
    if (url.protocol.startsWith('http') && url.host !== new URL(base).host) faults.push(`${login}: a request leaves the machine: ${url.host}`)
  })
  await page.goto(`${base}/login`)
  await page.fill(`input${test('login-name')}, ${test('login-name')} input`, login)
  await page.fill(`input${test('login-password')}, ${test('login-password')} input`, table('people.csv').find((p) => p.login === login).password)
  await page.click(test('login-submit'))
  await page.waitForSelector(test('user'))
  return page
}

async function shot(page, name) {
  await page.waitForTimeout(900)
  await page.screenshot({ path: path.join(pictures, `${name}.png`) })
  await page.evaluate(axeSource)
  const found = await page.evaluate(() => window.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa'] }))
  for (const rule of found.violations) faults.push(`${name}: ${rule.id}: ${rule.nodes.map((n) => n.target.join(' ')).slice(0, 3).join('; ')}`)
}

/** What the API says, asked in the name of whoever is logged in. */
function api(page, address) {
  return page.evaluate((to) => fetch(to).then((answer) => answer.json()), address)
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
  await step('nothing was refused by the page policy, nothing failed, nothing left the machine, everybody can read it (WCAG 2 AA)', async () => {
    if (faults.length > 0) throw new Error(faults.slice(0, 10).join('\n     '))
  })
}

async function main() {
  fs.mkdirSync(pictures, { recursive: true })
  const running = await demo()
  const names = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
  const executablePath = names.find((name) => name && fs.existsSync(name))
  if (!executablePath) throw new Error('no Chromium: run scripts/setup, or set CHROMIUM to its path')
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'] })
  try {
    await story(browser, running)
  } finally {
    await browser.close()
    running.child.removeAllListeners('exit')
    running.child.kill('SIGTERM')
    await new Promise((done) => running.child.once('exit', done))
    fs.rmSync(running.data, { recursive: true, force: true })
  }
}

try {
  await main()
} catch (error) {
  if (failed === 0) {
    failed += 1
    console.log(String(error.stack ?? error))
  }
}
console.log(`${passed} passed, ${failed} failed`)
process.exit(failed === 0 ? 0 : 1)
