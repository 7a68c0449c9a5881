/**
 * The target before it runs: where the executable is, which ELF file will run in the end, and what about it keeps a
 * preloaded heap out. Found here, an obstacle can be named before the run and explains the witness's silence after.
 */

import { accessSync, constants, lstatSync, realpathSync, type Stats, statSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { Alloc8Error, usageError } from '../errors.ts'
import { type ElfInfo, readElf } from './elf.ts'
import { addon } from './native.ts'
import { envCommand, readShebang } from './shebang.ts'

/** A sanitizer that brings its own malloc. */
export type Sanitizer = 'address' | 'thread' | 'memory' | 'leak'

/** What a look at a target's file tells. */
export interface TargetInfo {
  /** The real path of the ELF file that runs in the end: the target itself, or a script's interpreter. */
  path: string
  isScript: boolean
  /** The programs that run one after the other for a script: `['/usr/bin/env', '/usr/bin/node']`. */
  interpreterChain: string[]
  /** Neither ELF nor `#!`: execve refuses the file, and execvp hands it to /bin/sh, as a caller has to. */
  needsShell: boolean
  /** null where the file may be run but not read; nothing is known of it then. */
  elf: ElfInfo | null
  bits: 32 | 64 | null
  /** No loader is started for it, so nothing can be preloaded. */
  isStatic: boolean
  /** It runs as another user or group than ours, so that the loader ignores what is preloaded. */
  setuid: boolean
  /** It has set-id bits at all: they count for others than us. */
  hasSetId: boolean
  /** It has file capabilities that make the loader as careful; root has nothing to gain from them. */
  capabilities: boolean
  /** Where a malloc of its own is seen, in words (`malloc in its dynamic symbol table`), or null. */
  definesMalloc: string | null
  sanitizer: Sanitizer | null
}

/** Where and how a target is started; this process's own unless given. */
export interface TargetContext {
  cwd?: string | undefined
  env?: NodeJS.ProcessEnv | undefined
  /** Tells whether a file has capabilities; the addon's function unless given. */
  fileCapabilities?: ((path: string) => boolean) | undefined
}

/** glibc's execvp searches these where PATH is not set. */
const defaultPath = '/bin:/usr/bin'

/** Linux follows so many scripts for one execve, then says ELOOP (fs/exec.c, exec_binprm). */
const scriptLimit = 5

/** Scripts may start scripts through env for ever; nobody means more than a few. */
const programLimit = 16

/**
 * Finds the executable of a command as execvp does: a name with a slash is a path, any other is searched in PATH.
 * @returns the absolute path to execute and the name to give it as argv[0]
 * @throws Alloc8Error TARGET_NOT_FOUND; TARGET_NOT_EXECUTABLE for a folder or a file without execute permission
 */
export function locateExecutable(command: string, context: TargetContext = {}): { path: string; argv0: string } {
  if (command === '' || command.includes('\0')) throw usageError('command', 'the name or path of a program', command)
  const cwd = resolve(context.cwd ?? process.cwd())
  if (command.includes('/')) {
    const path = resolve(cwd, command)
    const obstacle = executeObstacle(path)
    if (obstacle === null) return { path, argv0: command }
    throw obstacle === 'missing' ? missing(command, path) : notExecutable(command, obstacle)
  }
  const { path, refused } = searchPath(command, cwd, context.env ?? process.env)
  if (path !== null) return { path, argv0: command }
  if (refused !== null) throw notExecutable(refused.path, refused.obstacle)
  throw new Alloc8Error('TARGET_NOT_FOUND', `${command}: not found in PATH`, {
    hint:
      executeObstacle(join(cwd, command)) === null
        ? `there is one in the current folder: ./${command}`
        : 'check the spelling, install it, or give its path',
  })
}

type Obstacle = 'missing' | 'folder' | 'special' | 'permission' | 'unreachable'

/** What keeps a path from being executed, or null. */
function executeObstacle(path: string): Obstacle | null {
  let status: Stats
  try {
    status = statSync(path)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EACCES' ? 'unreachable' : 'missing'
  }
  if (status.isDirectory()) return 'folder'
  if (!status.isFile()) return 'special'
  try {
    accessSync(path, constants.X_OK)
    return null
  } catch {
    return 'permission'
  }
}

/** The first file in PATH that may be executed; else the first that may not, which execvp reports in the end. */
function searchPath(name: string, cwd: string, env: NodeJS.ProcessEnv) {
  let refused: { path: string; obstacle: Obstacle } | null = null
  for (const folder of (env.PATH ?? defaultPath).split(':')) {
    const path = resolve(cwd, folder, name)
    const obstacle = executeObstacle(path)
    if (obstacle === null) return { path, refused }
    if (obstacle !== 'missing') refused ??= { path, obstacle }
  }
  return { path: null, refused }
}

function missing(command: string, path: string): Alloc8Error {
  const isLink = quietly(() => lstatSync(path).isSymbolicLink()) === true
  const message = isLink ? `${command} is a link to a file that does not exist` : `${command} does not exist`
  return new Alloc8Error('TARGET_NOT_FOUND', message, { hint: 'check the spelling of the path' })
}

function notExecutable(command: string, obstacle: Obstacle): Alloc8Error {
  const [what, hint] = {
    folder: ['is a folder', 'name a program inside it'],
    special: ['is not a regular file', 'name a program'],
    permission: ['may not be executed', `if it is a program: chmod +x ${command}`],
    unreachable: ['is in a folder that may not be looked into', `see which: namei -l ${command}`],
    missing: ['does not exist', 'check the spelling of the path'],
  }[obstacle]
  return new Alloc8Error('TARGET_NOT_EXECUTABLE', `${command} ${what}`, { hint })
}

/**
 * Looks at a target's file, following scripts to the program that runs them.
 * @param path as `locateExecutable` gives it
 * @throws Alloc8Error TARGET_NOT_FOUND: the file, its interpreter or its loader does not exist;
 *   TARGET_NOT_EXECUTABLE: one of them may not be executed, or scripts go round in circles;
 *   NATIVE: the addon is needed and missing
 */
export function describeTarget(path: string, context: TargetContext = {}): TargetInfo {
  const { chain, needsShell } = followScripts(path, context)
  const last = chain.at(-1) ?? path
  const real = realpathSync(last)
  const findings = examine(real)
  const { elf } = findings
  if (elf?.interpreter != null && executeObstacle(elf.interpreter) === 'missing') {
    throw new Alloc8Error('TARGET_NOT_FOUND', `${last} needs the loader ${elf.interpreter}, which does not exist`, {
      hint: 'the program was built for another system or C library; use a build for this one',
    })
  }
  const status = statSync(real)
  const fileCapabilities = context.fileCapabilities ?? ((file: string) => addon().fileCapabilities(file))
  return {
    path: real,
    isScript: needsShell || chain.length > 0,
    interpreterChain: chain,
    needsShell,
    ...findings,
    bits: elf?.bits ?? null,
    isStatic: elf !== null && elf.interpreter === null && !isLoader(elf),
    setuid: changesIdentity(status),
    hasSetId: (status.mode & 0o6000) !== 0,
    capabilities: process.getuid?.() !== 0 && fileCapabilities(real),
  }
}

/** The loader, started as a program, has no interpreter and preloads all the same. */
function isLoader(elf: ElfInfo): boolean {
  return elf.soname !== null && /^(ld-linux|ld64|ld\.so|ld-musl)/.test(elf.soname)
}

/** Whether a file's set-id bits make the process another user or group than we are; only then is it secure-exec. */
function changesIdentity({ mode, uid, gid }: Stats): boolean {
  const setuid = (mode & 0o4000) !== 0 && uid !== process.getuid?.()
  // Without group execute permission the set-group-id bit means mandatory locking.
  const setgid = (mode & 0o2010) === 0o2010 && gid !== process.getgid?.()
  return setuid || setgid
}

/** The programs that run for a file, in order: none where the file itself does. */
function followScripts(path: string, context: TargetContext): { chain: string[]; needsShell: boolean } {
  const cwd = resolve(context.cwd ?? process.cwd())
  let env = context.env ?? process.env
  const chain: string[] = []
  let current: string | null = path
  for (let program = 0; current !== null; program++) {
    if (program === programLimit) throw circular(path, `${programLimit} programs`)
    const run = interpretersOf(current, cwd)
    if (run.needsShell) return { chain: [...chain, '/bin/sh'], needsShell: program === 0 }
    chain.push(...run.interpreters)
    const interpreter = run.interpreters.at(-1)
    const next = interpreter !== undefined && basename(interpreter) === 'env' ? envCommand(run.argument, env) : null
    current = next === null ? null : findQuietly(next.command, cwd, next.env)
    if (current !== null) chain.push(current)
    env = next?.env ?? env
  }
  return { chain, needsShell: false }
}

/** The interpreters that one execve of a file goes through, and the last one's argument. */
function interpretersOf(path: string, cwd: string) {
  const interpreters: string[] = []
  let argument: string | null = null
  let current = path
  for (let depth = 0; ; depth++) {
    const obstacle = executeObstacle(current)
    if (obstacle !== null) throw depth === 0 ? startError(current, obstacle) : badInterpreter(path, current, obstacle)
    const shebang = quietly(() => readShebang(current))
    if (shebang === null) {
      const needsShell = quietly(() => readElf(current)) === null && isReadable(current)
      return { interpreters, argument, needsShell }
    }
    if (depth === scriptLimit) throw circular(path, `${scriptLimit} scripts`)
    argument = shebang.argument
    current = resolve(cwd, shebang.interpreter)
    interpreters.push(current)
  }
}

function startError(path: string, obstacle: Obstacle): Alloc8Error {
  return obstacle === 'missing' ? missing(path, path) : notExecutable(path, obstacle)
}

function badInterpreter(script: string, interpreter: string, obstacle: Obstacle): Alloc8Error {
  if (obstacle !== 'missing') {
    const cause = notExecutable(interpreter, obstacle)
    return new Alloc8Error('TARGET_NOT_EXECUTABLE', `${script}: its interpreter ${cause.message}`, { cause })
  }
  const windows = interpreter.endsWith('\r')
  const name = JSON.stringify(interpreter)
  return new Alloc8Error('TARGET_NOT_FOUND', `${script}: its interpreter ${name} does not exist`, {
    hint: windows ? 'the script has Windows line ends; write it with plain ones' : 'install it, or mend the #! line',
  })
}

function circular(path: string, what: string): Alloc8Error {
  return new Alloc8Error('TARGET_NOT_EXECUTABLE', `${path}: more than ${what} start each other`, {
    hint: 'look at the #! lines: one script is probably its own interpreter',
  })
}

/** What env finds in PATH; null where it finds nothing and will say so itself. */
function findQuietly(command: string, cwd: string, env: NodeJS.ProcessEnv): string | null {
  return quietly(() => locateExecutable(command, { cwd, env }).path)
}

function isReadable(path: string): boolean {
  return quietly(() => accessSync(path, constants.R_OK) === undefined) === true
}

function quietly<T>(action: () => T): T | null {
  try {
    return action()
  } catch {
    return null
  }
}

type Findings = Pick<TargetInfo, 'elf' | 'definesMalloc' | 'sanitizer'>

const examined = new Map<string, Findings>()
const examinedLimit = 256

/** Looks into an ELF file, once for as long as it does not change: a comparison starts the same one again and again. */
function examine(path: string): Findings {
  const { dev, ino, size, mtimeMs, ctimeMs } = statSync(path)
  const key = [path, dev, ino, size, mtimeMs, ctimeMs].join(' ')
  const known = examined.get(key)
  if (known !== undefined) return known
  const elf = quietly(() => readElf(path))
  const findings = { elf, ...(elf === null ? { definesMalloc: null, sanitizer: null } : symbolFindings(elf)) }
  if (examined.size >= examinedLimit) examined.clear()
  examined.set(key, findings)
  return findings
}

const sanitizers: readonly { name: Sanitizer; library: RegExp; symbol: string }[] = [
  { name: 'address', library: /^lib(clang_rt\.)?(hw)?asan/, symbol: '__asan_init' },
  { name: 'address', library: /^libclang_rt\.hwasan/, symbol: '__hwasan_init' },
  { name: 'thread', library: /^lib(clang_rt\.)?tsan/, symbol: '__tsan_init' },
  { name: 'memory', library: /^lib(clang_rt\.)?msan/, symbol: '__msan_init' },
  { name: 'leak', library: /^lib(clang_rt\.)?lsan/, symbol: '__lsan_init' },
]

/** What the symbol tables say. A malloc that is only needed, or is a variable, is not a malloc of its own. */
function symbolFindings(elf: ElfInfo): Omit<Findings, 'elf'> {
  const names = ['malloc', ...sanitizers.map((each) => each.symbol)]
  const dynamic = elf.findDynamic(names)
  const symbols = elf.findStatic(names)
  const holdsMalloc = (table: typeof dynamic) =>
    table.some((each) => each.name === 'malloc' && each.defined && each.callable)
  const place = holdsMalloc(dynamic) ? 'its dynamic symbol table' : holdsMalloc(symbols) ? 'its symbol table' : null
  const sanitizer = sanitizers.find(
    ({ library, symbol }) =>
      elf.needed.some((name) => library.test(name)) ||
      [...dynamic, ...symbols].some((each) => each.name === symbol && each.defined),
  )
  return { definesMalloc: place === null ? null : `malloc in ${place}`, sanitizer: sanitizer?.name ?? null }
}
