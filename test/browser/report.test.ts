/** The HTML report as its readers have it: in a browser, with mouse and keyboard, wide and narrow, light and dark. */

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { CompareResult } from '../../lib/types.ts'
import { requireOrSkip } from '../support/needs.ts'
import { failing, stopped, winner } from '../unit/report/fixtures.ts'
import { HOSTILE, hostile, suite } from '../unit/report/suites.ts'
import { lackingChromium, type Shown, show, startChromium } from './chromium.ts'

let browser: Browser | undefined

beforeAll(async () => {
  if (lackingChromium === null) browser = await startChromium()
})
afterAll(() => browser?.close())
beforeEach(({ skip }) => requireOrSkip(skip, lackingChromium))

const results: Record<string, CompareResult> = {
  winner,
  failing,
  stopped: await stopped(),
  suite: await suite(),
  /** No run gave a number, not even the baseline’s. */
  empty: { ...failing, cells: failing.cells.map((cell) => ({ ...cell, runs: cell.runs.map(() => null) })) },
  hostile: await hostile(),
}

/** Shows a result, does something with its page, and expects that the page did nothing it should not. */
async function on(name: string, view: Parameters<typeof show>[2], act: (page: Page) => Promise<void>): Promise<void> {
  const shown: Shown = await show(browser as Browser, results[name] as CompareResult, view)
  try {
    await act(shown.page)
    expect(shown.complaints).toEqual([])
  } finally {
    await shown.page.close()
  }
}

const openAll = (page: Page) =>
  page.evaluate(() => {
    for (const folded of document.querySelectorAll('details')) folded.open = true
  })

/** The texts of a column of the first table of a metric, of rows that are shown. */
const column = (page: Page, name: string) => page.locator(`#metric-0 tbody tr:visible .${name}`).allInnerTexts()

test.each(Object.keys(results))('%s fits windows of 1280, 800 and 400 pixels, folded and unfolded', async (name) => {
  await on(name, {}, async (page) => {
    const widths = async () => {
      const found: number[] = []
      for (const width of [1280, 800, 400]) {
        await page.setViewportSize({ width, height: 900 })
        found.push(await page.evaluate(() => document.documentElement.scrollWidth))
      }
      return found
    }
    expect(await widths()).toEqual([1280, 800, 400])
    await openAll(page)
    expect(await widths()).toEqual([1280, 800, 400])
  })
})

test.each(['failing', 'suite'])('%s keeps to what axe knows of accessibility, light and dark', async (name) => {
  const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
  await on(name, {}, async (page) => {
    await openAll(page)
    await page.evaluate(axe)
    const violations = (rules: string[]) =>
      page.evaluate(async (only) => {
        const { axe } = window as unknown as { axe: Axe }
        const options = only.length === 0 ? {} : { runOnly: only }
        return (await axe.run(document, options)).violations.map(
          ({ id, nodes }) => `${id}: ${nodes[0]?.html.slice(0, 200)}`,
        )
      }, rules)
    expect(await violations([])).toEqual([])
    await page.emulateMedia({ colorScheme: 'dark' })
    expect(await violations(['color-contrast'])).toEqual([])
  })
})

/** What axe-core puts into a page. */
interface Axe {
  run(on: Document, options: object): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }>
}

describe('what others wrote', () => {
  test('is text, wherever it stands', async () => {
    await on('hostile', {}, async (page) => {
      await openAll(page)
      expect(await page.locator('script, img').count()).toBe(2)
      expect(await page.locator('#details tbody th').nth(1).innerText()).toContain('<script>alert("1")</script>')
      const json = await page.locator('#result').textContent()
      expect(JSON.parse(json ?? '').heaps[1].spec).toBe(HOSTILE)
    })
  })
})

describe('sorting', () => {
  test('by a number, up and down, with the mouse', async () => {
    await on('suite', {}, async (page) => {
      const head = page.locator('#metric-0 th.ratio')
      const numbers = async () => (await column(page, 'ratio strong')).map((text) => Number.parseFloat(text))
      await head.getByRole('button').click()
      expect(await head.getAttribute('aria-sort')).toBe('ascending')
      const up = await numbers()
      expect(up.length).toBeGreaterThan(5)
      expect(up).toEqual(up.toSorted((a, b) => a - b))
      await head.getByRole('button').click()
      expect(await head.getAttribute('aria-sort')).toBe('descending')
      expect(await numbers()).toEqual(up.toReversed())
    })
  })

  test('by a text with the keyboard; the other columns are no longer sorted', async () => {
    await on('suite', {}, async (page) => {
      await page.locator('#metric-0 th.ratio button').click()
      await page.locator('#metric-0 th.heap button').focus()
      await page.keyboard.press('Enter')
      const names = await column(page, 'heap .name')
      expect(names).toEqual(names.toSorted())
      expect(await page.locator('#metric-0 [aria-sort]').count()).toBe(1)
    })
  })
})

