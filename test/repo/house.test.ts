/** The house as data agrees with itself, with the folders that there are, and with what the READMEs say in words. */

import { readdirSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { type House, libHouse, nativeHouse } from './house.ts'
import { inlineCode, tableRows } from './markdown.ts'
import { root, textOf } from './tree.ts'

/** What a row of the table under a README's "The map" says: the room, and what its last cell lets it import. */
function roomsInWords(markdown: string): { room: string; words: string }[] {
  const map = /^## The map$(.*?)^## /ms.exec(markdown)?.[1] ?? ''
  return tableRows(map).map((cells) => ({
    room: (inlineCode(cells[0] ?? '')[0] ?? '').split('/')[0] ?? '',
    words: (cells.at(-1) ?? '').replaceAll('`', ''),
  }))
}

/** The same words for a room of the house, in the same order of names. */
function inWords(house: House, room: string): string[] {
  const imports = house.rooms[room]?.imports ?? []
  return typeof imports === 'string' ? [imports] : [...imports].map((path) => plain(path)).sort()
}

/** A name as one writes it in a table: without `.ts`, the contract without its folder. */
function plain(name: string): string {
  return name === 'platform/platform.h' ? 'platform.h' : name.replace(/\.ts$/, '')
}

function listed(house: House, words: string): string[] {
  if (words === 'nothing' || words === 'itself') return []
  const open = house.open.map(plain)
  return words
    .split(/,\s*/)
    .filter((word) => !open.includes(word))
    .sort()
}

/** The rooms that reach themselves over what they import. */
function circles(house: House): string[] {
  const next = (room: string) => {
    const imports = house.rooms[room]?.imports ?? []
    return typeof imports === 'string' ? [] : imports.map((each) => each.split('/')[0] ?? '')
  }
  return Object.keys(house.rooms).filter((start) => {
    const seen = new Set<string>()
    const waiting = [...next(start)]
    for (let room = waiting.pop(); room !== undefined; room = waiting.pop()) {
      if (seen.has(room)) continue
      seen.add(room)
      waiting.push(...next(room))
    }
    return seen.has(start)
  })
}

describe.each([
  ['lib/README.md', libHouse],
  ['native/README.md', nativeHouse],
])('%s', (file, house) => {
  const rows = roomsInWords(textOf(file))

  test('says what the checks allow', () => {
    expect(rows.length).toBeGreaterThan(5)
    for (const { room, words } of rows)
      expect({ room, words: listed(house, words) }).toEqual({ room, words: inWords(house, room) })
  })

  test('has a row for every folder that there is', () => {
    const entries = readdirSync(root + house.folder, { withFileTypes: true })
    const rooms = entries.filter((each) => each.isDirectory() || each.name.endsWith('.ts')).map((each) => each.name)
    expect(rows.map(({ room }) => room).sort()).toEqual(rooms.sort())
  })
})

test('the house has no circle: a room that imports another is never imported by it, however far', () => {
  expect([...circles(libHouse), ...circles(nativeHouse)]).toEqual([])
  const rooms = { a: { imports: ['b'] }, b: { imports: ['c/only.h'] }, c: { imports: ['a'] } }
  expect(circles({ folder: 'x', open: [], rooms })).toEqual(['a', 'b', 'c'])
  expect(circles({ folder: 'x', open: [], rooms: { ...rooms, c: { imports: [] } } })).toEqual([])
})
