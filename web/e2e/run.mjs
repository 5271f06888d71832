// End to end in a real browser: a spike arrives over TCP, sounds in the list, becomes a case and is closed with two photos by two
// persons. With `--pictures` the screenshots go to docs/pictures, else beside this file.
import { execFileSync, spawn } from 'node:child_process'
import { createHmac } from 'node:crypto'
import fs from 'node:fs'
import { createRequire } from 'node:module'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'
import { Device } from './device.mjs'
import { photo } from './photo.mjs'

const axeSource = fs.readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const here = path.dirname(fileURLToPath(import.meta.url))
const root = path.resolve(here, '../..')
const binary = process.env.SHANSHUI_BIN ?? path.join(root, 'target/debug/shanshui')
const pictures = process.argv.includes('--pictures') ? path.join(root, 'docs/pictures') : path.join(here, 'out')
const WAIT = 30_000
const SPIKE = ['7.91', '9.34', '10.21', '8.47']

let passed = 0
let failed = 0
const faults = []

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

function browserPath() {
  const names = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
  const found = names.find((name) => name && fs.existsSync(name))
  if (!found) throw new Error('no Chromium: run scripts/setup, or set CHROMIUM to its path')
  return found
}

/** Starts the demonstration and gives its addresses. */
function demo() {
  const data = fs.mkdtempSync(path.join(os.tmpdir(), 'shanshui-e2e-'))
  const args = ['demo', '--http', '127.0.0.1:0', '--hj212', '127.0.0.1:0', '--without', 'ms16', '--history', '320', '--data', data]
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
    setTimeout(() => fail(new Error('the demonstration did not start within two minutes')), 120_000).unref()
  })
}

/** Changes what lies in the database behind the program's back. */
function damage(data, sql) {
  const script = 'import sqlite3,sys; db=sqlite3.connect(sys.argv[1],timeout=30); n=db.execute(sys.argv[2]).rowcount; db.commit(); sys.exit(n!=1)'
  execFileSync('python3', ['-c', script, path.join(data, 'shanshui.db'), sql])
}

function registered(station) {
  const [head, ...rows] = fs.readFileSync(path.join(root, 'cities/quzhou/devices.csv'), 'utf8').trim().split('\n').map((l) => l.split(','))
  const row = rows.find((r) => r[head.indexOf('station')] === station)
  return { mn: row[head.indexOf('mn')], password: row[head.indexOf('password')], st: row[head.indexOf('st')] }
}

/** Sections and sources of the demonstration that send: all but the one that is played by hand, which is judged at the full hour. */
const SECTIONS = 30

const test = (name) => `[data-test="${name}"]`

async function person(browser, base, login, options = {}, { password = undefined, until = test('user') } = {}) {
  const context = await browser.newContext({ locale: 'zh-CN', timezoneId: 'Asia/Shanghai', viewport: { width: 1440, height: 900 }, ...options })
  const page = await context.newPage()
  page.setDefaultTimeout(WAIT)
  page.on('console', (message) => {
    // the browser reports answers such as "not logged in yet" as errors; the program's own words are what counts
    const refused = message.text().startsWith('Failed to load resource')
    if (['error', 'warning'].includes(message.type()) && !refused) faults.push(`${login}: ${message.text()}`)
  })
  page.on('pageerror', (error) => faults.push(`${login}: ${error}`))
  page.on('request', (request) => {
    const url = new URL(request.url())
    if (url.protocol.startsWith('http') && url.host !== new URL(base).host) faults.push(`${login}: a request leaves the machine: ${url.host}`)
  })
  await page.goto(`${base}/login`)
  if (login === 'zhoumin') await shot(page, 'login')
  await page.fill(`input${test('login-name')}, ${test('login-name')} input`, login)
  await page.fill(`input${test('login-password')}, ${test('login-password')} input`, password ?? passwordOf(login))
  await page.click(test('login-submit'))
  await page.waitForSelector(until)
  return page
}