describe('filtering', () => {
  test('by heap, verdict and metric narrows every part of the page, and is undone', async () => {
    await on('suite', {}, async (page) => {
      const before = await page.locator('section.metric tbody tr:visible').count()
      await page.locator('select[data-filter=heap]').selectOption({ label: 'jemalloc' })
      expect(new Set(await column(page, 'heap .name'))).toEqual(new Set(['jemalloc']))
      expect(await page.locator('#timelines .legend li:visible').count()).toBe(1)
      expect(await page.getByRole('status').innerText()).toMatch(/^\d+ of \d+ rows shown$/)
      await page.locator('select[data-filter=verdict]').selectOption('worse')
      expect(new Set(await column(page, 'verdict'))).toEqual(new Set(['worse']))
      await page.locator('select[data-filter=verdict]').selectOption('')
      await page.locator('select[data-filter=metric]').selectOption({ label: 'peak memory' })
      expect(await page.locator('section.metric:visible').count()).toBe(1)
      await page.getByRole('button', { name: 'Show all' }).click()
      // The page hides and shows in a frame of its own time.
      await expect.poll(() => page.locator('section.metric tbody tr:visible').count()).toBe(before)
      expect(await page.getByRole('status').innerText()).toBe('')
    })
  })
})

describe('the runs of a cell', () => {
  test('are all shown while its picture is pointed at, with those of the baseline', async () => {
    await on('suite', {}, async (page) => {
      const cell = page.locator('#metric-0 tbody tr').nth(1).locator('td.chart')
      await cell.hover()
      expect(await page.locator('.card .dot').count()).toBe(10)
      expect(await page.locator('.card .beside').count()).toBe(10)
      expect(await page.locator('.card').innerText()).toMatch(
        /Runs of jemalloc, wall time, larson[\s\S]*10 of 10 runs: median/,
      )
      await page.locator('#answer').hover()
      expect(await page.locator('.card').count()).toBe(0)
    })
  })

  test('are shown on focus, and go on Escape', async () => {
    await on('suite', {}, async (page) => {
      const button = page.locator('#metric-0 button.runs').nth(1)
      await page.locator('#metric-0 button.runs').nth(0).focus()
      await page.keyboard.press('Tab')
      expect(await button.evaluate((element) => element === document.activeElement)).toBe(true)
      expect(await page.locator('.card').count()).toBe(1)
      expect(await button.getAttribute('aria-expanded')).toBe('true')
      await page.keyboard.press('Escape')
      expect(await page.locator('.card').count()).toBe(0)
      expect(await button.getAttribute('aria-expanded')).toBe('false')
    })
  })

  test('name the failed ones', async () => {
    await on('failing', {}, async (page) => {
      await page.locator('#metric-0 button.runs').nth(1).focus()
      expect(await page.locator('.card .lost').count()).toBe(7)
      expect(await page.locator('.card').innerText()).toContain('1 of 8 runs')
    })
  })

  test('can be none at all', async () => {
    await on('empty', {}, async (page) => {
      for (const row of [0, 1]) {
        await page.locator('#metric-0 button.runs').nth(row).focus()
        expect(await page.locator('.card').innerText()).toContain('0 of 8 runs: no run gave a number')
        expect(await page.locator('.card svg').innerHTML()).not.toMatch(/NaN|Infinity/)
      }
    })
  })

  test('stay inside a narrow window', async () => {
    await on('suite', { width: 400 }, async (page) => {
      await page.locator('#metric-0 button.runs').nth(1).focus()
      const box = await page.locator('.card').boundingBox()
      expect(box?.x).toBeGreaterThanOrEqual(0)
      expect((box?.x ?? 0) + (box?.width ?? 0)).toBeLessThanOrEqual(400)
    })
  })
})

describe('the rest of the page', () => {
  test('the theme is the system’s until it is switched', async () => {
    await on('winner', { colorScheme: 'dark' }, async (page) => {
      const background = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor)
      const dark = await background()
      const button = page.getByRole('button', { name: 'Theme' })
      await button.click()
      expect(await button.innerText()).toBe('Theme: light')
      const light = await background()
      expect(light).not.toBe(dark)
      await button.click()
      expect(await background()).toBe(dark)
      await page.emulateMedia({ colorScheme: 'light' })
      expect(await background()).toBe(dark)
      await button.click()
      expect(await background()).toBe(light)
    })
  })

  test('the JSON is saved as it was', async () => {
    await on('hostile', {}, async (page) => {
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name: 'Save JSON' }).click(),
      ])
      expect(download.suggestedFilename()).toBe('alloc8-compare.json')
      const saved = JSON.parse(readFileSync(await download.path(), 'utf8'))
      expect(saved).toEqual(JSON.parse(JSON.stringify(results['hostile'])))
    })
  })

  test('everything can be read without its script', async () => {
    const context = await (browser as Browser).newContext({ javaScriptEnabled: false })
    const { compareHtml } = await import('../../lib/report/index.ts')
    const page = await context.newPage()
    await page.setContent(compareHtml(results['suite'] as CompareResult))
    expect(await page.locator('#metric-0 tbody tr:visible').count()).toBe(12)
    expect(await page.getByRole('button', { name: 'Save JSON' }).isVisible()).toBe(false)
    await context.close()
  })
})
