/** Values of options, checked as they are parsed: an error names the option, what was expected and what came. */

import { InvalidArgumentError } from 'commander'
import { parse } from 'shell-quote'
import { Alloc8Error } from '../errors.ts'
import { probeLevels } from '../launch/probe-settings.ts'
import type { ProbeLevel } from '../types.ts'

/** A whole number from `least`. */
export function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN
    if (!Number.isSafeInteger(value) || value < least) {
      throw new InvalidArgumentError(`Expected a whole number from ${least}, got ${JSON.stringify(text)}.`)
    }
    return value
  }
}

const units: Record<string, number> = { ms: 1, s: 1000, '': 1000, m: 60_000, h: 3_600_000 }

/** A time such as `90`, `1.5s`, `500ms`, `10m`: seconds unless a unit is given. In whole milliseconds, at least one. */
export function duration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|)$/.exec(text)
  const value = match === null ? Number.NaN : Number(match[1]) * (units[match[2] ?? ''] ?? Number.NaN)
  if (!(value > 0)) {
    throw new InvalidArgumentError(`Expected a time such as 30, 500ms, 1.5s or 10m, got ${JSON.stringify(text)}.`)
  }
  return Math.max(1, Math.round(value))
}

/** A share such as `1%` or `0.01`. */
export function share(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(%?)$/.exec(text)
  const value = match === null ? Number.NaN : Number(match[1]) / (match[2] === '%' ? 100 : 1)
  if (!(value >= 0 && value < 1)) {
    throw new InvalidArgumentError(
      `Expected a share from 0 to below 1 such as 1% or 0.01, got ${JSON.stringify(text)}.`,
    )
  }
  return value
}

/** A size such as `4096`, `64K`, `512KiB`, `1M`, in bytes. */
export function size(text: string): number {
  const match = /^(\d+)(?:([KMG])(?:i?B)?)?$/i.exec(text)
  const value =
    match === null ? Number.NaN : Number(match[1]) * 1024 ** ('KMG'.indexOf((match[2] ?? '').toUpperCase() || ' ') + 1)
  if (!Number.isSafeInteger(value) || value < 1) {
    throw new InvalidArgumentError(`Expected a size such as 4096, 64K or 1M, got ${JSON.stringify(text)}.`)
  }
  return value
}

/** Levels of the probe such as `live` or `live,sample`. */
export function levelList(text: string): ProbeLevel[] {
  const levels = text.split(',').map((word) => word.trim())
  for (const level of levels) {
    if ((probeLevels as readonly string[]).includes(level)) continue
    throw new InvalidArgumentError(`Expected some of ${probeLevels.join(', ')}, got ${JSON.stringify(level)}.`)
  }
  return levels as ProbeLevel[]
}

/** As `levelList`, and `off` for none. */
export const levelListOrOff = (text: string): ProbeLevel[] => (text.trim() === 'off' ? [] : levelList(text))

/** CPU numbers such as `0,1` or `0-3`. */
export function cpuList(text: string): number[] {
  const cpus = text.split(',').flatMap((part) => {
    const match = /^(\d+)(?:-(\d+))?$/.exec(part)
    const first = Number(match?.[1] ?? Number.NaN)
    const last = Number(match?.[2] ?? first)
    if (match === null || last < first || last > 1023) {
      throw new InvalidArgumentError(`Expected CPU numbers such as 0,1 or 0-3, got ${JSON.stringify(text)}.`)
    }
    return Array.from({ length: last - first + 1 }, (_, i) => first + i)
  })
  return cpus
}

/** For an option that may be repeated. */
export function collect(text: string, earlier: string[] | undefined): string[] {
  return [...(earlier ?? []), text]
}

/**
 * A command that is given as one text, as its words. It is started as the other command is, without a shell between,
 * which would be measured too.
 * @throws Alloc8Error USAGE for what only a shell can do, and for nothing
 */
export function commandText(option: string, text: string): string[] {
  const words = parse(text, (name) => ({ op: `$${name}` }) as never)
  const other = words.find((word) => typeof word !== 'string')
  if (words.length > 0 && other === undefined) return words as string[]
  throw new Alloc8Error('USAGE', `${option}: expected a program and its arguments, got ${JSON.stringify(text)}`, {
    hint: other === undefined ? undefined : 'no shell is started for it; put what needs one into a script',
  })
}
