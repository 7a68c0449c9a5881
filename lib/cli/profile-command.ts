/** `alloc8 profile`: what was sampled in a kept session, as text or in the formats of other tools. */

import { basename } from 'node:path'
import { Command } from 'commander'
import { profile } from '../api/profile.ts'
import { profileText } from '../report/index.ts'
import { addProfileOptions, type ProfileFlags, profileReports } from './profiling.ts'
import { openAll } from './reports.ts'
import { styleFor } from './terminal.ts'

/** The command with its options. */
export function profileCommand(): Command {
  const command = new Command('profile')
    .description('Show what the programs of a kept session have allocated, and what of it is live, by stack.')
    .argument('<session>', 'the folder that was named with run --session')
  return addProfileOptions(command)
    .addHelpText(
      'after',
      `
Without an option, the largest stacks as text. A file named - is stdout.

Exit status: 0; 2 where the folder is no session or nothing was sampled in it.

Examples:
  alloc8 run --probe sample --session /tmp/s -- ./server
  alloc8 profile /tmp/s
  alloc8 profile /tmp/s --flamegraph server.html --pprof server.pb.gz
  alloc8 profile /tmp/s --collapsed - --collapsed-of live | head`,
    )
    .action(execute)
}

async function execute(session: string, flags: ProfileFlags): Promise<void> {
  const wanted = profileReports(flags)
  const reports = openAll(wanted)
  try {
    const found = await profile(session)
    const programs = found.processes.flatMap(({ executable }) => executable ?? [])
    const name = programs[0] === undefined ? basename(session) : programs[0]
    if (wanted.length === 0) process.stdout.write(profileText(found, styleFor(process.stdout)))
    reports.write({ profile: found, name })
  } catch (error) {
    reports.abandon()
    throw error
  }
}
