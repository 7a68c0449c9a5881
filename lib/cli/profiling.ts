/** Options that write what was sampled into files, alike for a run and for a kept session. */

import { gzipSync } from 'node:zlib'
import { type Command, InvalidArgumentError } from 'commander'
import {
  type CollapsedValue,
  flameHtml,
  profileCollapsed,
  profileGperftools,
  profilePprof,
  profileSpeedscope,
} from '../report/index.ts'
import type { Profile } from '../types.ts'
import { toJson } from './output.ts'
import type { WantedReport } from './reports.ts'

/** Where each format goes. */
export interface ProfileFlags {
  flamegraph?: string
  collapsed?: string
  collapsedOf?: CollapsedValue
  pprof?: string
  googlePprof?: string
  speedscope?: string
  profile?: string
}

/** A profile and what it is of, for titles. */
export interface NamedProfile {
  profile: Profile
  name: string
}

const values: Record<string, CollapsedValue> = {
  allocated: 'allocatedBytes',
  live: 'liveBytes',
  'allocated-blocks': 'allocatedBlocks',
  'live-blocks': 'liveBlocks',
}

function collapsedValue(text: string): CollapsedValue {
  const value = values[text]
  if (value !== undefined) return value
  throw new InvalidArgumentError(`Expected one of ${Object.keys(values).join(', ')}, got ${JSON.stringify(text)}.`)
}

/** Adds the options to a command. */
export function addProfileOptions(command: Command): Command {
  return command
    .option('--flamegraph <file>', 'write the sampled stacks as one self-contained HTML page')
    .option('--collapsed <file>', 'write them as collapsed stacks, a line each')
    .option('--collapsed-of <what>', `what those count: ${Object.keys(values).join(', ')}`, collapsedValue)
    .option('--pprof <file>', 'write them for pprof')
    .option('--google-pprof <file>', 'write them for the older pprof of gperftools, and for jeprof')
    .option('--speedscope <file>', 'write them for speedscope')
    .option('--profile <file>', 'write them as JSON')
}

/** The reports that were asked for. */
export function profileReports(flags: ProfileFlags): WantedReport<NamedProfile>[] {
  const formats: [string | undefined, WantedReport<NamedProfile>['format']][] = [
    [flags.flamegraph, ({ profile, name }) => flameHtml(profile, name)],
    [flags.collapsed, ({ profile }) => profileCollapsed(profile, flags.collapsedOf)],
    [flags.pprof, ({ profile }) => gzipSync(profilePprof(profile))],
    [flags.googlePprof, ({ profile }) => profileGperftools(profile)],
    [flags.speedscope, ({ profile, name }) => profileSpeedscope(profile, name)],
    [flags.profile, ({ profile }) => toJson(profile)],
  ]
  return formats.flatMap(([path, format]) => (path === undefined ? [] : [{ path, format }]))
}
