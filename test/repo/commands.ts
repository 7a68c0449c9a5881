/**
 * The commands that READMEs show. A block marked `sh` is run as it stands, one marked `sh norun` is only checked: its
 * scripts, files, programs and options must exist. In a `console` block the lines behind `$ ` are the commands and the
 * rest is what they printed.
 */

import { parse } from 'shell-quote'
import type { CodeBlock } from './markdown.ts'

/** What a block is there for: `run` it, `check` it, or neither (other languages, output). */
export type BlockUse = 'run' | 'check' | 'show'

/** What to do with a block, by the words behind its fence. */
export function useOf({ info }: CodeBlock): BlockUse {
  const [language = '', ...words] = info
  if (!['sh', 'bash', 'shell', 'console'].includes(language)) return 'show'
  return words.includes('norun') ? 'check' : 'run'
}

/** The script that a block stands for: as written, or what follows the prompts of a `console` block. */
export function scriptOf({ info, text }: CodeBlock): string {
  if (info[0] !== 'console') return text
  const lines = text.split('\n')
  return lines
    .filter((line, at) => line.startsWith('$ ') || (at > 0 && continues(lines, at)))
    .map((line) => line.replace(/^(?:\$|>) /, ''))
    .join('\n')
}

/** Whether the line continues a command: the one before ends in a backslash and is itself one or continues one. */
function continues(lines: readonly string[], at: number): boolean {
  const before = lines[at - 1]
  if (before === undefined || !before.endsWith('\\')) return false
  return before.startsWith('$ ') || continues(lines, at - 1)
}

/** A simple command: the words in front that set variables, and the others. */
export interface SimpleCommand {
  variables: string[]
  words: string[]
}

/** Shell's own words in front of a command. */
const grammar = ['do', 'then', 'else', 'if', 'while', 'until', '!', '{', 'time', 'sudo', 'exec', 'env']
const noCommand = ['for', 'done', 'fi', '}', 'case', 'esac', 'set', 'export', 'echo', 'true', '']

/** The simple commands of a script, in order; pipes, lists and redirections taken apart. */
export function simpleCommands(script: string): SimpleCommand[] {
  const commands: SimpleCommand[] = []
  for (const line of script.replace(/\\\n\s*/g, ' ').split('\n')) {
    let current: string[] = []
    const finish = () => {
      const variables: string[] = []
      while (current[0] !== undefined && (/^[A-Za-z_]\w*=/.test(current[0]) || grammar.includes(current[0]))) {
        const word = current.shift() ?? ''
        if (word.includes('=')) variables.push(word)
      }
      if (!noCommand.includes(current[0] ?? '') || variables.length > 0) commands.push({ variables, words: current })
      current = []
    }
    const tokens = parse(line, (name) => `$${name}`)
    for (let at = 0; at < tokens.length; at++) {
      const token = tokens[at]
      if (typeof token === 'string') current.push(token)
      else if (token !== undefined && 'pattern' in token) current.push(token.pattern)
      else if (token !== undefined && 'op' in token) {
        if (/[<>]/.test(token.op))
          at++ // and the file behind it, which may not exist yet
        else finish()
      }
    }
    finish()
  }
  return commands
}

/** An option of a command as its help shows it. */
interface ShownOption {
  names: string[]
  takesValue: boolean
}

/** The options in a commander help text. */
export function optionsInHelp(help: string): ShownOption[] {
  return [...help.matchAll(/^\s+((?:-\w, )?--?[\w-]+)(?: ([<[])[^>\]]*[>\]])?(?:\s|$)/gm)].map(
    ([, names = '', bracket]) => ({
      names: names.split(', '),
      takesValue: bracket === '<',
    }),
  )
}

/** The sub-commands in a commander help text. */
export function commandsInHelp(help: string): string[] {
  const section = /^Commands:\n((?: .*\n?)*)/m.exec(help)?.[1] ?? ''
  return [...section.matchAll(/^ {2}([a-z][\w-]*)/gm)].map((found) => found[1] ?? '').filter((name) => name !== 'help')
}

/** The lines of a help text that show how to use the command, without what they explain behind two spaces. */
export function examplesInHelp(help: string): string[] {
  const section = /^Examples:\n((?: .*(?:\n|$))*)/m.exec(help)?.[1] ?? ''
  return [...section.matchAll(/^ +(.*?)(?: {2,}.*)?$/gm)].map((found) => found[1] ?? '').filter((line) => line !== '')
}

/** What a command may refer to. */
export interface Surroundings {
  /** Whether a path from the repository's root is there. */
  exists: (path: string) => boolean
  /** The folders at the top: a word that begins with one must be there. */
  folders: readonly string[]
  /** npm's scripts, and the programs that npm has installed. */
  scripts: readonly string[]
  programs: readonly string[]
  /** The help of alloc8 (`''`) or of a sub-command. */
  help: (command: string) => string
}

/** What is wrong with a simple command. */
export function commandProblems({ variables, words }: SimpleCommand, around: Surroundings): string[] {
  const [program = '', ...args] = words
  const missing = [...variables, ...words]
    .flatMap(pathsIn)
    .filter((path) => isOurs(path, around) && !around.exists(path))
  const problems = missing.map((path) => `${path} does not exist`)
  if (program === 'npm') problems.push(...npmProblems(args, around))
  if (program === 'npx') problems.push(...npxProblems(args, around))
  if (program === 'alloc8') problems.push(...alloc8Problems(args, around))
  return problems
}

/** The paths that a word may hold: behind `NAME=` or `--option=`, between colons. */
function pathsIn(word: string): string[] {
  return word
    .replace(/^[\w-]+=/, '')
    .split(':')
    .map((path) => path.replace(/^(?:\$PWD\/|\.\/)/, ''))
}

function isOurs(path: string, { folders }: Surroundings): boolean {
  return !/[*?$<>]/.test(path) && folders.some((folder) => path.startsWith(`${folder}/`))
}

function npmProblems([word = '', ...rest]: string[], { scripts }: Surroundings): string[] {
  const script = word === 'run' || word === 'run-script' ? rest.find((each) => !each.startsWith('-')) : word
  if (word === 'run' || word === 'run-script' || word === 'test' || word === 'start') {
    return scripts.includes(script ?? '') ? [] : [`npm has no script ${script}`]
  }
  return ['install', 'i', 'ci', 'link', 'pack'].includes(word) ? [] : [`npm ${word} is not known to this check`]
}

function npxProblems(args: string[], around: Surroundings): string[] {
  const [program = '', ...rest] = args.slice(args.findIndex((word) => !word.startsWith('-')))
  if (program === 'alloc8') return alloc8Problems(rest, around)
  return around.programs.includes(program) ? [] : [`npm has not installed ${program}`]
}

function alloc8Problems(args: string[], around: Surroundings): string[] {
  const [command = '', ...rest] = args
  const nested = !command.startsWith('-')
  if (nested && !commandsInHelp(around.help('')).includes(command))
    return [`alloc8 has no command ${command || '(none)'}`]
  const options = optionsInHelp(around.help(nested ? command : ''))
  const problems: string[] = []
  const words = nested ? rest : args
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? ''
    if (word === '--') break
    if (!word.startsWith('-') || word === '-') break // the target's own words, or an operand
    const name = word.split('=')[0] ?? ''
    const option = options.find((each) => each.names.includes(name))
    if (option === undefined) problems.push(`alloc8 ${nested ? `${command} ` : ''}has no option ${name}`)
    else if (option.takesValue && !word.includes('=')) at++
  }
  return problems
}
