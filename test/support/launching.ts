/** What the launcher's tests share: short ways to run something, and ways to see whether a process is gone. */

import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type LaunchOptions, type LaunchResult, launch } from '../../lib/launch/launch.ts'

/** Options of a run as `compare` would have it, silent. */
export const silent = {
  args: [],
  env: process.env,
  stdin: 'ignore',
  stdout: 'ignore',
  stderr: 'ignore',
  killTree: true,
  lifeline: true,
  detached: true,
} as const satisfies Omit<LaunchOptions, 'path'>

/** Runs a script under /bin/sh. */
export function shell(script: string, options: Partial<LaunchOptions> = {}): Promise<LaunchResult> {
  return launch({ ...silent, path: '/bin/sh', argv0: 'sh', args: ['-c', script], ...options })
}

/** Runs a Python program. */
export function python(program: string, options: Partial<LaunchOptions> = {}): Promise<LaunchResult> {
  return launch({ ...silent, path: pythonPath(), argv0: 'python3', args: ['-c', program], ...options })
}

let foundPython: string | undefined

/** The interpreter itself, not a wrapper script that version managers put in front of it. */
export function pythonPath(): string {
  foundPython ??= execFileSync('python3', ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' }).trim()
  return foundPython
}

/** Collects output as text. */
export function collector(): { sink: (chunk: Buffer) => void; text: () => string } {
  const chunks: Buffer[] = []
  return { sink: (chunk) => void chunks.push(chunk), text: () => Buffer.concat(chunks).toString() }
}

/** Whether the process runs; a zombie does not. */
export function alive(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) [ZX]/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}

/** Kills a process that a test left on purpose. Zero and below would mean groups, ours among them. */
export function killLeftover(pid: number | undefined): void {
  if (pid === undefined || pid <= 1) throw new Error(`no process to kill: ${pid}`)
  process.kill(pid, 'SIGKILL')
}

/** Waits until `condition` holds; throws after two minutes. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  const ms = 120_000
  const end = performance.now() + ms
  while (!condition()) {
    if (performance.now() > end) throw new Error(`${what}: not within ${ms} ms`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

/** A fresh folder for a test file, and a function that removes it. */
export function scratch(): { path: string; remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'alloc8-test-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}

/** Compiles one of the C programs beside this file into `folder`; returns the executable's path. */
export function compileC(name: string, folder: string, ...flags: string[]): string {
  const source = join(import.meta.dirname, `${name}.c`)
  const out = join(folder, name)
  execFileSync('cc', ['-O2', '-Wall', '-Wextra', '-Werror', ...flags, '-o', out, source])
  return out
}

/** A port of loopback that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
