/** `alloc8 build`: a preload library from a heap's source. */

import { statSync } from 'node:fs'
import { relative } from 'node:path'
import { Command } from 'commander'
import { quote } from 'shell-quote'
import { build } from '../api/author.ts'
import { Alloc8Error } from '../errors.ts'
import { openReport, toJson } from './output.ts'
import { paletteFor } from './terminal.ts'

interface BuildFlags {
  output?: string
  prefix?: string
  debug?: boolean
  json?: string
}

/** The command with its options. */
export function buildCommand(): Command {
  return new Command('build')
    .description('Compile a heap into a library that takes the place of malloc.')
    .argument('<source...>', 'C++ sources; behind --, words for the compiler')
    .option('-o, --output <file>', 'the library (default: lib<source>.so here)')
    .option('--prefix <name>', 'make <name>_malloc and so on, and leave malloc alone')
    .option('--debug', 'do not optimise, and keep debugging information')
    .option('--json <file>', 'write what was built as JSON (- for stdout)')
    .addHelpText('after', help)
    .action(execute)
}

const help = `
The compiler is that of CXX, else c++, g++ or clang++ on the PATH. Code that allocates (printf, new, std::string) is
warned of: inside a heap it calls the heap again. Heaps are compiled without exceptions and without the C++ runtime, so
that a C program gets no new library; one that needs it ends the command with -- -fexceptions -lstdc++.

Exit status: 0 built; 1 the compiler refused; 2 wrong usage, no source or no compiler; 130 interrupted.

Examples:
  alloc8 build my_heap.cpp
  alloc8 build my_heap.cpp -o libmy.so && alloc8 run --heap ./libmy.so -- ls
  alloc8 build my_heap.cpp pages.cpp --debug -- -I../include -DCHECKED`

async function execute(words: string[], flags: BuildFlags): Promise<void> {
  const first = words.findIndex((word) => word.startsWith('-'))
  const [sources, compilerArguments] = first < 0 ? [words, []] : [words.slice(0, first), words.slice(first)]
  if (sources.length === 0) throw new Alloc8Error('USAGE', '<source...>: expected at least one C++ source, got none')
  const report = flags.json === undefined ? null : openReport(flags.json)
  const stopping = new AbortController()
  const stop = () => stopping.abort()
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, stop)
  try {
    const { output, prefix, debug } = flags
    const result = await build({ sources, output, prefix, debug, compilerArguments, signal: stopping.signal })
    report?.write(toJson(result))
    const { yellow, dim } = paletteFor(process.stderr)
    for (const { file, line, message } of result.warnings) {
      process.stderr.write(`${file}:${line}: ${yellow('warning:')} ${message}\n`)
    }
    const shown = shownPath(result.output)
    const stream = flags.json === '-' ? process.stderr : process.stdout
    stream.write(`${shown}: ${Math.ceil(statSync(result.output).size / 1024)} KiB, ${result.compiler}\n`)
    if (prefix === undefined) stream.write(dim(`try it: alloc8 run --heap ${quote([shown])} -- ls\n`))
  } catch (error) {
    report?.abandon()
    throw error
  } finally {
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.off(name, stop)
  }
}

/** As it is typed: `./libmy.so` here, else the whole path. */
function shownPath(path: string): string {
  const from = relative(process.cwd(), path)
  return from.startsWith('..') ? path : `./${from}`
}
