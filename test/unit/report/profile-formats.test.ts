/** A profile in every format that others read, held against what those formats say of themselves and against their readers. */

import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { Ajv } from 'ajv'
import { Profile as Pprof } from 'pprof-format'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import {
  profileCollapsed,
  profileGperftools,
  profilePprof,
  profileSpeedscope,
  profileText,
} from '../../../lib/report/index.ts'
import type { Profile, ProfileFrame, ProfileStack } from '../../../lib/types.ts'
import { scratch } from '../../support/launching.ts'
import { lackingTool, requireOrSkip } from '../../support/needs.ts'
import { ascii50, colour80, plain80 } from './fixtures.ts'
import { large, small } from './profiles.ts'

const folder = scratch()
afterAll(() => folder.remove())

test('the text', async () => {
  expect(profileText(small, plain80)).toMatchInlineSnapshot(`
    "35.5 MiB [27.7 MiB, 44.8 MiB] allocated, 11 MiB [6.89 MiB, 16.7 MiB] of it live
    at the end
    by 71 samples, one in 512 KiB, in 2 processes; 97 % reach the start of their
    program or thread
    live at exit, by stack
      6 MiB [3.1 MiB, 10.5 MiB], 55 %, about 120 blocks
        shop::Order::reserve(unsigned long)  /src/shop.cpp:8
          shop::fill(std::vector<shop::Order>&)  /src/shop.cpp:21
            main  /src/shop.cpp:42
      4.5 MiB [2.05 MiB, 8.54 MiB], 41 %, about 90 blocks
        handle  /srv/app.js:12
          libx.so.1+0x55
            main  /src/shop.cpp:42
      512 KiB [6.69 KiB, 2.78 MiB], 4.5 %, about 10 blocks
        </script><img src=x onerror=alert(1)>;" red  …rc=x onerror=alert(1)>;" red:3
          0x7fff00000000
    allocated, by stack
      30 MiB [22.9 MiB, 38.6 MiB], 85 %, about 600 blocks
        shop::Order::reserve(unsigned long)  /src/shop.cpp:8
          shop::fill(std::vector<shop::Order>&)  /src/shop.cpp:21
            main  /src/shop.cpp:42
      4.5 MiB [2.05 MiB, 8.54 MiB], 13 %, about 90 blocks
        handle  /srv/app.js:12
          libx.so.1+0x55
            main  /src/shop.cpp:42
      1 MiB [115 KiB, 3.61 MiB], 2.8 %, about 20 blocks
        </script><img src=x onerror=alert(1)>;" red  …rc=x onerror=alert(1)>;" red:3
          0x7fff00000000
    "
  `)
  await expect(profileText(small, ascii50)).toMatchFileSnapshot('screens/profile-ascii50.txt')
  for (const line of profileText(large(2000), plain80).split('\n')) expect(line.length).toBeLessThan(81)
  expect(profileText(large(2000), plain80).split('\n').length).toBeLessThan(75)
  // Nothing that anybody wrote moves the cursor; the colours are ours.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
  expect(profileText(small, plain80)).not.toMatch(/[\x00-\x09\x0b-\x1f]/)
  expect(profileText(small, colour80)).toContain('<cyan>6 MiB')
})

test('of nothing', () => {
  const none = { value: 0, variance: 0, low: 0, high: 0 }
  const empty = { ...small, stacks: [], frames: [], allocatedBytes: none, liveBytes: none }
  expect(profileText(empty, plain80)).toContain('nothing that was sampled')
  expect(profileCollapsed(empty)).toBe('')
  expect(JSON.parse(profileSpeedscope(empty, 'x')).profiles).toHaveLength(4)
  expect(Pprof.decode(profilePprof(empty)).sample).toEqual([])
  expect(profileGperftools(empty)).toMatch(/^heap profile: 0: 0 \[0: 0\] @ heapprofile\n$/m)
})

