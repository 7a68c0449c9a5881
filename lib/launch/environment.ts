/**
 * The environment that puts a heap under a target: the libraries to preload, the tunables, the session folder and the
 * padding against layout bias (Mytkowicz et al., "Producing Wrong Data Without Doing Anything Obviously Wrong!", 2009:
 * the size of the environment shifts the stack, and with it the speed, of the program under measurement).
 */

import { createHash } from 'node:crypto'
import { readlinkSync, symlinkSync } from 'node:fs'
import { basename, join } from 'node:path'
import { platform } from '../binding/machine.ts'
import { Alloc8Error, usageError } from '../errors.ts'
import type { ProbeSettings, ResolvedHeap } from '../types.ts'

/** What goes into an environment beside the heap. */
export interface EnvironmentOptions {
  /** Path of the witness, or null to run without it. */
  witness: string | null
  /** Path of the probe and what it counts, or null to run without it. */
  probe?: { library: string; settings: ProbeSettings } | null
  /** Where the witness writes, or null; then ALLOC8_SESSION stays as the user has it. */
  sessionDirectory: string | null
  /** 0 to 65536. */
  paddingBytes: number
}

const preloadVariable = 'LD_PRELOAD'
const sessionVariable = 'ALLOC8_SESSION'
const probeVariable = 'ALLOC8_PROBE'
const paddingVariable = 'ALLOC8_PADDING'

const largestPadding = 65536

/** What native/probe/settings.cpp reads. */
const probeText = ({ levels, sampleBytes, latencyEvery }: ProbeSettings) => {
  const numbers: Partial<Record<string, number | undefined>> = { sample: sampleBytes, latency: latencyEvery }
  return levels.map((level) => (numbers[level] === undefined ? level : `${level}:${numbers[level]}`)).join(',')
}

/** The loader ends a path in LD_PRELOAD at a space or colon, and replaces $ORIGIN, $LIB and $PLATFORM. */
const unfit = /[\s:;$]/

/**
 * The complete environment for a target. Preloads come in this order: the probe, the heap's libraries, the witness, the
 * user's own; the first that defines malloc has it. A path that LD_PRELOAD cannot hold gets a link in the session folder.
 *
 * @throws Alloc8Error HEAP_LIBRARY: a path that can neither be preloaded nor linked. USAGE: padding out of range.
 */
export function targetEnvironment(
  base: NodeJS.ProcessEnv,
  heap: ResolvedHeap,
  options: EnvironmentOptions,
): Record<string, string> {
  const { witness, probe, sessionDirectory, paddingBytes } = options
  if (!Number.isInteger(paddingBytes) || paddingBytes < 0 || paddingBytes > largestPadding) {
    throw usageError('paddingBytes', `a whole number from 0 to ${largestPadding}`, paddingBytes)
  }
  const env: Record<string, string> = {}
  for (const [name, value] of Object.entries(base)) if (value !== undefined) env[name] = value
  for (const { name, value, join: separator } of heap.env) {
    const own = env[name]
    // Ours last: where a key stands twice, every heap that has such a variable takes the later one.
    env[name] = separator === null || own === undefined || own === '' ? value : `${own}${separator}${value}`
  }
  const ours = inOrder(heap.preload, witness, probe?.library ?? null)
  const paths = ours.map((path) => preloadable(path, sessionDirectory))
  const users = (env[preloadVariable] ?? '').split(/[ :]+/).filter((path) => path !== '')
  const preload = [...new Set([...paths, ...users])]
  if (ours.length > 0) env[preloadVariable] = preload.join(':')
  if (sessionDirectory !== null) env[sessionVariable] = sessionDirectory
  delete env[probeVariable]
  if (probe) env[probeVariable] = probeText(probe.settings)
  delete env[paddingVariable]
  if (paddingBytes > 0) env[paddingVariable] = 'x'.repeat(paddingBytes)
  return env
}

/**
 * The loader starts what comes last first, so that behind the heap the witness has its record written before the heap's
 * own constructors run, which may crash. But behind libc, which `system` preloads, its exec and dlopen would never be
 * called.
 */
function inOrder(heapLibraries: readonly string[], witness: string | null, probe: string | null): string[] {
  const counted = probe === null ? [...heapLibraries] : [probe, ...heapLibraries]
  if (witness === null) return counted
  const hasLibc = heapLibraries.some((path) => basename(path) === platform().libcSoname)
  return hasLibc ? [witness, ...counted] : [...counted, witness]
}

/**
 * A path to the same library that LD_PRELOAD can hold; a link in the session folder where its own is none.
 * @throws Alloc8Error HEAP_LIBRARY where that cannot be made either
 */
export function preloadable(path: string, sessionDirectory: string | null): string {
  if (!unfit.test(path)) return path
  const problem = `${path}: a path with a space, colon, semicolon or $ cannot be preloaded`
  if (sessionDirectory === null || unfit.test(sessionDirectory)) {
    throw new Alloc8Error('HEAP_LIBRARY', problem, {
      hint: 'move the library, or set TMPDIR to a folder without such a character, so that a link can be made there',
    })
  }
  const digest = createHash('sha256').update(path).digest('hex').slice(0, 8)
  const link = join(sessionDirectory, `preload-${digest}-${basename(path).replace(/[^\w.-]/g, '_')}`)
  try {
    symlinkSync(path, link)
  } catch (cause) {
    const again = (cause as NodeJS.ErrnoException).code === 'EEXIST' && readlinkSync(link) === path
    if (again) return link
    throw new Alloc8Error('HEAP_LIBRARY', `${problem}, and no link to it can be made at ${link}`, { cause })
  }
  return link
}