function passwordOf(login) {
  const [head, ...rows] = fs.readFileSync(path.join(root, 'cities/quzhou/people.csv'), 'utf8').trim().split('\n').map((l) => l.split(','))
  return rows.find((r) => r[head.indexOf('login')] === login)[head.indexOf('password')]
}

async function shot(page, name) {
  // charts and maps draw after their data has come, and messages go by themselves
  await page.waitForTimeout(900)
  await page.screenshot({ path: path.join(pictures, `${name}.png`) })
  await page.evaluate(axeSource)
  const found = await page.evaluate(() => window.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa'] }))
  for (const rule of found.violations) {
    faults.push(`${name}: ${rule.id}: ${rule.nodes.map((n) => n.target.join(' ')).slice(0, 3).join('; ')}`)
  }
}

/** The code of an authenticator with this secret, `steps` half minutes from now (RFC 6238). */
function code(secret, steps) {
  const bits = [...secret].map((c) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0')).join('')
  const key = Buffer.from(bits.match(/.{8}/g).map((b) => parseInt(b, 2)))
  const moment = Buffer.alloc(8)
  moment.writeBigInt64BE(BigInt(Math.floor(Date.now() / 30_000) + steps))
  const digest = createHmac('sha1', key).update(moment).digest()
  const number = digest.readUInt32BE(digest[19] & 15) & 0x7fffffff
  return String(number % 1_000_000).padStart(6, '0')
}

async function choose(page, name, text) {
  await page.click(test(name))
  // a list that is still opening moves away from under a click
  const list = page.locator('.el-select-dropdown:visible')
  for (let tries = 0; tries < 5; tries++) {
    await list.locator('.el-select-dropdown__item').filter({ hasText: text }).first().click()
    const closed = await list.waitFor({ state: 'hidden', timeout: 3_000 }).then(() => true, () => false)
    if (closed) return
  }
  throw new Error(`${name} stays open`)
}

async function upload(page, name, seed) {
  const file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'shanshui-')), name)
  fs.writeFileSync(file, photo(seed))
  await page.setInputFiles(`input${test('evidence-input')}, ${test('evidence-input')} input[type=file]`, file)
  await page.waitForSelector(`${test('case-form')} ${test('evidence')}`)
}

async function act(page, action, after) {
  await page.click(test(`action-${action}`))
  await page.waitForSelector(`${test('case-form')}[data-action="${action}"]`)
  await after()
  const events = await page.locator(test('case-event')).count()
  await page.click(test('case-submit'))
  await page.waitForFunction(([selector, n]) => document.querySelectorAll(selector).length > n, [test('case-event'), events])
}

