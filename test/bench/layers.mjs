// What each layer of alloc8/layers.h costs: instructions for a pair of malloc and free through it, over the same heap,
// against that heap alone. Each is built in the header form.

import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { builtFlags, measure } from './instructions.mjs'
import { compile, need } from './tools.mjs'

/** What is measured: by name the heap, and what it is compared with. */
const stacks = [
  ['Locked', 'Locked<Simple>', 'Simple'],
  ['Zeroing', 'Zeroing<Simple>', 'Simple'],
  ['Stats', 'Stats<Simple>', 'Simple'],
  ['FaultInjection', 'FaultInjection<Simple>', 'Simple'],
  ['Canary', 'Canary<Simple>', 'Simple'],
  ['Quarantine', 'Quarantine<Simple>', 'Simple'],
  ['Guard', 'Guard<Simple>', 'Simple'],
  ['ThreadCache', 'ThreadCache<Simple>', 'Simple'],
  ['Locked<SizeClasses<MmapSource>>', 'Locked<SizeClasses<MmapSource>>', 'MmapSource'],
  ['Guard<Stats<Simple>>', 'Guard<Stats<Simple>>', 'Simple'],
]

/** Bytes of the pairs. Zeroing and the quarantine write all of them. */
const size = 64

/** The rows, measured with files in `folder`. System calls, of which Guard and MmapSource make some, are not in them. */
export function layerRows(folder) {
  need('valgrind')
  const program = path.join(folder, 'pairs')
  compile('cc', ['-O2', '-fno-builtin', '-o', program, 'test/bench/pairs.c'])
  const known = new Map()
  const pairOf = (type) => {
    if (!known.has(type))
      known.set(type, measure(program, library(folder, type, known.size), size, folder, { withLibc: true }).pair)
    return known.get(type)
  }
  return stacks.map(([name, type, base]) => ({
    what: `malloc and free of ${size} bytes, ${name}`,
    value: pairOf(type),
    unit: 'instructions',
    against: base,
    reference: pairOf(base),
    budget: null,
    note: difference(Math.round(pairOf(type) - pairOf(base))),
  }))
}

const difference = (more) => (more < 0 ? `${-more} fewer` : `${more} more`)

function library(folder, type, index) {
  const source = path.join(folder, `layers${index}.cpp`)
  writeFileSync(
    source,
    `#include "alloc8/layers.h"
#include "heaps/simple/simple_heap.h"
using namespace alloc8::layers;
using Simple = alloc8::heaps::SimpleHeap;
class TheCustomHeapType : public ${type} {};
inline static TheCustomHeapType* getCustomHeap() {
  static constinit TheCustomHeapType heap;
  return &heap;
}
#include <alloc8/gnu_wrapper.h>
`,
  )
  const out = path.join(folder, `liblayers${index}.so`)
  const { compile: compiling, link, libraries } = builtFlags()
  compile('g++', [...compiling, ...link, '-fno-lto', '-shared', '-o', out, source, ...libraries])
  return out
}
