// Logging in at another house, in a real browser against a certified OpenID Provider on this machine: the first login, a second factor
// that this side keeps asking for, keys that are changed, a clock that differs, an account that nobody has; a token for a wall screen.
import fs from 'node:fs'
import http from 'node:http'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { exportJWK, generateKeyPair } from 'jose'
import Provider from 'oidc-provider'
import { code, end, faults, field, fresh as unknown, is, passwordOf, picture as shot, play, serve, step, test } from './lib.mjs'

const free = () =>
  new Promise((done) => {
    const server = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => done(port))
    })
  })

async function key(kid) {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true })
  return { ...(await exportJWK(privateKey)), kid, alg: 'RS256', use: 'sig' }
}

/** The house: whoever is typed in is whom it knows, by that name. `moment` shifts what it takes for now, in seconds. */
function house(port, back, keys, moment = 0) {
  const issuer = `http://127.0.0.1:${port}`
  const provider = new Provider(issuer, {
    clients: [{ client_id: 'shanshui', client_secret: 'agreed-upon-in-a-file-7', redirect_uris: [back], grant_types: ['authorization_code'], response_types: ['code'] }],
    jwks: { keys },
    cookies: { keys: ['a-key-of-the-test'] },
    claims: { openid: ['sub'], profile: ['preferred_username', 'name'], email: ['email', 'email_verified'] },
    findAccount: (_context, id) => ({ accountId: id, claims: () => ({ sub: `no-${id}`, preferred_username: id, name: id }) }),
    pkce: { required: () => true },
    features: { devInteractions: { enabled: true } },
  })
  if (moment !== 0) {
    // its clock is another one: what it signs says so
    const { IdToken } = provider
    const issue = IdToken.prototype.issue
    IdToken.prototype.issue = async function (...args) {
      const real = Date.now
      Date.now = () => real() + moment * 1000
      try {
        return await issue.apply(this, args)
      } finally {
        Date.now = real
      }
    }
  }
  return new Promise((done) => {
    const server = http.createServer(provider.callback()).listen(port, '127.0.0.1', () => done(server))
  })
}

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'shanshui-identity-'))
const [web, there] = [await free(), await free()]
const base = `http://127.0.0.1:${web}`
fs.writeFileSync(path.join(folder, 'secret'), 'agreed-upon-in-a-file-7\n')
const config = `[http]
listen = "127.0.0.1:${web}"
[hj212]
listen = "127.0.0.1:0"
[metrics]
listen = ""
[auth]
second_factor = "nobody"
[oidc]
issuer = "http://127.0.0.1:${there}"
client_id = "shanshui"
client_secret_file = ${JSON.stringify(path.join(folder, 'secret'))}
public_url = "${base}"
label_zh = "衢州市统一身份认证登录"
[outbound]
allow = ["127.0.0.1/32"]
`
const back = `${base}/api/v1/system/oidc/return`
let server

