// What the scripts in a real browser share: steps that are counted, the program that is tried, people who log in, pictures of what they
// see, and whatever goes wrong beside the steps. With `--pictures` the screenshots go to docs/pictures, else beside this file.
import { spawn } from 'node:child_process'
import { createHmac } from 'node:crypto'
import fs from 'node:fs'
import { createRequire } from 'node:module'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'

const axeSource = fs.readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const here = path.dirname(fileURLToPath(import.meta.url))
const root = path.resolve(here, '../..')
const pictures = process.argv.includes('--pictures') ? path.join(root, 'docs/pictures') : path.join(here, 'out')
export const binary = process.env.SHANSHUI_BIN ?? path.join(root, 'target/debug/shanshui')
export const WAIT = 30_000
const START = 240_000

let passed = 0
let failed = 0
/** What went wrong while nobody waited for it. */
export const faults = []

export const test = (name) => `[data-test="${name}"]`
/** The input of a field, however deep it lies. */
export const field = (name) => `input${test(name)}, ${test(name)} input`

export async function step(name, work) {
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

/** The last step of those who watch their pages. */
export function clean() {
  return step('nothing was refused by the page policy, nothing failed, nothing left the machine, everybody can read it (WCAG 2 AA)', async () => {
    if (faults.length > 0) throw new Error(faults.slice(0, 12).join('\n     '))
  })
}

export function is(seen, expected, what) {
  if (seen !== expected) throw new Error(`${what}: ${JSON.stringify(seen)} instead of ${JSON.stringify(expected)}`)
}

/** A table of the city pack. */
export function table(file) {
  const [head, ...rows] = fs.readFileSync(path.join(root, 'cities/quzhou', file), 'utf8').trim().split('\n').map((l) => l.split(','))
  return rows.map((row) => Object.fromEntries(head.map((name, i) => [name, row[i]])))
}

export const passwordOf = (login) => table('people.csv').find((p) => p.login === login).password

/** Starts the demonstration and gives its addresses. */
function demo(more) {
  const data = fs.mkdtempSync(path.join(os.tmpdir(), 'shanshui-e2e-'))
  const args = ['demo', '--http', '127.0.0.1:0', '--hj212', '127.0.0.1:0', ...more, '--data', data]
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
    setTimeout(() => fail(new Error('the demonstration did not start within four minutes')), START).unref()
  })
}

/** Starts the program with a configuration beside its data, in a folder that goes with it. */
export function serve(data, config) {
  const file = path.join(data, 'shanshui.toml')
  fs.writeFileSync(file, `data = ${JSON.stringify(path.join(data, 'data'))}\n${config}`)
  const child = spawn(binary, ['serve', '--config', file], { stdio: ['ignore', 'pipe', 'pipe'] })
  let log = ''
  child.stderr.on('data', (text) => (log += text))
  return new Promise((done, fail) => {
    child.stdout.once('data', (said) => done({ child, data, log: () => log, http: `http://${JSON.parse(String(said)).http}` }))
    child.on('exit', (code) => fail(new Error(`the program ended with ${code}: ${log}`)))
  })
}

export async function end({ child, data }) {
  child.removeAllListeners('exit')
  if (child.exitCode === null) {
    child.kill('SIGTERM')
    await new Promise((done) => child.once('exit', done))
  }
  fs.rmSync(data, { recursive: true, force: true })
}

function launch(flags) {
  const names = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
  const executablePath = names.find((name) => name && fs.existsSync(name))
  if (!executablePath) throw new Error('no Chromium: run scripts/setup, or set CHROMIUM to its path')
  const quiet = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync']
  return chromium.launch({ executablePath, args: [...quiet, ...flags] })
}

/** Plays a story before a browser, and before the demonstration where arguments for it are given; says how many steps held. */
export async function play(story, args, flags = []) {
  let running
  let browser
  try {
    fs.mkdirSync(pictures, { recursive: true })
    running = args && (await demo(args))
    browser = await launch(flags)
    await story(browser, running)
  } catch (error) {
    if (failed === 0) {
      failed += 1
      console.log(String(error.stack ?? error))
    }
  } finally {
    await browser?.close()
    if (running) await end(running)
  }
  console.log(`${passed} passed, ${failed} failed`)
  process.exit(failed === 0 ? 0 : 1)
}

