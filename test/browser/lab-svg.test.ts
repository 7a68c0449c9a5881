/** The lab's pictures as a browser draws them: at every width no letter lies outside or on another, light and dark. */

import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { pictureSvg } from '../../lib/report/index.ts'
import { requireOrSkip } from '../support/needs.ts'
import { evil, pictures } from '../unit/report/lab-results.ts'
import { lackingChromium, startChromium } from './chromium.ts'

let browser: Browser | undefined
beforeAll(async () => {
  if (lackingChromium === null) browser = await startChromium()
})
afterAll(async () => {
  await browser?.close()
})
beforeEach(({ skip }) => requireOrSkip(skip, lackingChromium))

/** The texts and signs of a picture that reach out of it, and pairs of them that lie on each other. */
async function collisions(svg: string): Promise<string[]> {
  const page = await (browser as Browser).newPage({ viewport: { width: 1100, height: 900 } })
  try {
    await page.setContent(`<!doctype html><body style="margin:0">${svg}</body>`)
    return await page.evaluate(() => {
      const picture = document.querySelector('svg')
      const whole = picture?.getBoundingClientRect() ?? new DOMRect()
      const texts = [...(picture?.querySelectorAll('text') ?? [])].map((text) => {
        // Boxes have room for accents above and below what there is of letters.
        const { left, right, top, bottom } = text.getBoundingClientRect()
        return { left, right, top: top + 3, bottom: bottom - 3, says: text.textContent ?? '' }
      })
      const signs = [...(picture?.querySelectorAll('g') ?? [])].filter((sign) => sign.querySelector('text') === null)
      for (const { left, right, top, bottom } of signs.map((sign) => sign.getBoundingClientRect())) {
        if (right > left) texts.push({ left, right, top, bottom, says: 'a sign of the legend' })
      }
      const found: string[] = []
      for (const [at, a] of texts.entries()) {
        if (a.left < whole.left - 1 || a.right > whole.right + 1 || a.bottom > whole.bottom)
          found.push(`out: ${a.says}`)
        for (const b of texts.slice(at + 1)) {
          const apart = a.right <= b.left + 0.5 || b.right <= a.left + 0.5 || a.bottom <= b.top || b.bottom <= a.top
          if (!apart) found.push(`${a.says} on ${b.says}`)
        }
      }
      return found
    })
  } finally {
    await page.close()
  }
}

const all = [...Object.entries(pictures), ...evil.map((picture) => [`hostile ${picture.kind}`, picture] as const)]

describe.each([320, 400, 480, 1000])('at %i pixels', (width) => {
  test.each(all)('%s: texts lie within the picture, and not on each other', async (_, picture) => {
    expect(await collisions(pictureSvg(picture, { width }))).toEqual([])
  })
})

test('collisions are seen', async () => {
  const texts = '<text x="10" y="20">abc</text><text x="15" y="22">def</text><text x="95" y="60">ghi</text>'
  expect(await collisions(`<svg width="100" height="100">${texts}</svg>`)).toEqual(['abc on def', 'out: ghi'])
})

test('a picture in a page is light or dark as its reader wants it, and shrinks with its letters', async () => {
  const page = await (browser as Browser).newPage({ viewport: { width: 320, height: 900 } })
  const svg = Buffer.from(pictureSvg(Object.values(pictures)[0] as (typeof evil)[0])).toString('base64')
  await page.setContent(
    `<!doctype html><html style="color-scheme:light dark"><body style="margin:0"><img style="max-width:100%" src="data:image/svg+xml;base64,${svg}"></body></html>`,
  )
  // What the reader sees, from the screen: an image changes with the scheme some frames after the page does.
  const paper = async () => {
    const shot = (await page.screenshot()).toString('base64')
    return page.evaluate(async (png) => {
      const image = new Image()
      image.src = `data:image/png;base64,${png}`
      await image.decode()
      const context = document.createElement('canvas').getContext('2d') as CanvasRenderingContext2D
      context.drawImage(image, 0, 0)
      return [...context.getImageData(100, 3, 1, 1).data].slice(0, 3).join()
    }, shot)
  }
  expect(await page.evaluate(() => document.querySelector('img')?.clientWidth)).toBe(320)
  for (const [colorScheme, colour] of [
    ['light', '255,255,255'],
    ['dark', '22,27,34'],
  ] as const) {
    await page.emulateMedia({ colorScheme })
    await expect.poll(paper, { timeout: 10_000 }).toBe(colour)
  }
  await page.close()
})
