/** Speedscope itself opens what is written for it, for pprof, and as collapsed stacks: its own importers are the judges. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, extname, join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { profileCollapsed, profilePprof, profileSpeedscope } from '../../lib/report/index.ts'
import { requireOrSkip } from '../support/needs.ts'
import { small } from '../unit/report/profiles.ts'
import { lackingChromium, startChromium } from './chromium.ts'

const app = dirname(createRequire(import.meta.url).resolve('speedscope/dist/release/index.html'))
const types: Record<string, string> = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css' }
const folder = mkdtempSync(join(tmpdir(), 'alloc8-speedscope-'))
let browser: Browser | undefined
let server: Server | undefined

beforeAll(async () => {
  if (lackingChromium !== null) return
  browser = await startChromium()
  server = createServer((request, response) => {
    const name = new URL(request.url ?? '/', 'http://x').pathname
    const file = join(app, name === '/' ? 'index.html' : name)
    try {
      const bytes = readFileSync(file)
      response.setHeader('content-type', types[extname(file)] ?? 'application/octet-stream').end(bytes)
    } catch {
      response.writeHead(404).end()
    }
  })
  await new Promise<void>((done) => server?.listen(0, '127.0.0.1', done))
})
afterAll(async () => {
  await browser?.close()
  server?.close()
  rmSync(folder, { recursive: true })
})
beforeEach(({ skip }) => requireOrSkip(skip, lackingChromium))

test.each([
  ['shop.speedscope.json', profileSpeedscope(small, 'the shop'), 'speedscope json file', 'the shop - speedscope'],
  ['shop.pb', profilePprof(small), 'protobuf encoded pprof file', 'shop.pb - speedscope'],
  ['shop.txt', profileCollapsed(small), 'collapsed stack format', 'shop.txt - speedscope'],
])(
  '%s',
  async (name, content, format, title) => {
    const file = join(folder, name)
    writeFileSync(file, content)
    const page = (await browser?.newPage()) ?? expect.fail('no browser')
    const said: string[] = []
    page.on('console', (message) => said.push(message.text()))
    page.on('pageerror', (error) => said.push(`error: ${error.message}`))
    page.on('dialog', (dialog) => void dialog.dismiss().then(() => said.push(`error: ${dialog.message()}`)))
    try {
      const { port } = (server ?? expect.fail('no server')).address() as AddressInfo
      await page.goto(`http://127.0.0.1:${port}/`)
      await page.locator('input[type=file]').setInputFiles(file)
      await page.waitForFunction((wanted) => document.title === wanted, title)
      expect(said).toContain(`Importing as ${format}`)
      expect(said.filter((text) => text.startsWith('error'))).toEqual([])
    } finally {
      await page.close()
    }
  },
  30_000,
)
