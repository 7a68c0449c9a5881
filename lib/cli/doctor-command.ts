/** `alloc8 doctor`: what this machine can do for alloc8; with --pid, which allocator a running process uses. */

import { Command } from 'commander'
import { doctor } from '../api/doctor.ts'
import { doctorText, processText } from '../report/index.ts'
import { wholeNumber } from './options.ts'
import { openReport, toJson } from './output.ts'
import { styleFor } from './terminal.ts'

interface DoctorFlags {
  pid?: number
  json?: string
}

/** The command with its options. */
export function doctorCommand(): Command {
  return new Command('doctor')
    .description('Say what this machine can do for alloc8, or which allocator a running process uses.')
    .option('--pid <number>', 'look at this process, which goes on undisturbed', wholeNumber(1))
    .option('--json <file>', 'write the result as JSON (- for stdout)')
    .addHelpText(
      'after',
      `
Exit status: 0 when all works, 1 when something does not or the process cannot be looked at, 2 for wrong use.

Examples:
  alloc8 doctor
  alloc8 doctor --pid 4711
  alloc8 doctor --json -`,
    )
    .action(async (flags: DoctorFlags) => {
      const report = flags.json === undefined ? null : openReport(flags.json)
      try {
        await examine(flags, (result, text) => {
          report?.write(toJson(result))
          if (flags.json !== '-') process.stdout.write(text)
        })
      } catch (error) {
        report?.abandon()
        throw error
      }
    })
}

async function examine({ pid }: DoctorFlags, show: (result: unknown, text: string) => void): Promise<void> {
  const style = styleFor(process.stdout)
  if (pid !== undefined) {
    const result = await doctor({ pid })
    return show(result, processText(result, style))
  }
  const result = await doctor()
  show(result, doctorText(result, style))
  if (!result.holds) process.exitCode = 1
}
