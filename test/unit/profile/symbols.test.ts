/** Names for addresses, by real symbolisers in real programs: inlined functions, stripped files, replaced ones. */

import { copyFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { readBuildId } from '../../../lib/binding/build-id.ts'
import { buildProfile } from '../../../lib/profile/index.ts'
import { readPlainAnswers, type Symboliser } from '../../../lib/profile/tool.ts'
import type { Profile } from '../../../lib/types.ts'
import { scratch } from '../../support/launching.ts'
import { findTool, lackingTool, requireOrSkip } from '../../support/needs.ts'
import { buildIdOf, frameAt, lineOf, raw, realStack, session, site } from './raw.ts'

const folder = scratch()
afterAll(() => folder.remove())
const stacks: Record<string, Awaited<ReturnType<typeof realStack>>> = {}
beforeAll(async () => {
  const id = '-Wl,--build-id'
  stacks.debug = await realStack(folder.path, 'debug', ['-g', id])
  stacks.fixed = await realStack(folder.path, 'fixed', ['-g', '-no-pie', id])
  stacks.plain = await realStack(folder.path, 'plain', [id])
  stacks.stripped = await realStack(folder.path, 'stripped', ['-s', id])
})

async function profileOf(name: string, symboliser?: Symboliser | null): Promise<Profile> {
  const { modules, frames } = stacks[name] ?? expect.fail(name)
  return buildProfile(session(raw(modules, [site(frames)])), { symboliser })
}

/** The frames of the first stack that are in the program itself, as text. */
function own(profile: Profile): string[] {
  const frames = (profile.stacks[0]?.frames ?? []).map((at) => profile.frames[at] ?? expect.fail(`no frame ${at}`))
  return frames
    .filter(({ module }) => module?.startsWith(folder.path))
    .map(({ function: name, file, line, inlined }) => {
      const place = file === null ? '' : ` ${file.replace(`${folder.path}/`, '')}:${line}`
      return `${name}${place}${inlined ? ' (inlined)' : ''}`
    })
}

const withLines = (name: string, inlined: string) => [
  `${inlined} ${name}.cpp:${lineOf('line 8')} (inlined)`,
  `int shop::middle<double>(double, void**) ${name}.cpp:${lineOf('line 11')}`,
  `shop::outer(void**) ${name}.cpp:${lineOf('line 16')}`,
  `main ${name}.cpp:${lineOf('line 23')}`,
  '_start',
]

describe.each([
  ['llvm', 'llvm-symbolizer', 'llvm', 'deep'],
  // It calls the innermost one by the name of the function that holds it.
  ['binutils', 'addr2line', 'binutils', 'int shop::middle<double>(double, void**)'],
] as const)('%s', (kind, name, from, inlined) => {
  const tool = (): Symboliser => ({ kind, path: findTool(name) ?? '' })
  beforeEach(({ skip }) => requireOrSkip(skip, lackingTool(name, from)))

  test.each(['debug', 'fixed'])('%s: functions with lines, inlined ones among them', async (program) => {
    const profile = await profileOf(program, tool())
    expect(own(profile)).toEqual(withLines(program, inlined))
    expect(profile.warnings).toEqual([])
  })

  test('without debug information: the functions that are left', async () => {
    const profile = await profileOf('plain', tool())
    const names = ['int shop::middle<double>(double, void**)', 'shop::outer(void**)', 'main', '_start']
    expect(own(profile)).toEqual(names)
    expect(profile.frames.some((frame) => frame.file !== null && frame.module === stacks.plain?.path)).toBe(false)
  })
})

test('a stripped program has no lines and no invented names', async () => {
  const profile = await profileOf('stripped')
  for (const text of own(profile))
    expect(text).toMatch(/^(?:null|int shop::middle<double>.*|shop::outer.*|main|_start)$/)
  expect(profile.frames.every(({ address }) => /^0x[0-9a-f]+$/.test(address))).toBe(true)
})

test('the build ids are those that readelf reads', () => {
  for (const path of [stacks.debug?.path ?? '', process.execPath, '/bin/sh']) {
    expect([path, readBuildId(path) ?? '']).toEqual([path, buildIdOf(path)])
  }
  expect(readBuildId(import.meta.filename)).toBe(null)
})

test('without a symboliser frames keep file and address, and the warning says what to install', async () => {
  const profile = await profileOf('debug', null)
  expect(profile.frames.every((frame) => frame.function === null && frame.module !== null)).toBe(true)
  expect(profile.warnings).toMatchObject([
    { code: 'no-symboliser', message: expect.stringContaining('apt-get install') },
  ])
})

describe('a file that is not the one that ran', () => {
  test('is named, and its functions are not', async () => {
    const { modules, frames } = stacks.debug ?? expect.fail()
    const copy = join(folder.path, 'replaced')
    copyFileSync(stacks.plain?.path ?? '', copy)
    const moved = modules.map((module, at) => (at === 0 ? { ...module, path: copy } : module))
    const profile = await buildProfile(session(raw(moved, [site(frames)])))
    expect(own(profile)).toEqual(own(profile).map(() => 'null'))
    expect(profile.warnings.map(({ message }) => message)).toEqual([
      expect.stringContaining(`${copy} has no names: the file was replaced`),
    ])
    rmSync(copy)
    const gone = await buildProfile(session(raw(moved, [site(frames)])))
    expect(gone.warnings.map(({ message }) => message)).toEqual([`${copy} has no names: the file is gone`])
  })

  test('may be a folder, or a symboliser that fails: a warning each', async () => {
    const modules = [{ path: folder.path, buildId: '', bias: 0n }]
    const profile = await buildProfile(session(raw(modules, [site([frameAt(0, 0x1234)])])))
    expect(profile.warnings[0]?.message).toContain('no regular file')
    const failing = await profileOf('debug', { kind: 'llvm', path: '/bin/false' })
    expect(failing.warnings[0]?.message).toContain('/bin/false ended with status 1')
  })

  test('the kernel’s own pages are none', async () => {
    const modules = [{ path: '[vdso]', buildId: 'ab', bias: 0n }]
    const profile = await buildProfile(session(raw(modules, [site([frameAt(0, 0x1234)])])))
    expect([profile.warnings, profile.frames[0]?.module]).toEqual([[], '[vdso]'])
  })
})

test('a large program takes a few seconds at most', async () => {
  const addresses = Array.from({ length: 3000 }, (_, n) => 0x900000 + n * 7001)
  const modules = [{ path: process.execPath, buildId: buildIdOf(process.execPath), bias: 0n }]
  const sites = addresses.map((address) => site([frameAt(0, address)]))
  const profile = await buildProfile(session(raw(modules, sites)))
  expect(profile.frames.filter((frame) => frame.function !== null).length).toBeGreaterThan(2000)
})

test('plain answers that are out of step are not taken for others', () => {
  const text = [
    '0x0000000000000010',
    'evil',
    'name',
    '??:0',
    '0x0000000000000020',
    'good()',
    '/a.c:7 (discriminator 3)',
    '',
  ]
  const places = readPlainAnswers(text.join('\n'), [0x10, 0x20])
  expect(places.get(0x20)).toEqual([{ function: 'good()', file: '/a.c', line: 7 }])
})
