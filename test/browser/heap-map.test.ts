/** The heap map's page as its readers have it: in a browser, with mouse and keyboard, wide and narrow, light and dark. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { heapMapHtml } from '../../lib/report/index.ts'
import type { LabMap } from '../../lib/types.ts'
import { requireOrSkip } from '../support/needs.ts'
import { evil, largeMap, map, pagesOnly } from '../unit/report/lab-results.ts'
import { complaintsOf, lackingChromium, startChromium } from './chromium.ts'

let browser: Browser | undefined
const folder = mkdtempSync(join(tmpdir(), 'alloc8-heap-map-'))
beforeAll(async () => {
  if (lackingChromium === null) browser = await startChromium()
})
afterAll(async () => {
  rmSync(folder, { recursive: true })
  await browser?.close()
})
beforeEach(({ skip }) => requireOrSkip(skip, lackingChromium))

let count = 0

/** Shows a map's page, does something with it, and expects that it did nothing it should not. */
async function on(shown: LabMap, act: (page: Page) => Promise<void>): Promise<void> {
  const file = join(folder, `${count++}.html`)
  writeFileSync(file, heapMapHtml(shown))
  const page = await (browser as Browser).newPage({ viewport: { width: 1280, height: 900 }, colorScheme: 'light' })
  const own = pathToFileURL(file).href
  const complaints = complaintsOf(page, own)
  try {
    await page.goto(own)
    await settled(page)
    await act(page)
    expect(complaints).toEqual([])
  } finally {
    await page.close()
  }
}

const settled = (page: Page) =>
  page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))))
const detail = async (page: Page) => (await page.locator('#detail p').allInnerTexts()).join(' | ')
const state = (page: Page) => page.locator('#state').innerText()
const rowBytes = async (page: Page) => /1 row: ([\d.]+ \w+)/.exec(await state(page))?.[1]

async function setTime(page: Page, time: number): Promise<void> {
  await page.locator('[name=time]').evaluate((slider: HTMLInputElement, value) => {
    slider.value = String(value)
    slider.dispatchEvent(new Event('input'))
  }, time)
  await settled(page)
}

async function press(page: Page, ...keys: string[]): Promise<void> {
  await page.locator('#map').focus()
  for (const key of keys) await page.keyboard.press(key)
  await settled(page)
}

/** The colours of two pixels of a line of the picture, in CSS pixels from its corner. */
const pixels = (page: Page, y: number, first: number, second: number) =>
  page.evaluate(
    ([top = 0, ...places]) => {
      const canvas = document.querySelector<HTMLCanvasElement>('#map canvas')
      const line = canvas?.getContext('2d')?.getImageData(0, top, canvas.width, 1).data ?? []
      return places.map((x) => [...line.slice(4 * x, 4 * x + 3)].join())
    },
    [y, first, second],
  )

test('what is said at first, and at other times', async () => {
  await on(map, async (page) => {
    expect(await page.locator('.answer').innerText()).toBe(
      '24 live blocks of 4.01 MiB, and 2 freed ones, of 3 threads in 2 processes.',
    )
    expect(await state(page)).toContain('24 live blocks of 4.01 MiB, 2 freed.')
    await setTime(page, 18)
    expect(await state(page)).toMatch(/^After allocation 19 of 24: 19 live blocks of 6\.95 KiB, 0 freed\./)
    await setTime(page, 0)
    expect(await state(page)).toContain('After allocation 1 of 24: 1 live blocks of 64 B, 0 freed.')
  })
})

test('the arrows go from block to block, and what is selected is told', async () => {
  await on(map, async (page) => {
    await press(page, 'ArrowRight')
    expect(await detail(page)).toBe(
      '0x5500000002a0: 64 B, usable 72 B, size class 64 B | main of process 7, allocation 1, not freed | process 7 the break, [heap]: main 0x550000000000+2a0, page there',
    )
    await press(page, 'ArrowRight', 'ArrowRight', 'ArrowLeft')
    expect(await detail(page)).toContain('0x5500000002f0')
    await press(page, ...Array.from({ length: 17 }, () => 'ArrowRight'))
    expect(await detail(page)).toContain('0x7f0000003000: 200 B')
    expect(await detail(page)).toContain('freed after allocation 20 by main')
    await page.uncheck('[name=freed]')
    await press(page, 'ArrowLeft', 'ArrowRight')
    expect(await detail(page)).toContain('0x7f0000003000: 150 B')
  })
})

