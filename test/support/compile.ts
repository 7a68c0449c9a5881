/** Builds the small programs and libraries that tests carry in their own text. */

import { execFile, spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** One thing to build: C++ where the name of the source says so. */
export interface Build {
  /** Name of the result in `folder`. */
  name: string
  source: string
  language?: 'c' | 'c++'
  flags?: readonly string[]
  /** Instead of the system's. */
  compiler?: string
}

/** Compiles and links into `folder`; returns the result's path. Throws with the compiler's words. */
export async function compile(
  folder: string,
  { name, source, language = 'c', flags = [], compiler }: Build,
): Promise<string> {
  const file = join(folder, `${name}.${language === 'c' ? 'c' : 'cpp'}`)
  const output = join(folder, name)
  writeFileSync(file, source)
  // No folding of malloc and free into nothing.
  await run(compiler ?? systemCompiler(language), ['-O1', '-fno-builtin', '-Wall', '-o', output, file, ...flags])
  return output
}

/** Null when the compiler can build a program with these flags, else what it said. */
export async function lackingCompiler(
  folder: string,
  language: 'c' | 'c++',
  ...flags: string[]
): Promise<string | null> {
  try {
    const name = `probe${flags.join('').replace(/\W/g, '_')}`
    await compile(folder, { name, source: 'int main() { return 0; }\n', language, flags })
    return null
  } catch (error) {
    const words = error instanceof Error ? error.message.trim().split('\n').at(-1) : String(error)
    return `${systemCompiler(language)} ${flags.join(' ')} does not work here: ${words}`
  }
}

/**
 * Null when the kernel runs what the compiler makes with these flags, else why not. Not every kernel runs programs of
 * 32 bits, also where the compiler and the libraries are there, and that is not for CI to mend.
 */
export async function lackingKernel(folder: string, ...flags: string[]): Promise<string | null> {
  const name = `nothing${flags.join('').replace(/\W/g, '_')}`
  const program = await compile(folder, { name, source: 'int main() { return 0; }\n', flags })
  const { status } = spawnSync(program, { stdio: 'ignore' })
  return status === 0 ? null : `this kernel does not run programs made with ${flags.join(' ')}`
}

function systemCompiler(language: 'c' | 'c++'): string {
  return language === 'c' ? process.env.CC || 'cc' : process.env.CXX || 'c++'
}
