/** `alloc8 lab`: experiments under heaps: what was seen, what that means, and pictures of it. */

import { Command } from 'commander'
import { lab, labExperiments } from '../api/lab.ts'
import { Alloc8Error } from '../errors.ts'
import { labListText, labText } from '../report/index.ts'
import type { LabResult } from '../types.ts'
import { watched } from './interruption.ts'
import { openLabOutputs } from './lab-outputs.ts'
import { collect } from './options.ts'
import { labProgress } from './progress.ts'
import { styleFor } from './terminal.ts'

interface LabFlags {
  all?: boolean
  list?: boolean
  heaps?: string
  heap?: string[]
  json?: string
  markdown?: string
  svg?: string
}

/** The command with its options. */
export function labCommand(): Command {
  return new Command('lab')
    .description('Do experiments with heaps, step by step in real threads and forks, and say what was seen.')
    .argument('[experiment...]', 'names of experiments, or files of your own: layout-map, ./mine.ts')
    .option('--all', 'all experiments that ship')
    .option('--list', 'list the experiments, each with its question, and run nothing')
    .option('--heaps <list>', "heaps with commas between them (default: libc's malloc and the built-in ones)")
    .option('--heap <heap>', 'one heap, also one whose path has a comma; may be repeated', collect)
    .option('--json <file>', 'write the result as JSON (- for stdout)')
    .option(
      '--markdown <file>',
      'write Markdown, its pictures and pages of its maps beside it; with --all a lab book into this folder',
    )
    .option('--svg <file>', 'write the pictures, one below the other')
    .addHelpText('after', help)
    .action(execute)
}

const help = `
Each experiment starts processes of its own under the heap; alloc8 itself never runs under it, and a crash there is
something that was seen. What an experiment says follows from the facts that it lists, and from nothing else.

Exit status: 0 when all was carried through, 1 when an experiment was not under some heap, 2 for wrong use, 3 when a
heap is not in effect, 130 interrupted.

Examples:
  alloc8 lab --list
  alloc8 lab layout-map --heaps hoard,jemalloc
  alloc8 lab fork-inherit --heap ./libmine.so --markdown fork.md
  alloc8 lab ./mine.ts --heaps system,hoard --svg picture.svg
  alloc8 lab --all --markdown labbook`

async function execute(names: string[], flags: LabFlags): Promise<void> {
  if (flags.list === true) return list(names, flags)
  if (flags.all === true && names.length > 0) {
    throw new Alloc8Error('USAGE', `lab: expected experiments or --all, got --all and ${names.join(', ')}`)
  }
  if (flags.all !== true && names.length === 0) {
    throw new Alloc8Error('USAGE', 'lab: expected an experiment, got none', {
      hint: 'alloc8 lab layout-map, alloc8 lab ./mine.ts or alloc8 lab --all; they are listed by alloc8 lab --list',
    })
  }
  const heaps = [...(flags.heaps?.split(',') ?? []), ...(flags.heap ?? [])]
  if (heaps.includes(''))
    throw new Alloc8Error(
      'USAGE',
      `lab: --heaps: expected names with commas between them, got ${JSON.stringify(flags.heaps)}`,
    )
  const outputs = openLabOutputs(flags, flags.all === true)
  const progress = labProgress(process.stderr)
  const options = {
    ...(flags.all === true ? {} : { experiments: names }),
    ...(heaps.length === 0 ? {} : { heaps }),
  }
  const { result: results } = await watched({ progress, reports: outputs, stopping: 'stopping' }, (signal) =>
    lab({ ...options, signal, onProgress: progress.update }),
  )
  const stream = outputs.onStdout ? process.stderr : process.stdout
  stream.write(results.map((result) => labText(result, styleFor(stream))).join('\n'))
  outputs.write(results)
  process.exitCode = exitStatus(results)
}

function list(names: readonly string[], flags: LabFlags): void {
  if (names.length > 0 || Object.keys(flags).length > 1) {
    throw new Alloc8Error('USAGE', 'lab: --list runs nothing: expected no experiments and no other options beside it')
  }
  process.stdout.write(labListText(labExperiments(), styleFor(process.stdout)))
}

function exitStatus(results: readonly LabResult[]): number {
  const errors = results.flatMap(({ heaps }) => heaps.flatMap(({ error }) => error?.code ?? []))
  return errors.includes('HEAP_INACTIVE') ? 3 : errors.length > 0 ? 1 : 0
}
