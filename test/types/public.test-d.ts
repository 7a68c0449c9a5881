/**
 * The public types, as a user meets them. Nothing here runs: `tsc` checks it, and `types.test.ts` checks it once more
 * against the declarations that ship. Every `@ts-expect-error` is a mistake that the types must refuse.
 */

import { expectTypeOf } from 'vitest'
import {
  Alloc8Error,
  type BuildOptions,
  type BuildResult,
  type BuildWarning,
  build,
  type Cell,
  type CellVerdict,
  type CompareOptions,
  type CompareResult,
  type CreateResult,
  compare,
  create,
  type DoctorResult,
  defineExperiment,
  doctor,
  type ErrorCode,
  type errorCodes,
  type HeapInfo,
  type HeapKind,
  type HeapsResult,
  heaps,
  type LabFact,
  type LabResult,
  lab,
  loadHeap,
  outcomeOf,
  type ProcessAllocator,
  type ProcessVerdict,
  type Progress,
  PuppetDied,
  puppet,
  type Reason,
  type RunOptions,
  type RunResult,
  run,
  type VerdictState,
} from '../../lib/index.ts'

// --- heaps -----------------------------------------------------------------------------------------------------

expectTypeOf(heaps).parameters.toEqualTypeOf<[]>()
expectTypeOf(heaps).returns.resolves.toEqualTypeOf<HeapsResult>()
expectTypeOf<HeapsResult['heaps']>().toEqualTypeOf<HeapInfo[]>()
expectTypeOf<HeapInfo['kind']>().toEqualTypeOf<HeapKind>()
expectTypeOf<HeapKind>().toEqualTypeOf<'default' | 'system' | 'builtin' | 'found' | 'file'>()
expectTypeOf<HeapInfo['path']>().toEqualTypeOf<string | null>()
// @ts-expect-error it takes nothing
heaps('jemalloc')

// --- new and build ---------------------------------------------------------------------------------------------

expectTypeOf(build).parameters.toEqualTypeOf<[options: BuildOptions]>()
expectTypeOf(build).returns.resolves.toEqualTypeOf<BuildResult>()
expectTypeOf<BuildResult['warnings']>().toEqualTypeOf<BuildWarning[]>()
expectTypeOf(create).returns.toEqualTypeOf<CreateResult>()
expectTypeOf<CreateResult['files']>().toEqualTypeOf<string[]>()
build({ sources: ['heap.cpp'], output: 'libheap.so', debug: true, compilerArguments: ['-I.'], prefix: undefined })
// @ts-expect-error sources are a list
build({ sources: 'heap.cpp' })
// @ts-expect-error a name is needed
create()

// --- run -------------------------------------------------------------------------------------------------------

expectTypeOf(run).parameters.toEqualTypeOf<[options: RunOptions]>()
expectTypeOf(run).returns.resolves.toEqualTypeOf<RunResult>()
expectTypeOf<RunResult['exitCode']>().toEqualTypeOf<number | null>()
expectTypeOf<RunResult['signal']>().toEqualTypeOf<string | null>()
expectTypeOf<RunResult['peakRssBytes']>().toBeNumber()
expectTypeOf<RunResult['wallNs']>().toBeNumber()
expectTypeOf<RunResult['verdict']['state']>().toEqualTypeOf<VerdictState>()
expectTypeOf<VerdictState>().toEqualTypeOf<'active' | 'partial' | 'inactive'>()
expectTypeOf<ProcessVerdict['bindings']>().toEqualTypeOf<Record<string, string | null>>()
expectTypeOf<RunResult['verdict']['reasons']>().toEqualTypeOf<Reason[]>()
run({ command: ['ls', '-l'] })
run({ command: ['ls'], heap: 'jemalloc:narenas=2', timeoutMs: 500, stdout: 'ignore', cpus: [0, 1], env: { A: 'b' } })
run({ command: ['ls'], stdout: (chunk) => expectTypeOf(chunk).toEqualTypeOf<Buffer>() })
run({ command: ['ls'] as const, signal: new AbortController().signal, heap: undefined })
// @ts-expect-error a command is needed
run({ heap: 'jemalloc' })
// @ts-expect-error a command is a list of words, not a line for a shell
run({ command: 'ls -l' })
// @ts-expect-error a heap is a name
run({ command: ['ls'], heap: 1 })
// @ts-expect-error the option is spelt otherwise
run({ command: ['ls'], timeoutMS: 500 })
// @ts-expect-error the launcher decides what is started
run({ command: ['ls'], path: '/bin/ls' })

