/** The command line: argv in, exit status out. The one place that prints, colours and exits; everything else returns. */

import { Command, CommanderError } from 'commander'
import { packageVersion } from '../binding/native.ts'
import { buildCommand } from './build-command.ts'
import { checkCommand } from './check-command.ts'
import { ciCommand } from './ci-command.ts'
import { compareCommand } from './compare-command.ts'
import { doctorCommand } from './doctor-command.ts'
import { exitStatusOf, harmless, printError } from './failure.ts'
import { heapsCommand } from './heaps-command.ts'
import { labCommand } from './lab-command.ts'
import { newCommand } from './new-command.ts'
import { watchOutput } from './output.ts'
import { profileCommand } from './profile-command.ts'
import { reportCommand } from './report-command.ts'
import { runCommand } from './run-command.ts'
import { watchCommand } from './watch-command.ts'

/** The whole command tree. */
export function program(): Command {
  const alloc8 = new Command('alloc8')
    .description('Swap, watch and compare memory allocators under programs that nobody has to recompile.')
    .version(packageVersion())
    .showHelpAfterError('(see alloc8 --help)')
    .enablePositionalOptions()
    .configureOutput({ outputError: (text, write) => write(harmless(text)) })
    .addHelpText('after', examples)
  const commands = [
    compareCommand(),
    ciCommand(),
    checkCommand(),
    reportCommand(),
    runCommand(),
    profileCommand(),
    watchCommand(),
    labCommand(),
    heapsCommand(),
    doctorCommand(),
    newCommand(),
    buildCommand(),
  ]
  for (const command of commands) {
    command.copyInheritedSettings(alloc8).showHelpAfterError(`(see alloc8 ${command.name()} --help)`)
    alloc8.addCommand(command)
  }
  for (const command of [alloc8, ...alloc8.commands]) command.exitOverride()
  return alloc8
}

const examples = `
Examples:
  alloc8 heaps                                        the allocators on this machine
  alloc8 compare -- node build.js                     which of them runs it best
  alloc8 run --heap jemalloc:narenas=2 -- ./server    run it under one
  alloc8 run --watch -- ./server                      what it does, on the whole screen
  alloc8 ci                                           has anything got worse?
  alloc8 check ./libmine.so                           what does it not do right?
  alloc8 lab layout-map                               where do its blocks lie?
  alloc8 new my-heap                                  an allocator of your own`

/** Does what the words say. The exit status; whatever goes wrong is printed. */
export async function main(argv: readonly string[]): Promise<number> {
  watchOutput()
  try {
    await program().parseAsync(argv)
    return Number(process.exitCode ?? 0)
  } catch (error) {
    if (error instanceof CommanderError) {
      // Commander has printed its message; help and version come this way too.
      return error.exitCode === 0 ? 0 : exitStatusOf(argv[2], 'USAGE')
    }
    printError(error)
    return exitStatusOf(argv[2], error)
  }
}