test('the pointer finds what is drawn under it, at any time', async () => {
  await on(map, async (page) => {
    const ownersSeen = () =>
      page.evaluate(() => {
        const canvas = document.querySelector('#map canvas') as HTMLCanvasElement
        const { left, top, width } = canvas.getBoundingClientRect()
        const rows = (document.querySelector('#map .spacer')?.clientHeight ?? 0) / 20
        const seen = new Set<string>()
        for (let row = 0; row < rows; ++row) {
          for (let x = 84; x < width - 8; x += 2) {
            const at = { clientX: left + x, clientY: top + row * 20 + 8 }
            canvas.dispatchEvent(new MouseEvent('mousemove', at))
            seen.add(document.querySelector('#detail .numbers-text')?.textContent?.split(',')[0] ?? '')
          }
        }
        return [...seen].sort()
      })
    const all = ['', 'main of fork 8', 'main of process 7', 'thread 0 of process 7', 'thread 1 of process 7']
    expect(await ownersSeen()).toEqual(all)
    await setTime(page, 0)
    expect(await ownersSeen()).toEqual(['', 'main of process 7'])
    await setTime(page, 21)
    expect(await ownersSeen()).toEqual(all.filter((owner) => !owner.includes('fork')))
  })
})

test('zoom by keys, buttons and wheel, and back', async () => {
  await on(map, async (page) => {
    const first = await rowBytes(page)
    await press(page, 'ArrowRight', '+', '+', '+', '+')
    const near = await rowBytes(page)
    expect(near).not.toBe(first)
    await press(page, '-')
    expect(await rowBytes(page)).not.toBe(near)
    await page.locator('#nearer').click()
    await settled(page)
    expect(await rowBytes(page)).toBe(near)
    await page.locator('#whole').click()
    expect(await rowBytes(page)).toBe(first)
    await page.locator('#map').scrollIntoViewIfNeeded()
    await page.locator('#map canvas').hover({ position: { x: 300, y: 50 } })
    await page.mouse.wheel(0, 10)
    await settled(page)
    expect(await rowBytes(page)).toBe(first)
    await page.locator('#map canvas').hover({ position: { x: 300, y: 50 } })
    await page.keyboard.down('Control')
    await page.mouse.wheel(0, -100)
    await page.keyboard.up('Control')
    await settled(page)
    expect(await rowBytes(page)).not.toBe(first)
  })
})

test('as near as it goes each block is drawn in its colour, until it is freed', async () => {
  await on(map, async (page) => {
    await press(page, 'ArrowRight', ...Array.from({ length: 30 }, () => '+'))
    expect(await rowBytes(page)).toBe('64 B')
    const row = await page.locator('#map').evaluate((frame) => {
      frame.scrollTop = 0
      return frame.clientHeight
    })
    expect(row).toBeGreaterThan(200)
    await settled(page)
    // Process, break, the first row, what is before the first block, and its row of 64 bytes, in the middle of which it begins.
    expect(await pixels(page, 88, 200, 1000)).toEqual(['238,241,245', '11,70,134'])
  })
})

test('a click on a name lets its blocks stand out; another colour is another legend', async () => {
  await on(map, async (page) => {
    const names = () => page.locator('#legend > *').allInnerTexts()
    expect(await names()).toEqual(['main', 'thread 0', 'thread 1'])
    await page.locator('#legend button', { hasText: 'thread 1' }).click()
    expect(await page.locator('#legend [aria-pressed=true]').allInnerTexts()).toEqual(['thread 1'])
    await page.locator('#legend button', { hasText: 'thread 1' }).click()
    expect(await page.locator('#legend [aria-pressed=true]').count()).toBe(0)
    await page.selectOption('[name=colour]', 'process')
    expect(await names()).toEqual(['process 7', 'fork 8'])
    await page.selectOption('[name=colour]', 'size')
    expect((await names())[0]).toBe('from 64 B')
    await page.selectOption('[name=colour]', 'age')
    expect((await names())[0]).toBe('from allocation 1')
  })
})

