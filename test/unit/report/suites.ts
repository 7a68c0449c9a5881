/**
 * Results of suites and of hostile text for reports to show. The cells come out of the real code on a machine of known
 * noise; what joins them is what a suite does: the geometric means, the Pareto sets, the tests over all cells.
 */

import { overallResults, paretoSets, runComparison, withTests } from '../../../lib/compare/index.ts'
import type { CompareResult, Timeline } from '../../../lib/types.ts'
import { crash, metric, noisyRunner, options, sample } from '../compare/machine.ts'

/** Results of single workloads as the result of a suite. */
export function joined(parts: readonly CompareResult[]): CompareResult {
  const first = parts[0] as CompareResult
  const cells = withTests(parts.flatMap((part) => part.cells))
  const overall = overallResults({ cells, seed: first.seed })
  return {
    ...first,
    alloc8: '0.1.0',
    started: '2026-11-26T07:00:00.000Z',
    reproduce: 'alloc8 compare --suite alloc8.config.ts --seed 42',
    workloads: parts.flatMap(({ workloads }) => workloads),
    heaps: first.heaps.map((heap, index) => ({ ...heap, sha256: String(index).repeat(64) })),
    control: parts.flatMap(({ control }) => control),
    warnings: parts.flatMap(({ warnings }) => warnings),
    cells,
    overall,
    pareto: paretoSets({ heaps: first.heaps, cells, overall }),
  }
}

/** A workload in which heap `i` takes costs[i] seconds and memory[i] times 50 MB. */
function workload(specs: string[], name: string, costs: number[], memory: number[], sigma = 0.02) {
  const bytes = memory.map((share) => share * 50e6)
  const facts = { seed: 42, workload: name, command: ['./bench', name], blocks: 10 }
  return runComparison(options(specs, facts), noisyRunner(costs, sigma, name.length, bytes))
}

/** Memory that rises under load and is given back afterwards, or not. */
function timeline(workloadName: string, heap: string, heapIndex: number, block: number): Timeline {
  const [most, left] = [
    [180, 150],
    [120, 30],
    [140, 60],
    [150, 140],
  ][heapIndex] as [number, number]
  const points = Array.from({ length: 500 }, (_, step): [number, number] => {
    const ms = step * 25
    const share = Math.min(1, Math.max(0, (ms - 1000) / 3000))
    const after = Math.min(1, Math.max(0, (ms - 9000) / 2000))
    return [ms, Math.round((40 + share * most - after * (most - left) + Math.sin(step / 9 + block) * 3) * 2 ** 20)]
  })
  return { workload: workloadName, heap, heapIndex, block, points, loadFromMs: 1000, loadToMs: 9000 }
}

const specs = ['system', 'jemalloc', 'mimalloc:purge_delay=0', 'simple']

/** A service: its rate is matched in the load's output, its memory is read over time. */
async function service(): Promise<CompareResult> {
  const metrics = [
    metric('rps', 'rps (.*)', true),
    { ...metric('rss-after', ''), unit: 'bytes', pattern: null } as const,
  ]
  const rates = [1000, 1090, 1150, 940]
  const runner = noisyRunner([1, 1, 1, 1], 0.02, 5)
  const result = await runComparison(
    options(specs, { seed: 42, workload: 'image server', metrics, blocks: 10 }),
    async (run) => {
      const { wallNs } = await runner(run)
      const heap = run.subject === 'control' ? 0 : run.subject
      const bytes = [190, 70, 100, 180][heap] ?? 0
      return sample(wallNs, 0, {
        values: { rps: Math.round(((rates[heap] ?? 0) * 1e9) / wallNs), 'rss-after': bytes * 2 ** 20 },
      })
    },
  )
  const server = { kind: 'service' as const, load: ['autocannon', '-c', '20', 'http://127.0.0.1:4000/'] }
  return {
    ...result,
    workloads: result.workloads.map((each) => ({ ...each, ...server, command: ['node', 'server.js'] })),
  }
}

/** Three programs and a service; jemalloc is best in most and worse in one, and saves memory. */
export async function suite(): Promise<CompareResult> {
  const programs = [
    await workload(specs, 'larson', [1, 0.7, 0.62, 0.9], [1, 0.8, 1.3, 1.1]),
    await workload(specs, 'threadtest', [1, 0.8, 0.85, 1.4], [1, 0.9, 1.2, 1.05]),
    await workload(specs, 'tiny objects', [1, 1.1, 0.9, 1.02], [1, 0.7, 1.1, 1]),
  ]
  const result = joined([...programs, await service()])
  const duet = { used: true, reason: 'busy on 1 core', cores: 2, repeats: 2, overlap: 0.97 }
  const looks = { planned: [5, 10, 20, 40], done: 2, level: 0.0183 }
  return {
    ...result,
    workloads: result.workloads.map((each, index) => (index === 1 ? { ...each, duet, looks } : each)),
    timelines: specs.flatMap((spec, heap) => [0, 1, 2].map((block) => timeline('image server', spec, heap, block))),
  }
}

/** What must never become anything but text: HTML, quotes, line separators, commands for a terminal, what is very long. */
export const HOSTILE = `<script>alert("1")</script>'"&<img src=x onerror=alert(2)>\u2028\u001b[31mred\u001b]0;title\u0007|\`$x$\`@org/team`
export const LONG = `heap:${'very_long_setting=1:'.repeat(40)}`

/** A result whose every text was chosen by somebody who means ill, and whose failed runs printed 64 KiB each. */
export async function hostile(): Promise<CompareResult> {
  const names = ['system', HOSTILE, LONG, '-->]]></script><!--']
  const output = `${HOSTILE}\n\u0000\u0008\ud800 ]]> \`\`\`\n`.repeat(1000).slice(0, 64 * 1024)
  const result = await runComparison(
    options(names, {
      workload: HOSTILE,
      command: ['./bench', HOSTILE],
      blocks: 6,
      metrics: [...options([]).metrics, metric('constructor', 'x (.*)', true)],
      machine: { ...options([]).machine, cpu: HOSTILE, governor: HOSTILE },
    }),
    async ({ subject, block }) => {
      if (subject === 1 && block > 0) return crash(HOSTILE, output)
      return sample(1e9 + block * 1e6, 50e6, { values: { constructor: 5 } })
    },
  )
  return {
    ...result,
    alloc8: HOSTILE,
    started: HOSTILE,
    reproduce: HOSTILE,
    warnings: [...result.warnings, { code: 'x', message: HOSTILE }],
    heaps: result.heaps.map((heap) => ({ ...heap, path: HOSTILE, version: HOSTILE, sha256: HOSTILE })),
    timelines: [0, 1].map((block) => ({ ...timeline(HOSTILE, 'system', 1, block), workload: HOSTILE })),
  }
}
