/** A profile on one screen: what is live and what was allocated, by stack, the largest first. */

import type { Profile } from '../types.ts'
import { amountText } from './html/browser/flame-numbers.ts'
import { clean, cutMiddle, cutStart, wrapHanging } from './layout.ts'
import { frameName, framePlace, noneOf, type Sums, waysOf } from './profile-view.ts'
import { type Signs, signsOf, type TextStyle } from './style.ts'
import { countOf, formatBytes, formatPercent } from './units.ts'

/** Stacks of each list, and frames of each stack: what is beyond is counted. Under a run's summary there is less room. */
const whole: Limits = { stacks: 4, frames: 6 }
const brief: Limits = { stacks: 2, frames: 6 }

interface Limits {
  stacks: number
  frames: number
}

type Kind = 'live' | 'allocated'

interface Way {
  frames: readonly number[]
  sums: Sums
}

/** The whole text of a profile, ending with a line break. */
export function profileText(profile: Profile, style: TextStyle): string {
  return `${[...headLines(profile, style), ...listsOf(profile, { style, none: noneOf(profile), indent: '', limits: whole })].join('\n')}\n`
}

function headLines(profile: Profile, style: TextStyle): string[] {
  const { allocatedBytes, liveBytes, processes, warnings, unreadable, completeShare } = profile
  const none = noneOf(profile)
  const samples = profile.stacks.reduce((sum, each) => sum + each.samples, 0)
  const amount = ({ value, variance }: { value: number; variance: number }) => amountText(value, variance, none)
  const among = countOf(processes.length, 'process', 'processes')
  const text = (words: string) => wrapHanging('', clean(words), style.width)
  return [
    ...text(`${amount(allocatedBytes)} allocated, ${amount(liveBytes)} of it live at the end`).map(style.palette.bold),
    ...text(
      `by ${countOf(samples, 'sample')}, one in ${formatBytes(profile.sampleBytes)}, in ${among}; ` +
        `${formatPercent(completeShare)} reach the start of their program or thread`,
    ),
    ...[...warnings.map(({ message }) => message), ...unreadable.map((file) => `${file} (not read)`)].flatMap(
      (message) =>
        wrapHanging('warning: ', clean(message), style.width).map((line) =>
          line.replace('warning:', style.palette.yellow),
        ),
    ),
  ]
}

/** The largest stacks in short, to stand under a run's summary. */
export function profileLines(profile: Profile, style: TextStyle): string[] {
  return listsOf(profile, { style, none: noneOf(profile), indent: '  ', limits: brief })
}

function listsOf(profile: Profile, layout: Layout): string[] {
  const ways = waysOf(profile)
  return [
    ...listLines('live at exit, by stack', 'live', profile, ways, layout),
    ...listLines('allocated, by stack', 'allocated', profile, ways, layout),
  ]
}

interface Layout {
  style: TextStyle
  none: number
  indent: string
  limits: Limits
}

function amountsOf({ sums }: Way, kind: Kind): { bytes: number; variance: number; blocks: number } {
  return kind === 'live'
    ? { bytes: sums.liveBytes, variance: sums.liveVariance, blocks: sums.liveBlocks }
    : { bytes: sums.allocatedBytes, variance: sums.allocatedVariance, blocks: sums.allocatedBlocks }
}

function listLines(title: string, kind: Kind, profile: Profile, ways: readonly Way[], layout: Layout): string[] {
  const { style, none, indent, limits } = layout
  const sorted = ways
    .filter((way) => amountsOf(way, kind).bytes > 0)
    .sort((a, b) => amountsOf(b, kind).bytes - amountsOf(a, kind).bytes)
  const total = sorted.reduce((sum, way) => sum + amountsOf(way, kind).bytes, 0)
  const head = `${indent}${style.palette.bold(title)}`
  if (sorted.length === 0) return [`${head}: nothing that was sampled`]
  const lines = sorted.slice(0, limits.stacks).flatMap((way) => {
    const { bytes, variance, blocks } = amountsOf(way, kind)
    const share = formatPercent(bytes / total)
    const count = `about ${countOf(Math.max(1, Math.round(Number(blocks.toPrecision(2)))), 'block')}`
    const amount = `${amountText(bytes, variance, none)}, ${share}, ${count}`
    return [`${indent}  ${style.palette.cyan(amount)}`, ...stackLines(profile, way.frames, layout)]
  })
  const more = sorted.slice(limits.stacks)
  if (more.length === 0) return [head, ...lines]
  const rest = more.reduce((sum, way) => sum + amountsOf(way, kind).bytes, 0)
  return [head, ...lines, `${indent}  ${countOf(more.length, 'more stack')} with ${formatPercent(rest / total)}`]
}

/** What every program or thread begins with tells nothing. */
const starts = /^(?:_start|__libc_start_(?:call_)?main(?:_impl)?|start_thread|clone3?|__clone3?)$/

function withoutStart(profile: Profile, frames: readonly number[]): readonly number[] {
  let end = frames.length
  while (end > 1 && starts.test(profile.frames[frames[end - 1] ?? -1]?.function ?? '')) end--
  return frames.slice(0, end)
}

/** The innermost frames, each over what it was called by, and at the end the outermost. */
function stackLines(profile: Profile, all: readonly number[], { style, indent, limits }: Layout): string[] {
  const frames = withoutStart(profile, all)
  const signs = signsOf(style)
  if (frames.length === 0) return [`${indent}    (no frames)`]
  const shown = frames.length <= limits.frames ? frames : frames.slice(0, limits.frames - 2)
  const lines = shown.map((at, depth) => frameLine(profile, at, `${indent}    ${'  '.repeat(depth)}`, style, signs))
  const hidden = frames.length - shown.length - 1
  if (hidden < 0) return lines
  const space = `${indent}    ${'  '.repeat(shown.length)}`
  const last = frames.at(-1) ?? 0
  return [...lines, `${space}${countOf(hidden, 'more frame')}, then`, frameLine(profile, last, space, style, signs)]
}

function frameLine(profile: Profile, at: number, space: string, style: TextStyle, signs: Signs): string {
  const frame = profile.frames[at]
  if (frame === undefined) return `${space}${signs.none}`
  const place = framePlace(frame)
  const room = Math.max(12, style.width - space.length)
  const name = frameName(frame)
  if (place === null) return space + cutMiddle(name, room, signs)
  // The place is cut first, but keeps enough to be told by.
  const placeRoom = Math.max(Math.min(place.length, Math.floor(room / 3)), room - name.length - 2)
  const shortPlace = cutStart(place, Math.max(8, placeRoom), signs)
  const shortName = cutMiddle(name, Math.max(8, room - shortPlace.length - 2), signs)
  return `${space}${shortName}  ${style.palette.dim(shortPlace)}`
}