async function main() {
  fs.mkdirSync(pictures, { recursive: true })
  const running = await demo()
  const browser = await chromium.launch({
    executablePath: browserPath(),
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--autoplay-policy=no-user-gesture-required'],
  })
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

async function story(browser, { http, hj212, data }) {
  const device = new Device(hj212, registered('ms16'))
  const calm = { w01001: '7.90', w01009: '8.21', w01019: '1.8', w21003: '0.09', w21011: '0.03' }
  const now = Date.now()
  for (let i = 20; i > 4; i--) await device.upload(now - i * 30_000, calm)

  let duty
  await step('the duty officer logs in and sees the map', async () => {
    duty = await person(browser, http, 'zhoumin')
    await duty.waitForSelector(test('map'))
    await duty.waitForSelector(test('summary'))
    await duty.waitForSelector(test('live-state'))
    const total = await duty.locator(test('summary-municipal')).innerText()
    if (!total.includes('19')) throw new Error(`nineteen municipal sections are counted: ${total}`)
  })
  await step('the spike arrives over TCP and sounds in the list', async () => {
    await duty.click(test('nav-alarms'))
    await duty.click(test('alarm-filter-all'))
    const bell = duty.locator(test('bell'))
    if ((await bell.getAttribute('data-sound')) === 'off') await bell.click()
    const before = Number(await bell.getAttribute('data-sounded'))
    const start = Date.now() - 100_000
    for (const [i, ph] of SPIKE.entries()) await device.upload(start + i * 30_000, { ...calm, w01001: ph })
    const row = duty.locator(`${test('alarm-row')}[data-kind="spike"][data-state="open"]`)
    await row.waitFor()
    const message = await row.innerText()
    if (!message.includes('7.91 → 9.34 → 10.21 → 8.47')) throw new Error(`the row tells the path: ${message}`)
    await duty.waitForFunction((n) => Number(document.querySelector('[data-sounded]').dataset.sounded) > n, before)
  })
  await step('it is acknowledged and becomes a case', async () => {
    const row = duty.locator(`${test('alarm-row')}[data-kind="spike"]`)
    await row.locator(test('acknowledge')).click()
    await duty.waitForSelector(`${test('alarm-row')}[data-kind="spike"][data-state="acknowledged"]`)
    await shot(duty, 'alarms')
    await row.locator(test('open-case')).click()
    await duty.waitForSelector(test('open-case-form'))
    await duty.click(test('case-open-submit'))
    await duty.waitForURL(/\/cases\/[0-9a-f-]{36}/)
    await duty.waitForSelector(test('case-number'))
  })
  const caseUrl = duty.url()
  await step('it is assigned to the county', async () => {
    await act(duty, 'assign', async () => {
      await duty.click(test('case-to'))
      await duty.locator('.el-select-dropdown__item:visible').filter({ hasText: '叶军' }).click()
      await duty.fill(`textarea${test('case-action-note')}, ${test('case-action-note')} textarea`, '请到站房现场核查采样管路，并上传照片。')
    })
    await duty.waitForSelector(`${test('case-steps')}[data-state="assigned"]`)
  })
  let officer
  await step('the county officer reports with a photo, and may not verify', async () => {
    officer = await person(browser, http, 'yejun')
    await officer.goto(caseUrl)
    await act(officer, 'report', async () => {
      await upload(officer, '现场采样口.png', 1)
      await officer.fill(`textarea${test('case-action-note')}, ${test('case-action-note')} textarea`, '采样头被游客挪动，已复位，比对正常。')
    })
    await officer.waitForSelector(test('case-no-actions'))
  })
  let second
  await step('another person verifies with a photo and closes it', async () => {
    second = await person(browser, http, 'chenlu')
    await second.goto(caseUrl)
    await act(second, 'verify', async () => {
      await upload(second, '复核照片.png', 4)
      await second.fill(`textarea${test('case-action-note')}, ${test('case-action-note')} textarea`, '现场复核，采样口完好，数据恢复平稳。')
    })
    await act(second, 'close', async () => {})
    is(await second.locator(test('case-event')).count(), 5, 'events')
    is(await second.locator(`${test('case-evidence')} ${test('evidence')}`).count(), 2, 'photos')
    await shot(second, 'case')
  })
  await step('whose case it is not gets no answer', async () => {
    const stranger = await person(browser, http, 'fangjie')
    await stranger.goto(caseUrl)
    await stranger.waitForSelector(`${test('page-notFound')}, ${test('state-error')}`)
    await stranger.context().close()
  })
  await step('the station shows its curve, why it is judged so, and the raw telegram', async () => {
    await duty.goto(`${http}/stations/ms16`)
    await duty.waitForSelector(`${test('curve')} canvas`)
    await duty.waitForSelector(test('explanation-edition'))
    await duty.click(`${test('point-card')}[data-factor="w01001"]`)
    await duty.click(test('span-h1'))
    await duty.waitForFunction(() => Number(document.querySelector('[data-test=curve]')?.dataset.rows) >= 20)
    await duty.setViewportSize({ width: 1440, height: 1240 })
    await duty.mouse.move(1100, 500)
    await shot(duty, 'station')
    await duty.click(test('tab-values'))
    await duty.locator(test('open-telegram')).first().click()
    const raw = await duty.locator(test('telegram-raw')).innerText()
    if (!raw.startsWith('##') || !raw.includes('PW=******')) throw new Error(`the raw telegram without its password: ${raw.slice(0, 80)}`)
    await duty.keyboard.press('Escape')
  })
  await step('an alarm of a boundary section leads up the river to two outlets, and down to who is reached', async () => {
    await duty.goto(`${http}/alarms`)
    await duty.click(test('alarm-filter-all'))
    const row = duty.locator(`${test('alarm-row')}[data-kind="exceedance"]`).filter({ hasText: '盈川断面' })
    await row.locator(test('to-trace')).click()
    await duty.waitForSelector(test('trace-candidate'))
    const first = await duty.locator(test('trace-candidate')).evaluateAll((all) => all.slice(0, 2).map((c) => c.dataset.code).sort().join())
    is(first, 'ol01,ol02', 'the two outlets that did it come first')
    await duty.waitForFunction(() => Number(document.querySelector('[data-test=trace-map] [data-drawn], [data-drawn]')?.dataset.drawn) > 5)
    await duty.setViewportSize({ width: 1440, height: 1160 })
    await shot(duty, 'trace')
    await duty.click(`${test('trace-ruled-out')} summary`)
    const out = await duty.locator(`${test('trace-out')}[data-code="ol04"]`).innerText()
    if (!out.includes('没有看到升高')) throw new Error(`a section between rules the outlet of Kaihua out: ${out}`)
    await duty.click(`${test('trace-ruled-out')} summary`)
    await duty.locator(`${test('trace-candidate')}[data-code="ol01"] button`).click()
    await duty.waitForSelector(`${test('trace-candidate')}[data-code="ol01"].chosen`)
    const before = await duty.locator(test('trace-moment')).innerText()
    await duty.focus(test('trace-slider'))
    for (let i = 0; i < 24; i++) await duty.keyboard.press('ArrowRight')
    const after = await duty.locator(test('trace-moment')).innerText()
    is(Date.parse(`${after}Z`) - Date.parse(`${before}Z`), 24 * 600_000, 'the arrow moves the water by ten minutes')
    await shot(duty, 'trace-candidate')
    const reached = await duty.locator(test('trace-arrival')).evaluateAll((all) => all.map((a) => a.dataset.code).join())
    is(reached, 'in03,ms19,bs05', 'what is reached, in the order of the water')
    const [file] = await Promise.all([duty.waitForEvent('download'), duty.click(test('trace-export'))])
    const rows = fs.readFileSync(await file.path(), 'utf8')
    if (!rows.startsWith('\uFEFF') || !rows.includes('下童断面')) throw new Error(`the table is exported as shown: ${rows.slice(0, 120)}`)
    await duty.click(test('trace-play'))
    await duty.waitForFunction((text) => document.querySelector('[data-test=trace-moment]').textContent !== text, after)
    await duty.goto(`${http}/trace?kind=air&station=as01&factor=a34002&hours=6`)
    await duty.waitForSelector(test('trace-hour'))
    await shot(duty, 'trace-air')
    await duty.goto(`${http}/trace?kind=air&station=as08`)
    await duty.waitForSelector(test('state-error'))
  })
  await step('the devices page lists lines and quarantine', async () => {
    await duty.goto(`${http}/devices`)
    await duty.waitForSelector(test('device-row'))
    is(await duty.locator(test('device-row')).count(), 47, 'devices')
    await shot(duty, 'devices')
  })
  await step('the sections of the last weeks are judged, and say by what', async () => {
    await duty.click(test('nav-water'))
    await duty.waitForSelector(test('water-week'))
    // late data is judged a minute or two after it came: the week that was over before is there by then
    for (let tries = 0; ; tries += 1) {
      await duty.click(test('water-week'))
      await duty.waitForTimeout(1_000)
      const rows = await duty.locator(test('water-row')).count()
      const met = await duty.locator(`${test('water-row')}:has-text("达标")`).count()
      if (rows >= SECTIONS && met > SECTIONS / 2) break
      if (tries > 200) throw new Error(`of ${SECTIONS} sections ${rows} were judged, and ${met} keep their target`)
      await duty.reload()
      await duty.waitForSelector(test('water-week'))
    }
    await duty.waitForSelector(test('water-group'))
    await shot(duty, 'water')
    await duty.locator(`${test('water-row')}:has-text("达标")`).first().locator(test('water-why')).click()
    await duty.waitForSelector(test('evaluation-table'))
    is(await duty.locator(`${test('evaluation-table')} tbody tr`).count() >= 4, true, 'the four indicators that a class needs')
    await shot(duty, 'water-why')
  })
  await step('the report of the last week is made, looked at, published by its leader, and counties are ranked', async () => {
    const span = new URL(duty.url()).searchParams.get('span')
    await duty.goto(`${http}/reports`)
    await duty.waitForSelector(test('report-make-form'))
    await duty.fill(`input${test('report-period')}, ${test('report-period')} input`, span)
    await duty.keyboard.press('Enter')
    await duty.waitForSelector(test('report-paper'))
    const address = duty.url()
    is(await duty.locator(`${test('report-table-sections')} tbody tr`).count(), SECTIONS + 1, 'sections of the report')
    is(await duty.locator(test('report-publish')).count(), 0, 'publishing is not the duty officer’s')
    await shot(duty, 'report')
    const fetched = duty.waitForEvent('download')
    await duty.click(test('report-as-docx'))
    is((await fetched).suggestedFilename().endsWith('.docx'), true, 'a Word file')
    const chief = await person(browser, http, 'qiulei')
    await chief.goto(address)
    await chief.click(test('report-publish'))
    await chief.fill(`input${test('report-number')}, ${test('report-number')} input`, '衢环报〔2026〕1号')
    await chief.click(test('form-save'))
    await chief.waitForSelector(`${test('report-state')}:has-text("已发布")`)
    await chief.click(test('nav-reports'))
    await chief.waitForSelector(test('report-row'))
    await shot(chief, 'reports')
    await chief.click(test('nav-rankings'))
    await chief.waitForSelector(test('ranking-week'))
    await chief.click(test('ranking-week'))
    await chief.waitForSelector(`${test('report-table-counties')} tbody tr`)
    await shot(chief, 'rankings')
    await chief.context().close()
  })
  await step('the air of the last days is judged, for the city, its counties and its stations', async () => {
    await duty.goto(`${http}/air`)
    for (let tries = 0; ; tries += 1) {
      await duty.waitForTimeout(1_000)
      const judged = await duty.locator(`${test('air-row')}[data-code^="@"]`).count()
      if (judged >= 2) break
      if (tries > 200) throw new Error(`${judged} areas were judged`)
      await duty.reload()
    }
    await shot(duty, 'air')
    await duty.locator(`${test('air-row')}[data-code="@"]`).locator(test('air-why')).click()
    await duty.waitForSelector(test('air-evaluation'))
    await shot(duty, 'air-why')
    await duty.keyboard.press('Escape')
    await duty.click(test('nav-discharge'))
    await duty.waitForSelector(test('discharge-outlet'))
    await shot(duty, 'discharge')
  })
  await step('a table of samples is tried, its faults are named, and what can be read is kept', async () => {
    await duty.click(test('nav-imports'))
    const lines = ['断面名称,采样日期,pH值,溶解氧,高锰酸盐指数,氨氮,总磷', '霞山断面,2026-03-05,7.8,8.9,1.9,0.06,0.01L', '音坑断面,2026-03-05,7.6,9.1,x,0.05,0.02', '无此断面,2026-03-05,7.6,9.1,1.2,0.05,0.02']
    await duty.setInputFiles(test('import-file'), { name: '三月手工监测.csv', mimeType: 'text/csv', buffer: Buffer.from(`${lines.join('\n')}\n`) })
    await duty.waitForSelector(test('import-plan'))
    await duty.click(test('import-check'))
    await duty.waitForSelector(`${test('import-report')}:has-text("第 4 行")`)
    await shot(duty, 'import')
    await duty.click(test('import-begin'))
    await duty.waitForSelector(`${test('import-state')}:has-text("已入库")`)
    is(await duty.locator(`${test('import-report')}:has-text("新增 9")`).count(), 1, 'values that were kept')
  })
  await step('the security administrator gives a post, and its holder feels it', async () => {
    const security = await person(browser, http, 'linqiao')
    await security.waitForURL(`${http}/people`)
    await security.waitForSelector(test('post-row'))
    await security.click(test('post-new'))
    await choose(security, 'post-person', '方杰')
    await choose(security, 'post-role', '部门负责人')
    await choose(security, 'post-organisation', '柯城分局')
    await security.click(test('form-save'))
    await security.waitForFunction(() => document.querySelectorAll('[data-test=post-row][data-login=fangjie]').length === 2)
    await shot(security, 'people')
    await security.click(test('tab-organisations'))
    await security.waitForSelector(`${test('organisation-row')}[data-code="br-kc"]`)
    await security.context().close()
    const officer = await person(browser, http, 'fangjie')
    await officer.click(test('user'))
    await officer.waitForFunction(() => document.querySelectorAll('[data-test=my-posts] li').length === 2)
    await officer.context().close()
  })
  await step('a county officer sees the county, breaks the glass with a reason and mends it', async () => {
    const county = await person(browser, http, 'duanwei')
    await county.goto(`${http}/devices`)
    await county.waitForSelector(test('device-row'))
    const few = await county.locator(test('device-row')).count()
    if (few >= 47) throw new Error(`a county has fewer devices than the city: ${few}`)
    await county.goto(`${http}/me`)
    await county.fill(`input${test('glass-reason')}, ${test('glass-reason')} input`, '上游突发污染，需查看柯城断面')
    const security = await person(browser, http, 'linqiao')
    await security.waitForSelector(`${test('live-state')}[data-state="open"]`)
    await county.click(test('glass-break'))
    await county.waitForSelector(test('banner-glass'))
    await security.locator('.glass-toast').filter({ hasText: '段伟' }).waitFor()
    await security.context().close()
    await shot(county, 'me')
    await county.click(test('glass-mend'))
    await county.waitForSelector(test('banner-glass'), { state: 'detached' })
    await county.context().close()
  })
  await step('a session that ran out is renewed, and what was typed is sent', async () => {
    const late = await person(browser, http, 'chenlu')
    await late.goto(`${http}/cases`)
    await late.click(test('case-new'))
    await late.waitForSelector(test('open-case-form'))
    await late.fill(`input${test('case-title')}, ${test('case-title')} input`, '群众反映河面有油花')
    await late.context().clearCookies()
    await late.click(test('case-open-submit'))
    await late.waitForSelector(test('renew-form'))
    await shot(late, 'renew')
    await late.fill(`input${test('renew-password')}, ${test('renew-password')} input`, passwordOf('chenlu'))
    await late.click(test('renew-submit'))
    await late.waitForURL(/\/cases\/[0-9a-f-]{36}/)
    await late.waitForSelector(test('case-number'))
    await late.locator('main').filter({ hasText: '群众反映河面有油花' }).waitFor()
    await late.context().close()
  })
  await step('an account is opened, and its first password is changed before anything else', async () => {
    const system = await person(browser, http, 'xuning')
    await system.goto(`${http}/people`)
    await system.click(test('account-new'))
    for (const [field, text] of [['login', 'newcomer'], ['zh', '新人'], ['en', 'Newcomer'], ['password', 'blue kettles hum at noon']]) {
      await system.fill(`input${test(`account-${field}`)}, ${test(`account-${field}`)} input`, text)
    }
    await system.click(test('form-save'))
    await system.waitForSelector(`${test('account-row')}[data-login="newcomer"]`)
    await system.context().close()
    const fresh = await person(browser, http, 'newcomer', {}, { password: 'blue kettles hum at noon', until: test('password-forced') })
    await fresh.fill(`input${test('password-old')}, ${test('password-old')} input`, 'blue kettles hum at noon')
    for (const field of ['new', 'again']) await fresh.fill(`input${test(`password-${field}`)}, ${test(`password-${field}`)} input`, 'newcomer123456')
    await fresh.click(test('password-save'))
    await fresh.waitForSelector(test('password-error'))
    await shot(fresh, 'password')
    for (const field of ['new', 'again']) await fresh.fill(`input${test(`password-${field}`)}, ${test(`password-${field}`)} input`, 'nine herons cross the weir')
    await fresh.click(test('password-save'))
    await fresh.waitForURL(`${http}/me`)
    await fresh.waitForSelector(test('session-row'))
    await fresh.context().close()
  })
  await step('a second factor is set up, and the next login asks for it', async () => {
    const leader = await person(browser, http, 'qiulei')
    await leader.goto(`${http}/me`)
    await leader.click(test('second-factor'))
    await leader.fill(`input${test('second-password')}, ${test('second-password')} input`, passwordOf('qiulei'))
    const told = leader.waitForResponse((r) => r.url().endsWith('/second-factor'))
    await leader.click(test('second-save'))
    const { secret } = await (await told).json()
    await leader.waitForSelector(test('second-secret'))
    await shot(leader, 'second-factor')
    await leader.fill(`input${test('second-code')}, ${test('second-code')} input`, code(secret, -1))
    await leader.click(test('second-save'))
    await leader.waitForURL(`${http}/`)
    await leader.context().close()
    const again = await person(browser, http, 'qiulei', {}, { until: test('login-code') })
    await again.fill(`input${test('login-code')}, ${test('login-code')} input`, code(secret, 0))
    await again.click(test('login-submit'))
    await again.waitForSelector(test('user'))
    await again.context().close()
  })
  await step('the audit administrator finds who did it', async () => {
    const auditor = await person(browser, http, 'helan')
    await auditor.waitForURL(`${http}/audit`)
    await auditor.waitForSelector(test('audit-row'))
    await shot(auditor, 'audit')
    await auditor.fill(`input${test('audit-action')}, ${test('audit-action')} input`, 'glass_break')
    await auditor.click(test('audit-search'))
    await auditor.waitForFunction(() => [...document.querySelectorAll('[data-test=audit-row]')].every((r) => r.dataset.action === 'glass_break'))
    const row = await auditor.locator(test('audit-row')).first().innerText()
    if (!row.includes('段伟')) throw new Error(`the audit names who broke the glass: ${row}`)
    await auditor.context().close()
  })
  await step('a case whose record somebody has changed can be read and not moved, and everybody is told', async () => {
    const listed = await (await duty.request.get(`${http}/api/v1/act/cases`)).json()
    const broken = listed.items.find((item) => item.state !== 'closed')
    damage(data, `UPDATE link SET body=replace(body, '"v":1', '"v": 1') WHERE stream='case:${broken.id}' AND seq=1`)
    await duty.goto(`${http}/cases/${broken.id}`)
    await duty.waitForSelector(test('case-broken'))
    is(await duty.locator(`${test('case-broken')} .mono`).innerText(), `link 1 of case:${broken.id}: content does not match its digest`, 'what is broken')
    is(await duty.locator('[data-test^=action-]').count(), 0, 'actions')
    await duty.reload()
    await duty.waitForSelector(test('banner-chain'))
    await shot(duty, 'broken')
  })
  await step('the map, in Chinese and in English', async () => {
    await duty.goto(`${http}/`)
    await duty.waitForSelector(`${test('map')} canvas`)
    await duty.waitForTimeout(1_500)
    await shot(duty, 'map')
    await duty.click(test('language'))
    await duty.waitForFunction(() => document.documentElement.lang.startsWith('en'))
    await shot(duty, 'map-en')
  })
  await step('nothing was refused by the page policy, nothing failed, nothing left the machine, everybody can read it (WCAG 2 AA)', async () => {
    if (faults.length > 0) throw new Error(faults.slice(0, 10).join('\n     '))
  })
  device.end()
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
