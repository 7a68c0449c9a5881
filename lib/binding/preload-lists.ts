/**
 * The loader's two lists of libraries to preload, by its own rules (ld.so(8)): LD_PRELOAD, separated by spaces and
 * colons, and /etc/ld.so.preload, which may also have lines and comments and counts for every process.
 */

import { readFileSync } from 'node:fs'

/** The names in a value of LD_PRELOAD. */
export function preloadNames(value: string | undefined): string[] {
  return (value ?? '').split(/[ :]+/).filter((name) => name !== '')
}

/** The names in the text of an /etc/ld.so.preload. */
export function preloadFileNames(text: string): string[] {
  return text
    .replace(/#.*$/gm, '')
    .split(/[\s:]+/)
    .filter((name) => name !== '')
}

/** What /etc/ld.so.preload names; hardly any machine has one. */
export function systemPreload(): string[] {
  try {
    return preloadFileNames(readFileSync('/etc/ld.so.preload', 'utf8'))
  } catch {
    return []
  }
}
