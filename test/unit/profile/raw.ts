/** Raw samples as the addon would give them, made by hand or from the stacks that a real program prints of itself. */

import { execFileSync } from 'node:child_process'
import type { RawModule, RawSamples, RawSite } from '../../../lib/binding/native.ts'
import type { SessionSamples } from '../../../lib/session/samples.ts'
import { compile } from '../../support/compile.ts'

/** A site with one live sample of 1024 bytes unless said otherwise. */
export function site(frames: bigint[], more: Partial<RawSite> = {}): RawSite {
  return {
    thread: 1,
    complete: true,
    frames: BigUint64Array.from(frames),
    samples: 1,
    blocks: 1,
    bytes: 1024,
    bytesVariance: 1024 ** 2,
    liveSamples: 1,
    liveBlocks: 1,
    liveBytes: 1024,
    liveBytesVariance: 1024 ** 2,
    freedElsewhereBlocks: 0,
    freedElsewhereBytes: 0,
    lifetimes: [0, 0],
    ...more,
  }
}

/** A process with one thread of its own. */
export function raw(modules: RawModule[], sites: RawSite[], more: Partial<RawSamples> = {}): RawSamples {
  return {
    pid: 100,
    ppid: 1,
    startNs: 1000n,
    sampleBytes: 1024,
    lostSamples: 0,
    lostBytes: 0,
    live: null,
    lifetimeLimitsNs: [1000],
    modules,
    threads: [
      { thread: 0, name: '' },
      { thread: 100, name: 'main' },
    ],
    sites,
    ...more,
  }
}

/** Samples of processes, in a session as old as time. */
export function session(...processes: RawSamples[]): SessionSamples {
  return { samples: processes, bornMs: 0, unreadable: [] }
}

/** A raw frame: an address in a module of that number, or in none. */
export const frameAt = (module: number | null, address: number) =>
  (BigInt(module === null ? 0 : module + 1) << 48n) | BigInt(address)

/** Prints the stack of `deep`, which is put into `middle` by the compiler, which is called by `outer` from `main`. */
const program = `
#include <dlfcn.h>
#include <execinfo.h>
#include <link.h>
#include <stdio.h>
namespace shop {
static inline __attribute__((always_inline)) int deep(void **frames) {
  return backtrace(frames, 20); // line 8
}
template <class T> __attribute__((noinline)) int middle(T, void **frames) {
  int count = deep(frames); // line 11
  __asm__ volatile("" ::: "memory");
  return count;
}
__attribute__((noinline)) int outer(void **frames) {
  int count = middle(1.5, frames); // line 16
  __asm__ volatile("" ::: "memory");
  return count;
}
}
int main() {
  void *frames[20];
  int count = shop::outer(frames); // line 23
  for (int i = 0; i < count; i++) {
    Dl_info info;
    link_map *map;
    if (dladdr1(frames[i], &info, (void **)&map, RTLD_DL_LINKMAP) == 0) return 1;
    printf("%s %#lx\\n", *map->l_name ? map->l_name : "", (unsigned long)frames[i] - map->l_addr);
  }
}
`

/** The source's line with that remark. */
export const lineOf = (remark: string) => program.split('\n').findIndex((line) => line.includes(`// ${remark}`)) + 1

/** Builds the program and runs it: its stack as modules and raw frames. */
export async function realStack(
  folder: string,
  name: string,
  flags: readonly string[],
): Promise<{ path: string; modules: RawModule[]; frames: bigint[] }> {
  const path = await compile(folder, { name, source: program, language: 'c++', flags: ['-O1', '-rdynamic', ...flags] })
  const lines = execFileSync(path, { encoding: 'utf8' }).trimEnd().split('\n')
  const modules: RawModule[] = []
  const frames = lines.map((line) => {
    const [, file = '', address = ''] = /^(.*) (0x[0-9a-f]+)$/.exec(line) ?? []
    const of = file === '' ? path : file
    let index = modules.findIndex((module) => module.path === of)
    if (index < 0) index = modules.push({ path: of, buildId: buildIdOf(of), bias: 0n }) - 1
    return frameAt(index, Number(address))
  })
  return { path, modules, frames }
}

/** By another reader than ours. */
export function buildIdOf(path: string): string {
  const notes = execFileSync('readelf', ['-nW', path], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  return /Build ID: ([0-9a-f]+)/.exec(notes)?.[1] ?? ''
}
