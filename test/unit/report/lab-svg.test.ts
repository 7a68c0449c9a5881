/** The lab's pictures: the same for the same data, XML whatever names there are, and readable in grey. */

import { describe, expect, test } from 'vitest'
import { memoryPages, validateXML } from 'xmllint-wasm'
import { pictureSvg } from '../../../lib/report/index.ts'
import { contrast, dark, inkOn, light, luminance } from '../../../lib/report/lab/colours.ts'
import { empty, evil, largeMap, pictures } from './lab-results.ts'

/** What libxml2 says against a text. */
async function problems(xml: string): Promise<string[]> {
  const { errors } = await validateXML({
    xml: [{ fileName: 'p.svg', contents: xml }],
    extension: 'schema',
    schema: [anything],
    maxMemoryPages: memoryPages.MiB * 128,
  })
  return errors.map(({ message }) => message)
}

/** A schema that takes every SVG: what is asked is whether it is XML. */
const anything = `<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="http://www.w3.org/2000/svg" elementFormDefault="qualified"><xs:element name="svg"><xs:complexType mixed="true"><xs:sequence><xs:any processContents="skip" minOccurs="0" maxOccurs="unbounded"/></xs:sequence><xs:anyAttribute processContents="skip"/></xs:complexType></xs:element></xs:schema>`

describe.each(Object.entries(pictures))('%s', (name, picture) => {
  test('as a snapshot', async () => {
    await expect(pictureSvg(picture)).toMatchFileSnapshot(`screens/lab-${name}.svg`)
  })

  test('is XML, and says in words what it shows', async () => {
    const svg = pictureSvg(picture)
    expect(await problems(svg)).toEqual([])
    expect(svg).toContain(`<title>${picture.title}</title>`)
    expect(/<desc>(.*)<\/desc>/.exec(svg)?.[1]?.length).toBeGreaterThan(40)
  })
})

test.each(['process', 'size', 'age'] as const)('a map coloured by %s', async (colour) => {
  await expect(pictureSvg(pictures['map'] as (typeof evil)[0], { colour, width: 320 })).toMatchFileSnapshot(
    `screens/lab-map-by-${colour}.svg`,
  )
})

test('the same data in another order of keys and blocks gives the same map', () => {
  const { map } = pictures
  if (map?.kind !== 'map') throw new Error('no map')
  const turned = { ...map, blocks: map.blocks.toReversed(), mappings: map.mappings.toReversed() }
  expect(pictureSvg(turned)).toBe(pictureSvg(map))
})

describe('names that others chose', () => {
  test.each(evil.map((picture) => [picture.kind, picture] as const))('%s: are text', async (_, picture) => {
    const svg = pictureSvg(picture)
    expect(await problems(svg)).toEqual([])
    expect(svg).toContain('&lt;/script&gt;&lt;img')
    expect(svg).not.toMatch(/<script|<img|<foreignObject/)
    expect(svg).not.toContain('\u001b')
  })
})

test.each(empty.map((picture) => [picture.kind, picture] as const))(
  '%s: nothing is a picture too',
  async (_, picture) => {
    const svg = pictureSvg(picture)
    expect(await problems(svg)).toEqual([])
    expect(svg).not.toMatch(/NaN|Infinity|undefined/)
  },
)

test.each(Object.entries(pictures))('%s: has numbers only where numbers are', (_, picture) => {
  for (const width of [320, 480, 1000]) expect(pictureSvg(picture, { width })).not.toMatch(/NaN|Infinity|undefined/)
})

test('twenty thousand blocks are no large file, and are as quickly drawn as read', () => {
  expect(pictureSvg(largeMap(20_000)).length).toBeLessThan(400_000)
})

describe('in grey', () => {
  test.each([
    ['light', light],
    ['dark', dark],
  ])('%s: fills that follow each other differ in lightness, and all from each other', (_, { fills }) => {
    const steps = fills.slice(1).map((fill, at) => contrast(fill, fills[at] ?? ''))
    expect(Math.min(...steps)).toBeGreaterThan(2)
    const sorted = fills.toSorted((a, b) => luminance(a) - luminance(b))
    expect(Math.min(...sorted.slice(1).map((fill, at) => contrast(fill, sorted[at] ?? '')))).toBeGreaterThan(1.2)
  })

  test.each([
    ['light', light],
    ['dark', dark],
  ])('%s: ramps go one way', (mode, { ramp }) => {
    const all = ramp.map(luminance)
    expect(all).toEqual(all.toSorted((a, b) => (mode === 'light' ? b - a : a - b)))
    expect(Math.min(...ramp.slice(1).map((step, at) => contrast(step, ramp[at] ?? '')))).toBeGreaterThan(1.15)
  })

  test.each([
    ['light', light],
    ['dark', dark],
  ])('%s: texts have the contrast that WCAG asks for', (_, { fills, ramp, paper, ink, soft, lines, accent }) => {
    for (const colour of [...fills, ...ramp]) expect(contrast(colour, inkOn(colour))).toBeGreaterThan(4.5)
    for (const colour of [ink, soft]) expect(contrast(colour, paper)).toBeGreaterThan(4.5)
    for (const colour of [...lines, accent]) expect(contrast(colour, paper)).toBeGreaterThan(3)
  })
})
