/**
 * Results for reports to show. The comparisons come out of the real code on a machine of known noise, so that a report
 * is never tried on a result that cannot arise.
 */

import { type ComparisonOptions, type RunSample, runComparison } from '../../../lib/compare/index.ts'
import { type Palette, plainPalette, type TextStyle } from '../../../lib/report/index.ts'
import type { CompareResult, HeapsResult, RunResult, VerdictState } from '../../../lib/types.ts'
import { crash, metric, noisyRunner, options, sample, verdict } from '../compare/machine.ts'

export const plain80: TextStyle = { width: 80, unicode: true, palette: plainPalette }
export const ascii50: TextStyle = { width: 50, unicode: false, palette: plainPalette }

const tag = (name: string) => (text: string) => `<${name}>${text}</${name}>`

/** Colours that can be read in a snapshot. */
export const tagged: Palette = {
  bold: tag('b'),
  dim: tag('dim'),
  red: tag('red'),
  green: tag('green'),
  yellow: tag('yellow'),
  cyan: tag('cyan'),
}

export const colour80: TextStyle = { ...plain80, palette: tagged }

/** A comparison in which heap `i` takes costs[i] seconds and memory[i] times 50 MB. */
function play(
  specs: string[],
  costs: number[],
  memory: number[],
  sigma: number,
  more: Partial<ComparisonOptions> & { states?: VerdictState[] } = {},
  change: (run: { heap: number; block: number }, sample: RunSample) => RunSample = (_, unchanged) => unchanged,
): Promise<CompareResult> {
  const bytes = memory.map((share) => share * 50e6)
  const runner = noisyRunner(costs, sigma, 11, bytes)
  return runComparison(options(specs, { seed: 42, ...more }), async (run) => {
    const heap = run.subject === 'control' ? 0 : run.subject
    const calm = await runner(run)
    const state = more.states?.[heap] ?? 'active'
    const message = state === 'active' ? undefined : 'aligned_alloc is bound to /lib/x86_64-linux-gnu/libc.so.6'
    const values = { ...calm.values, rps: Math.round(8e13 / calm.wallNs) }
    return change({ heap, block: run.block }, { ...calm, values, verdict: verdict(state, message) })
  })
}

/** One heap is clearly best, another close to it, one worse, one undecided. */
export const winner = await play(
  ['system', 'jemalloc', 'mimalloc', 'tcmalloc', 'simple'],
  [1, 0.84, 0.85, 0.98, 1.35],
  [1, 0.7, 1.12, 0.9, 1.6],
  0.03,
)

/** Nothing is decided by time; names are long, two heaps are not in effect, and the target prints a number. */
export const undecided = await play(
  ['system', 'jemalloc:narenas=2:dirty_decay_ms=0', 'system:arena_max=1', './build/Release/libmine.so', 'default'],
  [1, 1.02, 1, 0.7, 1],
  [1, 0.7, 0.57, 1, 1],
  0.1,
  {
    states: ['active', 'partial', 'active', 'inactive', 'active'],
    metrics: [...options([]).metrics, metric('rps', 'rps (.*)', true)],
  },
)

/** A heap that mostly crashes, one that always does, one far off, and the baseline under a second name. */
export const failing = await play(
  ['system', 'scudo', 'hoard', 'mesh', 'system'],
  [1, 1.5, 9, 1, 1],
  [1, 1, 1, 1, 1],
  0.02,
  { blocks: 8, machine: { ...options([]).machine, governor: 'powersave' } },
  ({ heap, block }, well) => {
    if (heap === 3) return crash('SIGABRT')
    if (heap === 1 && block === 2) {
      return {
        ...crash(),
        failure: { exitCode: 1, signal: null, timedOut: false, message: 'exit status 1', output: '' },
      }
    }
    const output = 'started\n\u001b[31mscudo: ERROR: corrupted chunk header at address 0x7f1234\u001b[0m\n'
    return heap === 1 && block !== 5 ? crash('SIGSEGV', output) : well
  },
)

/** Stopped after three blocks. */
export async function stopped(): Promise<CompareResult> {
  const controller = new AbortController()
  return runComparison(options(['system', 'jemalloc'], { signal: controller.signal }), async ({ block }) => {
    if (block === 3) controller.abort()
    return sample(1e9)
  })
}

export const run: RunResult = {
  schema: 1,
  heap: 'jemalloc:narenas=2',
  command: ['./server'],
  exitCode: 0,
  signal: null,
  timedOut: false,
  wallNs: 1_234_500_000,
  suspendedNs: 0,
  userNs: 1_100_000_000,
  sysNs: 120_000_000,
  peakRssBytes: 123_000_000,
  minorFaults: 12_345,
  majorFaults: 3,
  voluntarySwitches: 10,
  involuntarySwitches: 2,
  tree: { processes: 1, userNs: 1_100_000_000, sysNs: 120_000_000, peakRssBytes: 123_000_000 },
  threads: null,
  probe: null,
  profile: null,
  verdict: {
    state: 'active',
    reasons: [],
    processes: [{ pid: 7, ppid: 1, executable: '/usr/bin/node', state: 'active', reasons: [], bindings: {} }],
  },
  session: null,
  leftovers: [],
  warnings: [],
}

export const heaps: HeapsResult = {
  schema: 1,
  heaps: [
    { name: 'default', kind: 'default', path: null, version: null, tunables: [] },
    {
      name: 'system',
      kind: 'system',
      path: '/lib/x86_64-linux-gnu/libc.so.6',
      version: '2.36',
      tunables: [{ key: 'arena_max', kind: 'integer', default: '8 per core', description: 'most arenas' }],
    },
    {
      name: 'simple',
      kind: 'builtin',
      path: '/home/someone/project/node_modules/alloc8/build/Release/liballoc8-simple.so',
      version: '0.1.0',
      tunables: [],
    },
    {
      name: 'jemalloc',
      kind: 'found',
      path: '/usr/lib/x86_64-linux-gnu/libjemalloc.so.2',
      version: '5.3.0',
      tunables: [
        {
          key: 'narenas',
          kind: 'integer',
          default: '4 per core',
          description: 'number of arenas; fewer take less memory and make threads wait more',
        },
        { key: 'background_thread', kind: 'boolean', default: 'false', description: 'purge in a thread' },
      ],
    },
  ],
}
