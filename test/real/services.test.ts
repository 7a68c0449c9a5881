/**
 * The examples of services, each run once under two heaps with a small load: every metric is a number, the heap is in
 * every process of the server, the timeline covers the load, and nothing is left running.
 */

import { execFile } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { nativeFile } from '../../lib/binding/native.ts'
import { parseMetrics } from '../../lib/compare/index.ts'
import type { Alloc8Config, ServiceWorkload } from '../../lib/types.ts'
import { freePort } from '../support/launching.ts'
import { lackingNobody, lackingTool, requireOrSkip } from '../support/needs.ts'
import { serve } from '../support/serving.ts'

const run = promisify(execFile)
const examples = fileURLToPath(new URL('../../examples/services', import.meta.url))

/** An example: what it needs, what is not for CI to mend, how it is made small, the program that must have the heap. */
interface Example {
  lacking: () => string | null
  inVain?: () => string | null
  small: Record<string, string>
  program: RegExp
}

const services: Record<string, Example> = {
  postgres: {
    lacking: () => lackingTool('pgbench', 'postgresql'),
    // Root gives the server to another user, who has to load what is preloaded.
    inVain: () => (process.getuid?.() === 0 ? lackingNobody(nativeFile('liballoc8-witness.so')) : null),
    small: { TRANSACTIONS: '50', SCALE: '1' },
    program: /\/postgres$/,
  },
  redis: {
    lacking: () => lackingTool('redis-server', 'redis-server') ?? lackingTool('redis-benchmark', 'redis-tools'),
    small: { REQUESTS: '3000' },
    program: /\/redis-/,
  },
  sharp: {
    lacking: () => null,
    small: { REQUESTS: '20', SETTLE_MS: '200' },
    program: /\/node$/,
  },
}

test('every example is listed here', () => {
  expect(
    readdirSync(examples)
      .filter((name) => !name.includes('.'))
      .sort(),
  ).toEqual(Object.keys(services))
})

describe.each(Object.entries(services))('%s', (name, { lacking, inVain, small, program }) => {
  test('under system and jemalloc', async ({ skip }) => {
    requireOrSkip(skip, lacking())
    const why = inVain?.() ?? null
    if (why !== null) skip(why)
    Object.assign(process.env, small, { PORT: String(await freePort()) })
    const { default: config } = (await import(join(examples, name, 'alloc8.config.ts'))) as { default: Alloc8Config }
    expect(config.workloads.map((workload) => workload.name)).toEqual([name])
    const workload = config.workloads[0] as ServiceWorkload
    try {
      await runCommand(workload.setup)
      for (const heap of ['system', 'jemalloc']) await runUnder(heap, workload, program)
    } finally {
      await runCommand(workload.teardown)
    }
  })
})

async function runUnder(heap: string, workload: ServiceWorkload, program: RegExp): Promise<void> {
  const { name: _, setup, teardown, metrics = [], higherIsBetter, ...service } = workload
  expect(() => parseMetrics(metrics, higherIsBetter)).not.toThrow()
  const result = await serve({ ...service, heap, metrics: [...metrics], sampleMs: 20, timeoutMs: 300_000 })
  expect(result.failure, heap).toBeNull()
  expect(result.problems).toEqual({})
  for (const { name } of parseMetrics(metrics)) expect(result.values[name], `${name} under ${heap}`).toBeGreaterThan(0)
  expect(result.verdict, heap).toMatchObject({ state: 'active', reasons: [] })
  const processes = result.verdict?.processes ?? []
  expect(processes.filter(({ executable }) => program.test(executable)).length).toBeGreaterThan(0)
  const { points, loadFromMs, loadToMs } = result.timeline
  expect(points[0]?.[0]).toBeLessThanOrEqual(loadFromMs ?? 0)
  expect(points.at(-1)?.[0]).toBeGreaterThanOrEqual(loadToMs ?? Number.POSITIVE_INFINITY)
  expect(points.filter(([ms]) => ms >= (loadFromMs ?? 0) && ms <= (loadToMs ?? 0))).not.toEqual([])
  expect(result.warnings).toEqual([])
}

async function runCommand(command: ServiceWorkload['setup']): Promise<void> {
  if (command === undefined) return
  const [program = '', ...words] = typeof command === 'string' ? ['sh', '-c', command] : command
  await run(program, words)
}