test('collapsed stacks: a line each, whatever the names hold', () => {
  expect(profileCollapsed(small)).toMatchInlineSnapshot(`
    "0x7fff00000000;</script><img src=x onerror=alert(1)>:" red 1048576
    main;libx.so.1+0x55;handle 4718592
    main;shop::fill(std::vector<shop::Order>&);shop::Order::reserve(unsigned long) 31457280
    "
  `)
  expect(profileCollapsed(small, 'liveBlocks')).toMatchInlineSnapshot(`
    "0x7fff00000000;</script><img src=x onerror=alert(1)>:" red 10
    main;libx.so.1+0x55;handle 90
    main;shop::fill(std::vector<shop::Order>&);shop::Order::reserve(unsigned long) 120
    "
  `)
  const lines = profileCollapsed(large(500)).trimEnd().split('\n')
  expect(lines.every((line) => /^[^;]+(;[^;]+)* [1-9]\d*$/.test(line))).toBe(true)
  expect(sum(lines.map((line) => Number(line.slice(line.lastIndexOf(' ')))))).toBe(
    Math.round(large(500).allocatedBytes.value),
  )
})

const sum = (values: number[]) => values.reduce((all, value) => all + value, 0)

test('speedscope: by its own schema, each kind of number with its sum', () => {
  const schema = createRequire(import.meta.url).resolve('speedscope/dist/release/file-format-schema.json')
  const validate = new Ajv({ strict: false }).compile(JSON.parse(readFileSync(schema, 'utf8')))
  for (const profile of [small, large(500)]) {
    const file = JSON.parse(profileSpeedscope(profile, 'shop'))
    validate(file)
    expect(validate.errors).toBe(null)
    const [live, allocated] = file.profiles as { weights: number[]; samples: number[][]; endValue: number }[]
    expect(sum(live?.weights ?? [])).toBe(profile.liveBytes.value)
    expect(sum(allocated?.weights ?? [])).toBe(profile.allocatedBytes.value)
    expect(allocated?.endValue).toBe(profile.allocatedBytes.value)
  }
  const names = JSON.parse(profileSpeedscope(small, 'shop')).shared.frames.map(({ name }: { name: string }) => name)
  expect(names).toMatchInlineSnapshot(`
    [
      "shop::Order::reserve(unsigned long)",
      "shop::fill(std::vector<shop::Order>&)",
      "main",
      "handle",
      "libx.so.1+0x55",
      "0x7fff00000000",
      "</script><img src=x onerror=alert(1)>;" red",
    ]
  `)
})

