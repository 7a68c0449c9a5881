/**
 * Heaps made of layers (alloc8/layers.h), one of each layer over the simple heap or over pages, and one of all; built as
 * preload libraries into build-tests/layered.
 */

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { TestHeap } from './heaps.ts'
import { buildHeapLibrary } from './planted-heaps.ts'

const folder = fileURLToPath(new URL('../../build-tests/layered', import.meta.url))

/** The heaps by name, as C++ types; those that say so are linked with the thread hooks. */
const heaps: Readonly<Record<string, { type: string; threads?: true }>> = {
  'mmap-source': { type: 'MmapSource' },
  'size-classes': { type: 'Locked<SizeClasses<MmapSource>>' },
  locked: { type: 'Locked<Simple>' },
  'thread-cache': { type: 'ThreadCache<Simple>', threads: true },
  zeroing: { type: 'Zeroing<Simple>' },
  stats: { type: 'Stats<Simple>' },
  'fault-injection': { type: 'FaultInjection<Simple>' },
  canary: { type: 'Canary<Simple>' },
  quarantine: { type: 'Quarantine<Simple>' },
  guard: { type: 'Guard<Simple>' },
  all: {
    type: 'FaultInjection<Zeroing<Stats<Canary<Quarantine<Guard<ThreadCache<Locked<SizeClasses<MmapSource>>>>>>>>>',
    threads: true,
  },
}

/** The names of all layered heaps. */
export const layeredHeaps = Object.keys(heaps)

/** Builds those that are out of date and gives them as heaps to run programs under. */
export async function buildLayeredHeaps(names: readonly string[] = layeredHeaps): Promise<TestHeap[]> {
  mkdirSync(folder, { recursive: true })
  const built = names.map(async (name): Promise<TestHeap> => {
    const { type = '', threads = false } = heaps[name] ?? {}
    const source = join(folder, `${name}.cpp`)
    writeFileSync(source, sourceOf(type, threads))
    const library = join(folder, `lib${name}.so`)
    await buildHeapLibrary(library, source, threads)
    return { name: `layered ${name}`, kind: 'builtin', library, missing: null, version: null }
  })
  return Promise.all(built)
}

function sourceOf(type: string, threads: boolean): string {
  return `// Written by a test.
#include "alloc8/alloc8.h"
#include "alloc8/layers.h"
#include "heaps/simple/simple_heap.h"
using namespace alloc8::layers;
using Simple = alloc8::heaps::SimpleHeap;
using LayeredRedirect = alloc8::HeapRedirect<${type}>;
${threads ? 'ALLOC8_REDIRECT_WITH_THREADS' : 'ALLOC8_REDIRECT'}(LayeredRedirect);
`
}
