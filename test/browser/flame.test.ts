/** The flame graph as its readers have it: in a browser, with mouse and keyboard, wide and narrow, light and dark. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { flameHtml } from '../../lib/report/index.ts'
import type { Profile } from '../../lib/types.ts'
import { requireOrSkip } from '../support/needs.ts'
import { EVIL, large, small } from '../unit/report/profiles.ts'
import { complaintsOf, lackingChromium, startChromium } from './chromium.ts'

let browser: Browser | undefined
const folder = mkdtempSync(join(tmpdir(), 'alloc8-flame-'))
beforeAll(async () => {
  if (lackingChromium === null) browser = await startChromium()
})
afterAll(async () => {
  rmSync(folder, { recursive: true })
  await browser?.close()
})
beforeEach(({ skip }) => requireOrSkip(skip, lackingChromium))

let count = 0

/** Shows a profile's page, does something with it, and expects that it did nothing it should not. */
async function on(profile: Profile, act: (page: Page) => Promise<void>, name = './shop --serve'): Promise<void> {
  const file = join(folder, `${count++}.html`)
  writeFileSync(file, flameHtml(profile, name))
  const page = await (browser as Browser).newPage({ viewport: { width: 1280, height: 900 }, colorScheme: 'light' })
  const own = pathToFileURL(file).href
  const complaints = complaintsOf(page, own)
  try {
    await page.goto(own)
    await act(page)
    expect(complaints).toEqual([])
  } finally {
    await page.close()
  }
}

const settled = (page: Page) =>
  page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))))
const detail = async (page: Page) => (await page.locator('#detail p').allInnerTexts()).join(' | ')

/** Points at the middle of a row, at a share of the width. */
async function pointAt(page: Page, row: number, share: number): Promise<void> {
  const box = await page.locator('#flame canvas').boundingBox()
  await page.mouse.move((box?.x ?? 0) + (box?.width ?? 0) * share, (box?.y ?? 0) + row * 21 + 10)
  await settled(page)
}

/** How many pixels of the picture differ from its paper, in each row. */
const inked = (page: Page) =>
  page.evaluate(() => {
    const canvas = document.querySelector<HTMLCanvasElement>('#flame canvas')
    const { width, height } = canvas as HTMLCanvasElement
    const pixels = canvas?.getContext('2d')?.getImageData(0, 0, width, height).data ?? []
    const paper = [...pixels.slice(-4)].join()
    const rows: number[] = []
    for (let y = 10; y < height; y += 21) {
      let sum = 0
      for (let x = 0; x < width; x++) {
        const at = (y * width + x) * 4
        if ([...pixels.slice(at, at + 4)].join() !== paper) sum++
      }
      rows.push(sum / width)
    }
    return rows
  })

test('the numbers of a box are those of the profile, with their interval', async () => {
  await on(small, async (page) => {
    await page.locator('#flame').scrollIntoViewIfNeeded()
    expect(await detail(page)).toMatch(/^all \| {2}\| 11 MiB \[6\.89 MiB, 16\.7 MiB\], 100 % of all, 22 samples$/)
    await pointAt(page, 2, 0.1)
    expect(await detail(page)).toBe(
      'shop::fill(std::vector<shop::Order>&) | /src/shop.cpp | 6 MiB [3.1 MiB, 10.5 MiB], 54.5 % of all, 57.1 % of the box it stands on, 12 samples',
    )
    await page.selectOption('[name=number]', 'allocatedBytes')
    await pointAt(page, 3, 0.1)
    expect(await detail(page)).toMatch(
      /^shop::Order::reserve.* 30 MiB \[22\.9 MiB, 38\.6 MiB\], 84\.5 % of all, .* 60 samples$/,
    )
    await page.selectOption('[name=number]', 'liveBlocks')
    expect(await detail(page)).toContain('220 blocks, 100 % of all')
  })
})

test('a process or a thread by itself', async () => {
  await on(small, async (page) => {
    await page.selectOption('[name=number]', 'allocatedBytes')
    await page.selectOption('[name=who]', 'thread:1')
    expect(await detail(page)).toContain('10 MiB')
    await page.selectOption('[name=who]', 'pid:101')
    expect(await detail(page)).toContain('1 MiB')
    await page.selectOption('[name=number]', 'liveBytes')
    await page.selectOption('[name=who]', 'thread:1')
    expect(await detail(page)).toContain('nothing was sampled here')
  })
})

