/**
 * How to keep the winner: the lines that put a heap under a program for good, in the four places where people start
 * programs. Each is quoted by the rules of its place, so that it can be copied as it stands.
 */

import type { ResolvedHeap } from '../types.ts'
import { clean } from './layout.ts'
import type { TextStyle } from './style.ts'

/** Where lines can be put. */
export type AdoptPlace = 'shell' | 'dockerfile' | 'systemd' | 'package.json'

/** The lines for one place. */
export interface Adoption {
  place: AdoptPlace
  text: string
}

/** A setting of the environment. */
interface Setting {
  name: string
  value: string
}

/** Quotes a word for a POSIX shell: as it stands where that is safe, else in single quotes. */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}

/** A command line for a POSIX shell. A program whose name holds = would be taken for an assignment, so it is quoted. */
function shellCommand(command: readonly string[]): string {
  return command
    .map((word, index) => (index === 0 && word.includes('=') ? `'${word.replaceAll("'", "'\\''")}'` : shellWord(word)))
    .join(' ')
}

/** `NAME="value"` for a Dockerfile's ENV, where \ and " end a string and $ names a variable. */
function dockerSetting({ name, value }: Setting): string {
  return `ENV ${name}="${value.replace(/[\\"$]/g, '\\$&')}"`
}

/** `Environment="NAME=value"` for a unit, where \ and " end a string and % names a specifier. */
function systemdSetting({ name, value }: Setting): string {
  return `Environment="${name}=${value.replace(/[\\"]/g, '\\$&').replaceAll('%', '%%')}"`
}

/**
 * The environment that puts a heap under a program. Libraries are separated by spaces, as the loader reads them. A
 * variable that is a list (`join`) is given whole: a value that the user has of his own is to be joined by hand.
 */
function settingsOf(heap: ResolvedHeap, preloadVariable: string): Setting[] {
  const preload = heap.preload.length === 0 ? [] : [{ name: preloadVariable, value: heap.preload.join(' ') }]
  return [...preload, ...heap.env.map(({ name, value }) => ({ name, value }))]
}

/**
 * The lines for each place; none for a heap that sets nothing, as `default` does. `preloadVariable` is the name that
 * this system's loader reads. A line break in a value is a space, as none of the libraries' settings has one.
 */
export function adoptions(heap: ResolvedHeap, command: readonly string[], preloadVariable = 'LD_PRELOAD'): Adoption[] {
  const settings = settingsOf(heap, preloadVariable).map(({ name, value }) => ({ name, value: clean(value) }))
  if (settings.length === 0) return []
  const assignments = settings.map(({ name, value }) => `${name}=${shellWord(value)}`).join(' ')
  const line = `${assignments} ${shellCommand(command)}`
  return [
    { place: 'shell', text: line },
    { place: 'dockerfile', text: settings.map(dockerSetting).join('\n') },
    { place: 'systemd', text: ['[Service]', ...settings.map(systemdSetting)].join('\n') },
    { place: 'package.json', text: `"start": ${JSON.stringify(line)}` },
  ]
}

const titles: Record<AdoptPlace, string> = {
  shell: 'in a shell',
  dockerfile: 'in a Dockerfile (the library must be in the image)',
  systemd: 'in a systemd unit',
  'package.json': 'in the scripts of package.json',
}

/**
 * The lines for all places under a heading, ending with a line break. They are never broken or cut, whatever the
 * width, as they are there to be copied.
 */
export function adoptText(
  heap: ResolvedHeap,
  command: readonly string[],
  style: TextStyle,
  preloadVariable?: string,
): string {
  const { bold, dim } = style.palette
  const found = adoptions(heap, command, preloadVariable)
  if (found.length === 0) return `${bold(`To keep ${clean(heap.spec)}, change nothing: it is the program as it is.`)}\n`
  const parts = found.map(({ place, text }) => `  ${dim(titles[place])}\n${text.replace(/^/gm, '    ')}`)
  return `${[bold(`To keep ${clean(heap.spec)}:`), ...parts].join('\n')}\n`
}