// --- compare ---------------------------------------------------------------------------------------------------

expectTypeOf(compare).parameters.toEqualTypeOf<[options: CompareOptions]>()
expectTypeOf(compare).returns.resolves.toEqualTypeOf<CompareResult>()
expectTypeOf<CompareResult['cells']>().toEqualTypeOf<Cell[]>()
expectTypeOf<Cell['verdict']>().toEqualTypeOf<CellVerdict>()
expectTypeOf<CellVerdict>().toEqualTypeOf<'better' | 'worse' | 'same' | 'inconclusive'>()
expectTypeOf<Cell['ratio']>().toEqualTypeOf<number | null>()
expectTypeOf<Cell['runs']>().toEqualTypeOf<(number | null)[]>()
expectTypeOf<CompareResult['control']>().items.toHaveProperty('ratio').toEqualTypeOf<number | null>()
compare({ command: ['node', 'x.js'] })
compare({ command: ['x'], heaps: ['system', 'jemalloc'], blocks: 3, metrics: ['cpu', 'rps=/(\\d+)/'], seed: 1 })
compare({ command: ['x'], onProgress: (progress) => expectTypeOf(progress).toEqualTypeOf<Progress>() })
// @ts-expect-error a command is needed
compare({ heaps: ['system'] })
// @ts-expect-error heaps are a list
compare({ command: ['x'], heaps: 'system,jemalloc' })
// @ts-expect-error blocks are counted
compare({ command: ['x'], blocks: '3' })
// @ts-expect-error a metric is a name
compare({ command: ['x'], metrics: [{ name: 'wall' }] })

// --- doctor ----------------------------------------------------------------------------------------------------

expectTypeOf(doctor()).resolves.toEqualTypeOf<DoctorResult>()
expectTypeOf(doctor({})).resolves.toEqualTypeOf<DoctorResult>()
expectTypeOf(doctor({ pid: 1 })).resolves.toEqualTypeOf<ProcessAllocator>()
// @ts-expect-error a process is named by its number
doctor({ pid: '1' })

// --- puppets and the lab ------------------------------------------------------------------------------------------

export async function playing(): Promise<bigint> {
  await using p = await puppet({ heap: 'hoard', threads: 2 })
  const a = await p.thread(0).malloc(64)
  expectTypeOf(a).toEqualTypeOf<bigint>()
  const child = await p.fork(0)
  await child.main.write(a, 'hello')
  const batch = p.main.batch()
  batch.free(batch.malloc(8))
  // @ts-expect-error an address is a bigint
  await p.main.free(4096)
  const outcome = await outcomeOf(p.main.malloc(8))
  // @ts-expect-error it may have died
  const address: bigint = outcome
  return outcome instanceof PuppetDied ? (outcome.address ?? 0n) : address
}

expectTypeOf(lab()).resolves.toEqualTypeOf<LabResult[]>()
expectTypeOf<LabFact['value']>().toEqualTypeOf<number | string | boolean | null>()
expectTypeOf(loadHeap).returns.resolves.toHaveProperty('malloc')
// @ts-expect-error what it means has to be said
defineExperiment({ name: 'x', question: 'q', did: 'd', observe: async () => {} })

// --- errors ----------------------------------------------------------------------------------------------------

expectTypeOf<ErrorCode>().toEqualTypeOf<keyof typeof errorCodes>()
expectTypeOf<(typeof errorCodes)['USAGE']>().toEqualTypeOf<2>()
expectTypeOf<Alloc8Error>().toExtend<Error>()
expectTypeOf<Alloc8Error['code']>().toEqualTypeOf<ErrorCode>()
expectTypeOf<Alloc8Error['hint']>().toEqualTypeOf<string | undefined>()
expectTypeOf<Alloc8Error['exitStatus']>().toBeNumber()

export async function handling(): Promise<string> {
  try {
    const result = await run({ command: ['ls'] })
    // @ts-expect-error null where a signal ended the target
    const status: number = result.exitCode
    return String(status)
  } catch (error) {
    if (!(error instanceof Alloc8Error)) throw error
    // @ts-expect-error no such code
    if (error.code === 'HEAP_UNKOWN') return ''
    return error.hint ?? error.message
  }
}

// @ts-expect-error the code is one of the table
new Alloc8Error('NO_SUCH_CODE', 'message')

// @ts-expect-error what is not public stays inside
export type { Rng } from '../../lib/index.ts'