test('click and keys let a box fill the width, and lead back', async () => {
  await on(small, async (page) => {
    await page.locator('#flame').scrollIntoViewIfNeeded()
    await pointAt(page, 2, 0.9)
    expect(await detail(page)).toContain('libx.so.1+0x55')
    await page.mouse.down()
    await page.mouse.up()
    await page.mouse.move(0, 0)
    await settled(page)
    expect((await inked(page))[3]).toBeGreaterThan(0.95)
    await pointAt(page, 3, 0.05)
    expect(await detail(page)).toContain('handle | /srv/app.js')
    await page.mouse.move(0, 0)
    await page.locator('#flame').focus()
    await page.keyboard.press('Escape')
    await page.keyboard.press('Escape')
    expect(await detail(page)).toMatch(/^all/)
    const names: string[] = []
    for (const key of ['ArrowDown', 'ArrowDown', 'ArrowRight', 'ArrowDown', 'ArrowUp', 'ArrowLeft', 'Home']) {
      await page.keyboard.press(key)
      names.push((await page.locator('#detail .name').innerText()).split('(')[0] ?? '')
    }
    expect(names).toEqual(['main', 'shop::fill', 'libx.so.1+0x55', 'handle', 'libx.so.1+0x55', 'shop::fill', 'all'])
  })
})

test('inverted: the allocating functions stand first', async () => {
  await on(small, async (page) => {
    await page.check('[name=inverted]')
    await page.locator('#flame').focus()
    const names: string[] = []
    for (const key of ['ArrowDown', 'ArrowDown', 'ArrowDown']) {
      await page.keyboard.press(key)
      names.push((await page.locator('#detail .name').innerText()).split('(')[0] ?? '')
    }
    expect(names).toEqual(['shop::Order::reserve', 'shop::fill', 'main'])
    expect(await detail(page)).toContain('6 MiB [3.1 MiB, 10.5 MiB]')
  })
})

test('upwards: the root stands at the bottom', async () => {
  await on(small, async (page) => {
    await page.check('[name=upwards]')
    await page.locator('#flame').scrollIntoViewIfNeeded()
    await pointAt(page, 3, 0.5)
    expect(await detail(page)).toMatch(/^all/)
    await pointAt(page, 0, 0.1)
    expect(await detail(page)).toContain('shop::Order::reserve')
  })
})

test('search counts the outermost of what it finds, by name and by file', async () => {
  await on(small, async (page) => {
    await page.fill('[name=search]', 'shop::')
    expect(await page.locator('#found').innerText()).toBe('2 functions: 6 MiB [3.1 MiB, 10.5 MiB], 54.5 %')
    await page.fill('[name=search]', 'APP.js')
    expect(await page.locator('#found').innerText()).toContain('1 function: 4.5 MiB')
    await page.fill('[name=search]', '')
    expect(await page.locator('#found').innerText()).toBe('')
  })
})

describe('what others wrote', () => {
  test('is text, wherever it stands', async () => {
    await on(
      { ...small, warnings: [{ code: 'x', message: EVIL }], unreadable: [EVIL] },
      async (page) => {
        expect(await page.locator('script, img').count()).toBe(2)
        expect(await page.locator('.warnings li').count()).toBe(2)
        expect(await page.locator('h1').innerText()).toContain('<img src=x onerror=alert(1)>')
        await page.fill('[name=search]', '<img')
        expect(await page.locator('#found').innerText()).toContain('1 function:')
      },
      EVIL,
    )
  })
})

test('twenty thousand stacks are shown and changed within a second or two', async () => {
  await on(large(20_000), async (page) => {
    const took = async (act: () => Promise<unknown>) => {
      const start = performance.now()
      await act()
      await settled(page)
      return performance.now() - start
    }
    expect(await took(() => page.selectOption('[name=number]', 'allocatedBytes'))).toBeLessThan(30_000)
    expect(await took(() => page.check('[name=inverted]'))).toBeLessThan(30_000)
    expect(await took(() => page.fill('[name=search]', 'function_7'))).toBeLessThan(30_000)
    expect(Math.max(...(await inked(page)))).toBeGreaterThan(0.9)
    expect(await page.locator('*').count()).toBeLessThan(400)
  })
})

test('fits windows of 1280, 800 and 400 pixels', async () => {
  for (const profile of [small, large(300), { ...small, stacks: [] }]) {
    await on(profile, async (page) => {
      const found: number[] = []
      for (const width of [1280, 800, 400]) {
        await page.setViewportSize({ width, height: 900 })
        await settled(page)
        found.push(await page.evaluate(() => document.documentElement.scrollWidth))
      }
      expect(found).toEqual([1280, 800, 400])
    })
  }
})

test('keeps to what axe knows of accessibility, light and dark', async () => {
  const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
  await on({ ...small, warnings: [{ code: 'x', message: 'something' }] }, async (page) => {
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