test('time passes by itself, and stops', async () => {
  await on(map, async (page) => {
    await page.locator('#play').click()
    await page.waitForFunction(() => {
      const time = Number(document.querySelector<HTMLInputElement>('[name=time]')?.value)
      return time > 2 && time < 24
    })
    await page.locator('#play').click()
    const time = await page.locator('[name=time]').inputValue()
    await settled(page)
    expect(await page.locator('[name=time]').inputValue()).toBe(time)
    expect(await page.locator('#play').innerText()).toBe('Play')
  })
})

test('without blocks there are pages, and nothing about time', async () => {
  await on(pagesOnly, async (page) => {
    expect(await page.locator('[name=time]').isVisible()).toBe(false)
    await page.locator('#map').scrollIntoViewIfNeeded()
    const box = await page.locator('#map canvas').boundingBox()
    await page.mouse.move((box?.x ?? 0) + 90, (box?.y ?? 0) + 48)
    expect(await detail(page)).toContain('no block')
    expect(await detail(page)).toContain('page there')
  })
})

test('what others wrote is text', async () => {
  await on(evil[0] as LabMap, async (page) => {
    expect(await page.locator('img').count()).toBe(0)
    expect(await page.locator('h1').innerText()).toContain('<img src=x onerror=alert(1)>')
    await press(page, 'ArrowRight')
    expect(await detail(page)).toContain('<img src=x onerror=alert(1)>')
  })
})

test('a million blocks are shown, and changed within a moment', async () => {
  await on(largeMap(1_000_000), async (page) => {
    const took = async (act: () => Promise<unknown>) => {
      const start = performance.now()
      await act()
      await settled(page)
      return performance.now() - start
    }
    expect(await took(() => setTime(page, 400_000))).toBeLessThan(30_000)
    expect(await state(page)).toMatch(/^After allocation 400,001 of 1,000,000: \d{3},\d{3} live blocks/)
    expect(await took(() => page.selectOption('[name=colour]', 'age'))).toBeLessThan(30_000)
    expect(await took(() => press(page, 'ArrowRight', '+', '+', '+', '+', '+', '+', '+', '+', '+', '+'))).toBeLessThan(
      60_000,
    )
    expect(await rowBytes(page)).toMatch(/ KiB$/)
    expect(Number(await page.locator('#map').getAttribute('data-draw-ms'))).toBeLessThan(20_000)
    expect(await page.locator('*').count()).toBeLessThan(400)
  })
})

test('fits windows of 1280, 800, 400 and 320 pixels', async () => {
  for (const shown of [map, pagesOnly, largeMap(500), evil[0] as LabMap]) {
    await on(shown, async (page) => {
      const found: number[] = []
      for (const width of [1280, 800, 400, 320]) {
        await page.setViewportSize({ width, height: 900 })
        await settled(page)
        found.push(await page.evaluate(() => document.documentElement.scrollWidth))
      }
      expect(found).toEqual([1280, 800, 400, 320])
    })
  }
})

test('keeps to what axe knows of accessibility, light and dark', async () => {
  const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
  await on(map, async (page) => {
    await page.evaluate(axe)
    const violations = () =>
      page.evaluate(async () => {
        const { axe } = window as unknown as { axe: Axe }
        return (await axe.run(document)).violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html.slice(0, 200)}`)
      })
    expect(await violations()).toEqual([])
    await page.emulateMedia({ colorScheme: 'dark' })
    expect(await violations()).toEqual([])
  })
})

/** What axe-core puts into a page. */
interface Axe {
  run(on: Document): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }>
}
