/** The C++ compiler: which, and one run of it, which leaves no process behind when it is stopped. */

import { spawn } from 'node:child_process'
import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { parse } from 'shell-quote'
import { Alloc8Error } from '../errors.ts'

/** A compiler: the words that start it, and its own first line about itself. */
export interface Compiler {
  words: readonly string[]
  version: string
  clang: boolean
}

const candidates = ['c++', 'g++', 'clang++']

/**
 * CXX where it is set, which may have arguments, else the first compiler on the PATH.
 *
 * @throws Alloc8Error COMPILER where there is none
 */
export async function findCompiler(environment: NodeJS.ProcessEnv, signal?: AbortSignal): Promise<Compiler> {
  const given = environment['CXX']?.trim()
  const words = given ? parse(given).filter((word) => typeof word === 'string') : []
  if (words.length === 0) {
    const found = candidates.find((name) => onPath(name, environment))
    if (found === undefined) {
      throw new Alloc8Error('COMPILER', `expected a C++ compiler on the PATH (${candidates.join(', ')}), got none`, {
        hint: 'install one (Debian: apt-get install g++), or name it in CXX',
      })
    }
    words.push(found)
  }
  const [name = ''] = words
  if (!(name.includes('/') ? isExecutable(name) : onPath(name, environment))) {
    throw new Alloc8Error(
      'COMPILER',
      `CXX: expected a C++ compiler, got ${JSON.stringify(given)}, which is not found`,
      {
        hint: 'name a program on the PATH, or unset CXX',
      },
    )
  }
  const version = (await compile(words, ['--version'], { environment, signal })).split('\n')[0] ?? ''
  return { words, version, clang: /clang/i.test(version) }
}

function onPath(name: string, environment: NodeJS.ProcessEnv): boolean {
  return (environment['PATH'] ?? '').split(delimiter).some((folder) => isExecutable(join(folder || '.', name)))
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}

/** Where a compiler runs. */
export interface Surroundings {
  environment: NodeJS.ProcessEnv
  signal?: AbortSignal | undefined
}

/**
 * Runs the compiler; gives what it wrote to either stream. It is a process group of its own, so that stopping it stops
 * the programs that it starts.
 *
 * @throws Alloc8Error COMPILE with all of the compiler's words, ABORTED when the signal is
 */
export function compile(words: readonly string[], more: readonly string[], where: Surroundings): Promise<string> {
  const [program = '', ...args] = [...words, ...more]
  return new Promise((resolve, reject) => {
    const stopped = () => new Alloc8Error('ABORTED', 'the build was stopped')
    if (where.signal?.aborted) return reject(stopped())
    const child = spawn(program, args, { detached: true, env: where.environment, stdio: ['ignore', 'pipe', 'pipe'] })
    let said = ''
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (said += text))
    const stop = () => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
      } catch {
        // It has ended by itself.
      }
    }
    where.signal?.addEventListener('abort', stop, { once: true })
    child.on('error', (error) => reject(new Alloc8Error('COMPILER', `${program}: ${error.message}`, { cause: error })))
    child.on('close', (status, killedBy) => {
      where.signal?.removeEventListener('abort', stop)
      if (where.signal?.aborted) reject(stopped())
      else if (status === 0) resolve(said)
      else reject(compileError(program, killedBy ?? `status ${status}`, said))
    })
  })
}

function compileError(program: string, ending: string, said: string): Alloc8Error {
  const names = new Set([...said.matchAll(/undefined reference to [`'‘]([^'’]+)['’]/g)].map((match) => match[1]))
  const runtime = [...names].filter((name) =>
    /^(?:std::|__cxa|operator |vtable for|typeinfo|__gxx|_Unwind)/.test(name ?? ''),
  )
  const hint =
    runtime.length > 0
      ? `the heap refers to the C++ runtime (${runtime.slice(0, 3).join(', ')}). Do without, or end the command with ` +
        '`-- -lstdc++`: then the runtime comes along into programs that have none'
      : undefined
  return new Alloc8Error('COMPILE', `${program} ended with ${ending}:\n${said.trimEnd()}`, { hint })
}