describe('pprof', () => {
  test('is the same each time, and holds what the profile holds', () => {
    expect(Buffer.from(profilePprof(small)).equals(profilePprof(small))).toBe(true)
    const read = Pprof.decode(profilePprof(small))
    const text = (at: number | bigint) => read.stringTable.strings[Number(at)]
    expect(read.sampleType.map(({ type, unit }) => `${text(type)}/${text(unit)}`)).toEqual([
      'alloc_objects/count',
      'alloc_space/bytes',
      'inuse_objects/count',
      'inuse_space/bytes',
    ])
    expect(read.sample.map(({ value }) => value.map(Number))).toEqual(
      small.stacks.map((stack) => [
        stack.allocatedBlocks,
        stack.allocatedBytes.value,
        stack.liveBlocks,
        stack.liveBytes.value,
      ]),
    )
    // The inlined function shares the location of the one that holds it.
    expect(read.location.map(({ line }) => line.length)).toEqual([2, 1, 1, 0, 1, 0])
    expect(read.mapping.map(({ filename, buildId }) => [text(filename), text(buildId)])).toEqual([
      ['/usr/bin/shop', 'abcd'],
      ['/usr/lib/libx.so.1', ''],
    ])
    const inside = read.location.every(({ mappingId, address }) => {
      const mapping = read.mapping[Number(mappingId) - 1]
      return mapping === undefined || (address >= mapping.memoryStart && address < mapping.memoryLimit)
    })
    expect(inside).toBe(true)
  })

  describe("Go's own reader", () => {
    beforeEach(({ skip }) => requireOrSkip(skip, lackingTool('go', 'golang-go')))
    const top = (index: string, ...options: string[]) => {
      const file = join(folder.path, 'profile.pb.gz')
      writeFileSync(file, gzipSync(profilePprof(small)))
      const words = ['tool', 'pprof', '-top', '-symbolize=none', `-sample_index=${index}`, '-unit=B', ...options, file]
      return execFileSync('go', words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
    }

    test('shows functions with their bytes and blocks', () => {
      const text = top('inuse_space')
      expect(text).toMatch(/^Type: inuse_space$/m)
      expect(text).toMatch(/ 6291456B .* shop::Order::reserve\(unsigned long\) \(inline\)$/m)
      expect(text).toMatch(/ 4718592B .* handle$/m)
      expect(top('alloc_objects')).toMatch(/ 600B? .* shop::Order::reserve\(unsigned long\) \(inline\)$/m)
    })

    test('by lines, and by thread', () => {
      expect(top('alloc_space', '-lines')).toContain('/src/shop.cpp:8 (inline)')
      expect(top('alloc_space', '-tagfocus=thread=worker')).toMatch(/ 10485760B .* shop::Order::reserve/)
    })
  })
})

describe("gperftools' format", () => {
  test('names in front, then a line a stack with estimates that nobody scales again', () => {
    expect(profileGperftools(small)).toMatchInlineSnapshot(`
      "--- symbol
      binary=/usr/bin/shop
      0x1000 shop::fill(std::vector<shop::Order>&)--shop::Order::reserve(unsigned long)
      0x1001 shop::fill(std::vector<shop::Order>&)--shop::Order::reserve(unsigned long)
      0x1002 main
      0x1003 main
      0x1004 handle
      0x1005 handle
      0x1006 libx.so.1+0x55
      0x1007 libx.so.1+0x55
      0x1008 </script><img src=x onerror=alert(1)>;" red
      0x1009 </script><img src=x onerror=alert(1)>;" red
      0x100a 0x7fff00000000
      0x100b 0x7fff00000000
      ---
      heap profile: 220: 11534336 [710: 37224448] @ heapprofile
      120: 6291456 [600: 31457280] @ 0x1001 0x1003
      90: 4718592 [90: 4718592] @ 0x1005 0x1007 0x1003
      10: 524288 [20: 1048576] @ 0x1009 0x100b
      "
    `)
    const frames = [...small.frames, { ...(small.frames[2] as ProfileFrame), function: 'Iterator::operator--(int)' }]
    const stacks = [[7], []].map((way) => ({ ...(small.stacks[0] as ProfileStack), frames: way }))
    const text = profileGperftools({ ...small, frames, stacks, processes: [] })
    expect(text).toContain('\n0x1001 Iterator::operator- -(int)\n0x1002 (no frames)\n0x1003 (no frames)\n---\n')
    const total = small.stacks[0]?.allocatedBytes.value ?? 0
    expect(text).toMatch(new RegExp(`^heap profile: \\d+: \\d+ \\[\\d+: ${2 * total}\\] @ heapprofile$`, 'm'))
  })

  describe.each([
    ['google-pprof', 'google-perftools'],
    ['jeprof', 'libjemalloc-dev'],
  ])('%s', (tool, debianPackage) => {
    beforeEach(({ skip }) => requireOrSkip(skip, lackingTool(tool, debianPackage)))
    const text = (profile: Profile, kind: string) => {
      const file = join(folder.path, 'profile.heap')
      writeFileSync(file, profileGperftools(profile))
      const words = ['--text', '--show_bytes', `--${kind}`, file]
      return execFileSync(tool, words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
    }

    test('shows functions with their bytes and blocks, inlined and of JavaScript', () => {
      const live = text(small, 'inuse_space')
      expect(live).toMatch(/^Total: 11534336 B$/m)
      expect(live).toMatch(/^ *6291456 .* shop::Order::reserve \(inline\)$/m)
      expect(live).toMatch(/^ *4718592 .* 4718592 .* handle$/m)
      expect(live).toMatch(/^ *0 +\S+ +\S+ +11010048 +95.5% main$/m)
      expect(text(small, 'alloc_space')).toMatch(/^Total: 37224448 B$/m)
      expect(text(small, 'alloc_objects')).toMatch(/^ *600 .* shop::Order::reserve \(inline\)$/m)
    })

    test('of 500 stacks nothing is lost', () => {
      const profile = large(500)
      const shown = text(profile, 'alloc_space')
      expect(shown).toMatch(new RegExp(`^Total: ${profile.allocatedBytes.value} B$`, 'm'))
      expect(shown.match(/ module\d+::function_\d+/g)?.length).toBeGreaterThan(100)
    })
  })
})