async function story(browser) {
  // words of the house's own pages are not ours
  const fresh = async () => {
    const page = await unknown(browser)
    page.on('pageerror', (error) => faults.push(String(error)))
    page.on('console', (m) => m.type() === 'error' && m.location().url.startsWith(base) && !m.text().startsWith('Failed to load') && faults.push(m.text()))
    return page
  }
  /** Clicks the button here and logs in there. */
  const away = async (page, login, { at = '/login' } = {}) => {
    await page.goto(base + at)
    await page.waitForSelector(test('login-outside'))
    await page.click(test('login-outside'))
    await page.waitForSelector('input[name=login]')
    await page.fill('input[name=login]', login)
    await page.fill('input[name=password]', 'whatever')
    await page.click('button[type=submit]')
    await page.waitForSelector('text=/consent|authorize/i')
    await page.click('button[type=submit]')
  }
  const ends = async (page, word) => {
    await page.waitForURL(`${base}/login?oidc=${word}`)
    await page.waitForSelector(test('login-error'))
  }

  await step('a house that does not answer is told, and the password still works', async () => {
    const page = await fresh()
    await page.goto(`${base}/login`)
    await page.click(test('login-outside'))
    await ends(page, 'failed')
    await shot(page, 'outside-login')
    await page.context().close()
  })
  const first = await key('first')
  server = await house(there, back, [first])
  const duty = await fresh()
  await step('somebody logs in at the house and lands where they wanted to go', async () => {
    await away(duty, 'zhoumin', { at: '/login?next=/cases' })
    await duty.waitForURL(`${base}/cases`)
    await duty.waitForSelector(test('user'))
    const cookies = await duty.context().cookies(base)
    const session = cookies.find((c) => c.name === 'shanshui_session')
    is(session?.sameSite, 'Strict', 'the session')
    is(cookies.some((c) => c.name === 'shanshui_oidc'), false, 'what was carried meanwhile is gone')
    await shot(duty, 'outside-logged-in')
  })
  await step('whom nobody here is called like, and whoever says no, gets no session', async () => {
    const page = await fresh()
    await away(page, 'stranger')
    await ends(page, 'unknown')
    await page.context().close()
    const other = await fresh()
    await other.goto(`${base}/login`)
    await other.click(test('login-outside'))
    await other.waitForSelector('input[name=login]')
    await other.click('a:has-text("Cancel")')
    await ends(other, 'denied')
    await other.context().close()
  })
  await step('an answer of another browser, of another time or of nobody opens nothing', async () => {
    const page = await fresh()
    let answer
    page.on('request', (request) => {
      if (request.url().startsWith(back)) answer = request.url()
    })
    await away(page, 'chenlu')
    await page.waitForSelector(test('user'))
    if (!answer) throw new Error('the house sent nobody back')
    const thief = await fresh()
    await thief.goto(answer)
    await ends(thief, 'expired')
    await thief.goto(`${back}?code=x&state=y`)
    await ends(thief, 'expired')
    await page.context().close()
    await thief.context().close()
  })
  await step('the house changes its keys, and people still log in', async () => {
    server.closeAllConnections()
    await new Promise((done) => server.close(done))
    server = await house(there, back, [await key('second')])
    const page = await fresh()
    // what is known of the house is younger than ten minutes, and the key is another one
    await new Promise((done) => setTimeout(done, 5_500))
    await away(page, 'chenlu')
    await page.waitForSelector(test('user'))
    await page.context().close()
  })
  for (const [seconds, word] of [[45, undefined], [-45, undefined], [400, 'failed']]) {
    await step(`a clock that differs by ${seconds} s is ${word ? 'refused' : 'taken'}`, async () => {
      server.closeAllConnections()
      await new Promise((done) => server.close(done))
      server = await house(there, back, [await key(`moment-${seconds}`)], seconds)
      await new Promise((done) => setTimeout(done, 5_500))
      const page = await fresh()
      await away(page, 'chenlu')
      await (word ? ends(page, word) : page.waitForSelector(test('user')))
      await page.context().close()
    })
  }
  let secret
  await step('whoever has a second factor here is asked for it after the house', async () => {
    server.closeAllConnections()
    await new Promise((done) => server.close(done))
    server = await house(there, back, [await key('third')])
    const page = await fresh()
    await page.goto(`${base}/login`)
    const password = passwordOf('qiulei')
    await page.fill(field('login-name'), 'qiulei')
    await page.fill(field('login-password'), password)
    await page.click(test('login-submit'))
    await page.waitForSelector(test('user'))
    await page.goto(`${base}/second-factor`)
    await page.fill(field('second-password'), password)
    const told = page.waitForResponse((r) => r.url().endsWith('/second-factor'))
    await page.click(test('second-save'))
    secret = (await (await told).json()).secret
    await page.waitForSelector(test('second-secret'))
    await page.fill(field('second-code'), code(secret, -1))
    await page.click(test('second-save'))
    await page.waitForURL((url) => !url.pathname.includes('second-factor'))
    await page.context().close()
    const again = await fresh()
    await new Promise((done) => setTimeout(done, 5_500))
    await away(again, 'qiulei')
    await again.waitForURL(`${base}/login?oidc=code`)
    await again.fill(field('login-code'), '000000')
    await again.click(test('login-submit'))
    await again.waitForSelector(test('login-error'))
    await shot(again, 'outside-code')
    await again.fill(field('login-code'), code(secret, 0))
    await again.click(test('login-submit'))
    await again.waitForSelector(test('user'))
    await again.context().close()
  })
  await step('a session is revoked from another browser', async () => {
    const page = await fresh()
    await away(page, 'zhoumin')
    await page.waitForSelector(test('user'))
    await page.goto(`${base}/me`)
    await page.waitForSelector(test('session-row'))
    is(await page.locator(test('session-row')).count(), 2, 'sessions')
    await shot(page, 'sessions')
    await page.locator(test('session-end')).first().click()
    await page.waitForFunction((selector) => document.querySelectorAll(selector).length === 1, test('session-row'))
    await duty.goto(`${base}/cases`)
    await duty.waitForURL(/\/login/)
    await page.context().close()
  })
  await step('a wall screen shows the city with its token, reads only, and goes dark when the token is ended', async () => {
    const page = await fresh()
    await away(page, 'zhoumin')
    await page.waitForSelector(test('user'))
    await page.goto(`${base}/me`)
    await page.click(test('token-kind-wall'))
    await page.fill(field('token-name'), '指挥大厅')
    await page.fill(field('token-networks'), '127.0.0.0/8')
    await page.click(test('token-make'))
    await page.waitForSelector(test('token-made'))
    const link = (await page.locator(test('token-secret')).textContent()).trim()
    await page.locator(test('tokens')).scrollIntoViewIfNeeded()
    await shot(page, 'tokens')
    const wall = await fresh()
    await wall.goto(link)
    await wall.waitForSelector(`${test('wall')} canvas`)
    is(new URL(wall.url()).hash, '', 'the token is gone from the address')
    await shot(wall, 'wall')
    await wall.goto(`${base}/cases`)
    await wall.waitForURL(`${base}/wall`)
    await page.click(test('token-saved'))
    await page.click(test('token-end'))
    await page.click('.el-message-box__btns .el-button--primary')
    await page.waitForFunction((selector) => !document.querySelector(selector), test('token-end'))
    await wall.goto(`${base}/wall`)
    await wall.waitForSelector(test('wall-closed'))
    await shot(wall, 'wall-closed')
    await page.context().close()
    await wall.context().close()
  })
  if (faults.length > 0) throw new Error(faults.join('\n'))
}

await play(async (browser) => {
  const running = await serve(folder, config)
  try {
    await story(browser)
  } catch (error) {
    console.log(running.log().split('\n').slice(-12).join('\n'))
    throw error
  } finally {
    server?.closeAllConnections()
    server?.close()
    await end(running)
  }
})
