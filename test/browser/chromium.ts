/** Headless Chromium, as Debian's package has it, with the page of a result in it and a watch on what the page does. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Browser, chromium, type Page } from 'playwright-core'
import { compareHtml } from '../../lib/report/index.ts'
import type { CompareResult } from '../../lib/types.ts'
import { findTool, lackingTool } from '../support/needs.ts'

/** Null when Chromium is there, else the note that says how to get it. */
export const lackingChromium = lackingTool('chromium', 'chromium')

/** Starts Chromium; as root it has no sandbox, because Chromium refuses to have one there. */
export function startChromium(): Promise<Browser> {
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : []
  return chromium.launch({ executablePath: findTool('chromium') ?? '', args })
}

/** A page that is shown. */
export interface Shown {
  page: Page
  /** What it did that no page of ours does: messages in the console, errors, requests, dialogs. */
  complaints: string[]
}

/** How it is shown. */
export interface View {
  width?: number
  colorScheme?: 'light' | 'dark'
}

/** Shows the page of a result, from a file, as people open it. */
export async function show(browser: Browser, result: CompareResult, view: View = {}): Promise<Shown> {
  const folder = mkdtempSync(join(tmpdir(), 'alloc8-page-'))
  const file = join(folder, 'compare.html')
  writeFileSync(file, compareHtml(result))
  const page = await browser.newPage({
    viewport: { width: view.width ?? 1280, height: 900 },
    colorScheme: view.colorScheme ?? 'light',
    reducedMotion: 'reduce',
  })
  const own = pathToFileURL(file).href
  const complaints = complaintsOf(page, own)
  await page.goto(own)
  rmSync(folder, { recursive: true })
  return { page, complaints }
}

/** What a page does that it should not, as it does it: words on the console, errors, dialogs, requests but for itself. */
export function complaintsOf(page: Page, own: string): string[] {
  const complaints: string[] = []
  page.on('console', (message) => complaints.push(`console: ${message.text()}`))
  page.on('pageerror', (error) => complaints.push(`error: ${error.message}`))
  page.on('dialog', (dialog) => {
    complaints.push(`dialog: ${dialog.message()}`)
    void dialog.dismiss()
  })
  page.on('request', (request) => {
    if (request.url() !== own) complaints.push(`request: ${request.url()}`)
  })
  return complaints
}
