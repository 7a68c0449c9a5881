/** Who is accounted for what: the promises of DESIGN, "Accounting". */

import { execFileSync } from 'node:child_process'
import { afterAll, describe, expect, test } from 'vitest'
import { launch } from '../../../lib/launch/launch.ts'
import { compileC, pythonPath, scratch, shell, silent } from '../../support/launching.ts'

const folder = scratch()
afterAll(folder.remove)

const mebibyte = 1 << 20

/** A shell command that keeps one CPU busy for a while, without children. */
const burn = 'i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done'

describe('peak memory', () => {
  test('of `true` is what the kernel says for `true` alone, within 1 MiB', async () => {
    const parent = compileC('small-parent', folder.path, '-static')
    const alone = Number(execFileSync(parent, ['/bin/true'], { encoding: 'utf8' })) * 1024
    const { peakRssBytes } = await launch({ ...silent, path: '/bin/true', stdout: () => {} })
    expect(alone).toBeGreaterThan(mebibyte / 4)
    expect(Math.abs(peakRssBytes - alone)).toBeLessThan(mebibyte)
  })

  test('does not depend on ours', async () => {
    const ballast = Buffer.alloc(100 * mebibyte, 1)
    const { peakRssBytes } = await launch({ ...silent, path: '/bin/true' })
    expect(ballast.at(-1)).toBe(1)
    expect(peakRssBytes).toBeLessThan(3 * mebibyte)
  })

  test('is that of the largest process, a child that was waited for included', async () => {
    const hog = `${pythonPath()} -c 'b = b"x" * (60 << 20)'`
    const { peakRssBytes, tree } = await shell(`${hog}; ${hog}; true`)
    expect(peakRssBytes).toBeGreaterThan(60 * mebibyte)
    expect(peakRssBytes).toBeLessThan(100 * mebibyte)
    expect(tree.peakRssBytes).toBe(peakRssBytes)
  })

  test('of an orphan is in the tree alone', async () => {
    // The inner shell ends at once and leaves python to the launcher.
    const hog = `${pythonPath()} -c 'b = b"x" * (60 << 20)'`
    const { peakRssBytes, tree } = await shell(`(${hog} &); sleep 3`)
    expect(peakRssBytes).toBeLessThan(20 * mebibyte)
    expect(tree.peakRssBytes).toBeGreaterThan(60 * mebibyte)
  })
})

describe('CPU time', () => {
  test('is the target’s with its waited-for children', async () => {
    // The outer shell uses next to none itself, as the last test shows: what counts is its child's.
    const nested = await shell(`sh -c '${burn}'; true`)
    expect(nested.userNs).toBeGreaterThan(20e6)
    expect(nested.tree.userNs).toBe(nested.userNs)
  })

  test('of orphans is added to the tree', async () => {
    const result = await shell(`((${burn}) &); sleep 4`)
    expect(result.userNs).toBeLessThan(result.tree.userNs / 2)
    expect(result.tree.userNs).toBeGreaterThan(20e6)
    expect(result.tree.reaped).toBe(2)
  })
})

test('wall time is the target’s life and not ours', async () => {
  const begun = performance.now()
  const { wallNs, userNs, sysNs } = await launch({ ...silent, path: '/bin/sleep', args: ['0.2'] })
  expect(wallNs).toBeGreaterThanOrEqual(200e6)
  expect(wallNs).toBeLessThan((performance.now() - begun) * 1e6)
  expect(userNs + sysNs).toBeLessThan(150e6)
})

test('the time until a left-over process ends is not wall time', async () => {
  const script = `trap '' TERM; (trap '' TERM; sleep 30) & sleep 0.1`
  const start = performance.now()
  const { wallNs, killed } = await shell(script)
  expect(killed).toBeGreaterThanOrEqual(1)
  // The grace comes on top.
  expect(performance.now() - start - wallNs / 1e6).toBeGreaterThan(450)
})

test('faults and switches are the kernel’s counts', async () => {
  const touching = `${pythonPath()} -c 'import time; b = bytearray(40 << 20); [time.sleep(0.001) for _ in range(50)]'`
  const result = await shell(`exec ${touching}`)
  expect(result.minorFaults).toBeGreaterThan(500)
  expect(result.voluntarySwitches).toBeGreaterThanOrEqual(50)
  expect(result.involuntarySwitches).toBeGreaterThanOrEqual(0)
  expect(result.majorFaults).toBeGreaterThanOrEqual(0)
})
