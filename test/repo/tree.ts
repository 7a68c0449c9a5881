/** The repository's files as the checks in this folder read them: those that git has or would take, with their text. */

import { execFileSync } from 'node:child_process'
import { lstatSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** The repository's root, with a slash behind. */
export const root = fileURLToPath(new URL('../../', import.meta.url))

let listed: string[] | undefined

/** The files of the repository from its root that pass `keep`, sorted: what is tracked, and what is new and not ignored. */
export function repositoryFiles(keep: (path: string) => boolean): string[] {
  listed ??= execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 << 20,
  })
    .split('\0')
    .filter((path) => path !== '' && lstatSync(root + path, { throwIfNoEntry: false })?.isFile() === true)
    .sort()
  return listed.filter(keep)
}

/** The text of a file, by its path from the root. */
export function textOf(path: string): string {
  return readFileSync(root + path, 'utf8')
}

/** C or C++ with comments made blank; lines and the contents of strings stay. */
export function withoutComments(text: string): string {
  const token = /\/\/(?:\\\n|[^\n])*|\/\*[\s\S]*?(?:\*\/|$)|"(?:\\[\s\S]|[^"\\\n])*"|'(?:\\[\s\S]|[^'\\\n])*'/g
  return text.replace(token, (found) => (found.startsWith('/') ? found.replace(/[^\n]/g, ' ') : found))
}
