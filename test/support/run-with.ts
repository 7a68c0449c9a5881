/** Runs a command with one library preloaded and nothing of alloc8 around it. */

import { spawn } from 'node:child_process'

/** How it ended, with all that it wrote. */
export interface End {
  status: number | null
  signal: string | null
  stdout: string
  stderr: string
}

/** Runs a command with the library preloaded, or without any. */
export function runWith(library: string | null, command: readonly string[]): Promise<End> {
  const [file = '', ...args] = command
  const env = { PATH: process.env.PATH ?? '', HOME: '/', LC_ALL: 'C', ...(library ? { LD_PRELOAD: library } : {}) }
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { cwd: '/', env, stdio: ['ignore', 'pipe', 'pipe'], timeout: 300_000 })
    const end = { stdout: '', stderr: '' }
    child.stdout.on('data', (data) => (end.stdout += data))
    child.stderr.on('data', (data) => (end.stderr += data))
    child.on('error', reject)
    child.on('close', (status, signal) => resolve({ status, signal, ...end }))
  })
}
