/** `alloc8 heaps`: the allocators that can be chosen on this machine. */

import { Command } from 'commander'
import { heaps } from '../api/heaps.ts'
import { heapsText } from '../report/index.ts'
import { openReport, toJson } from './output.ts'
import { styleFor } from './terminal.ts'

interface HeapsFlags {
  json?: string
  verbose?: boolean
}

/** The command with its options. */
export function heapsCommand(): Command {
  return new Command('heaps')
    .description('List the allocators that can be chosen on this machine.')
    .option('--verbose', 'list what each heap can be told, too')
    .option('--json <file>', 'write the list as JSON (- for stdout)')
    .addHelpText(
      'after',
      `
Examples:
  alloc8 heaps
  alloc8 heaps --verbose
  alloc8 heaps --json -`,
    )
    .action(async (flags: HeapsFlags) => {
      const report = flags.json === undefined ? null : openReport(flags.json)
      const result = await heaps()
      report?.write(toJson(result))
      if (flags.json === '-') return
      process.stdout.write(heapsText(result, styleFor(process.stdout), { verbose: flags.verbose === true }))
    })
}
