/**
 * Ends controllers by a signal at a random instant and looks at what is left: no target process, and after the next run
 * no session folder. The instants are seeded, so that a row in which something was left can be gone through again.
 */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { Rng } from '../../lib/stats/index.ts'
import { buildCli, cliPath, gone, processesWith, uniqueMarker } from './cli.ts'
import { killLeftover, until } from './launching.ts'

const signals = ['SIGINT', 'SIGTERM', 'SIGKILL'] as const

/** The latest instant, in times of what a comparison needs until it has a session: in the midst of the runs. */
const LATEST = 3

/** How the controllers of a row ended. */
export interface SuddenEnds {
  /** By signal, how many had a session folder at that instant, and so something to leave behind. */
  begun: Record<(typeof signals)[number], number>
  /** What was left though it should not, one line each. */
  left: string[]
}

/**
 * Starts `count` comparisons of a target that forks, two at a time, and ends each by SIGINT, SIGTERM or SIGKILL in turn,
 * sent to the controller alone.
 *
 * @param folder where the folders for temporary files are made
 */
export async function suddenEnds(count: number, seed: number, folder: string): Promise<SuddenEnds> {
  buildCli()
  const rng = new Rng(seed)
  const latestMs = LATEST * Math.ceil(await msUntilBegun(folder))
  const plan = Array.from({ length: count }, (_, index) => ({ index, delayMs: rng.below(latestMs) }))
  const ends: SuddenEnds = { begun: { SIGINT: 0, SIGTERM: 0, SIGKILL: 0 }, left: [] }
  const worker = async () => {
    const temporary = mkdtempSync(join(folder, 'sudden-'))
    for (let next = plan.shift(); next !== undefined; next = plan.shift()) {
      const signal = signals[next.index % signals.length] ?? 'SIGKILL'
      const { begun, left } = await suddenEnd(signal, next.delayMs, temporary)
      if (begun) ends.begun[signal]++
      ends.left.push(...left.map((what) => `${next.index}: ${signal} after ${next.delayMs} ms: ${what}`))
    }
    rmSync(temporary, { recursive: true, force: true })
  }
  await Promise.all([worker(), worker()])
  return ends
}

/** How long a comparison, two of them at a time, needs on this machine until it has something to leave behind. */
async function msUntilBegun(folder: string): Promise<number> {
  const begin = async () => {
    const temporary = mkdtempSync(join(folder, 'begun-'))
    const started = performance.now()
    const child = comparisonIn(temporary, uniqueMarker())
    const end = once(child, 'exit')
    await until(() => readdirSync(temporary).length > 0, 'a comparison begins a session')
    const ms = performance.now() - started
    child.kill('SIGINT')
    await end
    rmSync(temporary, { recursive: true, force: true })
    return ms
  }
  return Math.max(...(await Promise.all([begin(), begin()])))
}

async function suddenEnd(signal: NodeJS.Signals, delayMs: number, temporary: string) {
  const marker = uniqueMarker()
  const child = comparisonIn(temporary, marker)
  const end = once(child, 'exit')
  await delay(delayMs)
  const begun = readdirSync(temporary).length > 0
  child.kill(signal)
  await end
  const left: string[] = []
  await gone(marker).catch(() => {
    const pids = processesWith(marker)
    left.push(`${pids.length} processes`)
    pids.forEach(killLeftover)
  })
  // Who is killed cannot clear up; the next run does it.
  if (signal === 'SIGKILL') await once(alloc8In(temporary, ['run', '--no-summary', '--', 'true']), 'exit')
  for (const name of readdirSync(temporary)) {
    left.push(name)
    rmSync(join(temporary, name), { recursive: true, force: true })
  }
  return { begun, left }
}

/** Starts a comparison of a target that forks, of more blocks than any test waits for. */
function comparisonIn(temporary: string, marker: string) {
  const target = ['bash', '-c', 'bash -c "sleep 0.05; :" "$0" & sleep 0.1; wait', marker]
  return alloc8In(temporary, ['compare', '--heaps', 'system,simple', '--blocks', '500', '--', ...target])
}

function alloc8In(temporary: string, args: string[]) {
  const env = { ...process.env, TMPDIR: temporary }
  return spawn(process.execPath, [cliPath, ...args], { env, stdio: 'ignore', detached: true })
}