/** A page of somebody who is not known yet. */
export async function fresh(browser, more = {}) {
  const context = await browser.newContext({ locale: 'zh-CN', timezoneId: 'Asia/Shanghai', viewport: { width: 1440, height: 900 }, ...more })
  const page = await context.newPage()
  page.setDefaultTimeout(WAIT)
  return page
}

/** Notes what goes wrong on a page; with `answers` no other failure of the server is taken for right. */
export function watch(page, base, who, answers) {
  page.on('console', (message) => {
    // the browser reports answers such as "not logged in yet" as errors; the program's own words are what counts
    const refused = message.text().startsWith('Failed to load resource')
    if (['error', 'warning'].includes(message.type()) && !refused) faults.push(`${who}: ${message.text()}`)
  })
  page.on('pageerror', (error) => faults.push(`${who}: ${error}`))
  page.on('request', (request) => {
    const url = new URL(request.url())
    if (url.protocol.startsWith('http') && url.host !== new URL(base).host) faults.push(`${who}: a request leaves the machine: ${url.host}`)
  })
  page.on('response', (response) => {
    if (answers && response.status() >= 500 && !answers.includes(response.status())) faults.push(`${who}: ${response.status()} ${response.url()}`)
  })
}

/** Somebody who has logged in; `seen` names a picture of the way in. */
export async function person(browser, base, login, { password = undefined, until = test('user'), seen = '', answers = undefined, ...more } = {}) {
  const page = await fresh(browser, more)
  watch(page, base, login, answers)
  await page.goto(`${base}/login`)
  if (seen) await shot(page, seen)
  await page.fill(field('login-name'), login)
  await page.fill(field('login-password'), password ?? passwordOf(login))
  await page.click(test('login-submit'))
  await page.waitForSelector(until)
  return page
}

/** A picture; charts and maps draw after their data has come, and messages go by themselves. */
export async function picture(page, name, more = {}) {
  await page.waitForTimeout(900)
  await page.screenshot({ path: path.join(pictures, `${name}.png`), ...more })
}

/** A picture of what everybody shall be able to read. */
export async function shot(page, name, more = {}) {
  await picture(page, name, more)
  await page.evaluate(axeSource)
  const found = await page.evaluate(() => window.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa'] }))
  for (const rule of found.violations) faults.push(`${name}: ${rule.id}: ${rule.nodes.map((n) => n.target.join(' ')).slice(0, 3).join('; ')}`)
}

/** The same with the mouse out of the way: what is under it is paler. */
export async function still(page, name, more = {}) {
  await page.mouse.move(2, 2)
  await shot(page, name, more)
}

/** What the API says, asked in the name of whoever is logged in. */
export function api(page, address) {
  return page.evaluate((to) => fetch(to).then((answer) => answer.json()), address)
}

/** Asks until it is so. */
export async function until(page, what, ask, ms = WAIT) {
  for (const begun = Date.now(); ; ) {
    const found = await ask()
    if (found) return found
    if (Date.now() - begun > ms) throw new Error(`not within ${ms / 1000} s: ${what}`)
    await page.waitForTimeout(500)
  }
}

export async function choose(page, name, text) {
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

/** A reason in a dialog, and its button. */
export async function reason(page, name, text) {
  const form = page.locator(test(name))
  await form.waitFor()
  await form.locator('textarea, input:not([type=checkbox])').first().fill(text)
  await form.locator(test('form-save')).click()
  await form.waitFor({ state: 'hidden' })
}

/** The code of an authenticator with this secret, `steps` half minutes from now (RFC 6238). */
export function code(secret, steps) {
  const bits = [...secret].map((c) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0')).join('')
  const key = Buffer.from(bits.match(/.{8}/g).map((b) => parseInt(b, 2)))
  const moment = Buffer.alloc(8)
  moment.writeBigInt64BE(BigInt(Math.floor(Date.now() / 30_000) + steps))
  const digest = createHmac('sha1', key).update(moment).digest()
  const number = digest.readUInt32BE(digest[19] & 15) & 0x7fffffff
  return String(number % 1_000_000).padStart(6, '0')
}
