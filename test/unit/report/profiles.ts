/** Profiles for tests of reports: a small one with every kind of frame and names that nobody should trust, a large one. */

import { Rng, sampledSum } from '../../../lib/stats/index.ts'
import type { Profile, ProfileFrame, ProfileStack } from '../../../lib/types.ts'

export const EVIL = '</script><img src=x onerror=alert(1)>;"\u001b[31m\nred'

function frame(name: string | null, more: Partial<ProfileFrame> = {}): ProfileFrame {
  return {
    function: name,
    module: '/usr/bin/shop',
    file: null,
    line: null,
    address: '0x1000',
    buildId: 'abcd',
    kind: 'native',
    inlined: false,
    ...more,
  }
}

function stack(frames: number[], thread: number, samples: number, live: number, bytes: number): ProfileStack {
  return {
    frames,
    thread,
    complete: true,
    samples,
    liveSamples: live,
    allocatedBytes: sampledSum(samples * bytes, samples * bytes ** 2, bytes),
    allocatedBlocks: samples * 10,
    liveBytes: sampledSum(live * bytes, live * bytes ** 2, bytes),
    liveBlocks: live * 10,
    freedElsewhereBlocks: 0,
    freedElsewhereBytes: 0,
    lifetimes: [samples - live, 0],
  }
}

function profileOf(frames: ProfileFrame[], stacks: ProfileStack[]): Profile {
  const sum = (key: 'allocatedBytes' | 'liveBytes') =>
    sampledSum(
      stacks.reduce((all, each) => all + each[key].value, 0),
      stacks.reduce((all, each) => all + each[key].variance, 0),
    )
  return {
    schema: 1,
    sampleBytes: 524_288,
    processes: [
      { pid: 100, ppid: 1, executable: '/usr/bin/shop', lostSamples: 0, lostBytes: 0 },
      { pid: 101, ppid: 100, executable: '/usr/bin/shop', lostSamples: 0, lostBytes: 0 },
    ],
    threads: [
      { pid: 100, thread: 100, name: 'shop' },
      { pid: 100, thread: 103, name: 'worker' },
      { pid: 101, thread: 101, name: EVIL },
    ],
    frames,
    stacks,
    lifetimeLimitsNs: [1000],
    allocatedBytes: sum('allocatedBytes'),
    liveBytes: sum('liveBytes'),
    completeShare: 0.97,
    unreadable: [],
    warnings: [],
  }
}

const source = { file: '/src/shop.cpp', line: 8 }

/** Seven frames, four stacks, three threads. */
export const small: Profile = profileOf(
  [
    frame('shop::Order::reserve(unsigned long)', { ...source, address: '0x1233', inlined: true }),
    frame('shop::fill(std::vector<shop::Order>&)', { ...source, line: 21, address: '0x1233' }),
    frame('main', { ...source, line: 42, address: '0x1300' }),
    frame('handle', {
      kind: 'jit',
      module: null,
      buildId: null,
      file: '/srv/app.js',
      line: 12,
      address: '0x7f0000001000',
    }),
    frame(null, { module: '/usr/lib/libx.so.1', buildId: null, address: '0x55' }),
    frame(null, { kind: 'unknown', module: null, buildId: null, address: '0x7fff00000000' }),
    frame(EVIL, { address: '0x1400', file: `/src/${EVIL}`, line: 3 }),
  ],
  [
    stack([0, 1, 2], 0, 40, 12, 524_288),
    stack([0, 1, 2], 1, 20, 0, 524_288),
    stack([3, 4, 2], 0, 9, 9, 524_288),
    stack([6, 5], 2, 2, 1, 524_288),
  ],
)

/** As many stacks as that, up to 40 deep, of a thousand functions. */
export function large(stacks: number): Profile {
  const rng = new Rng(3)
  const below = (n: number) => rng.uint32() % n
  const frames = Array.from({ length: 1000 }, (_, n) =>
    frame(`module${n % 12}::function_${n}(int, char const*)`, {
      address: `0x${(4096 + n * 16).toString(16)}`,
      module: `/usr/lib/libmodule${n % 12}.so`,
      file: `/src/module${n % 12}/file${n % 90}.cpp`,
      line: n,
    }),
  )
  const made = Array.from({ length: stacks }, () => {
    const depth = 5 + below(36)
    let at = below(3)
    const outward = Array.from({ length: depth }, () => {
      at = (at * 3 + 1 + below(4)) % 1000
      return at
    })
    const samples = 1 + below(30)
    return stack(outward.reverse(), below(3), samples, below(samples + 1), 524_288)
  })
  return profileOf(frames, made)
}
