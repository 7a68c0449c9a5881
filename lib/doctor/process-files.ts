/**
 * What the kernel tells of another process under /proc, read without touching it: no attach, no signal, so that it
 * never stops. Everything here may change or vanish between two reads, and may be forbidden.
 */

import { closeSync, openSync, readFileSync, readlinkSync, readSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { type ElfInfo, readElf } from '../binding/elf.ts'
import { Alloc8Error } from '../errors.ts'

/** A file that a process has mapped to run code from. */
export interface MappedFile {
  /** In the process's own file system. */
  path: string
  /** Removed or replaced on disk since it was mapped. */
  deleted: boolean
  /** `START-END` of its first mapping, as maps and map_files write it. */
  range: string
  /** Where its parts lie, lowest first: the ends are the first addresses behind them. */
  parts: { start: number; end: number }[]
}

/** The executable or a library in a process. */
export interface LoadedObject extends Pick<MappedFile, 'path' | 'deleted' | 'parts'> {
  /** Where this process can read the file, or null. */
  readable: string | null
  elf: ElfInfo | null
}

/** What /proc/N/status says. */
export interface ProcessStatus {
  /** The number of the process: another where N is one of its threads. */
  process: number
  name: string
  kind: 'process' | 'zombie' | 'kernel-thread'
}

/** PF_KTHREAD (include/linux/sched.h). */
const kernelThreadFlag = 0x0020_0000

const deletedSuffix = ' (deleted)'

/** The files of /proc/N/maps that have code, each once, in the order of their addresses. */
export function parseMaps(text: string): MappedFile[] {
  const files = new Map<string, MappedFile & { code: boolean }>()
  for (const line of text.split('\n')) {
    const match = /^([0-9a-f]+)-([0-9a-f]+) (\S{4}) [0-9a-f]+ \S+ \d+ +(\/.*)$/.exec(line)
    if (match === null) continue
    const [, start = '', end = '', permissions = '', shown = ''] = match
    const deleted = shown.endsWith(deletedSuffix)
    // The kernel writes line breaks in names as \012, and nothing else in such a way.
    const path = (deleted ? shown.slice(0, -deletedSuffix.length) : shown).replaceAll('\\012', '\n')
    const file = files.get(shown) ?? { path, deleted, range: `${start}-${end}`, parts: [], code: false }
    file.parts.push({ start: Number.parseInt(start, 16), end: Number.parseInt(end, 16) })
    file.code ||= permissions.includes('x')
    files.set(shown, file)
  }
  return [...files.values()].filter(({ code }) => code).map(({ code: _, ...file }) => file)
}

function parseAuxiliary(bytes: Buffer, bits: 32 | 64): Map<number, number> {
  const values = new Map<number, number>()
  const word = (at: number) => (bits === 64 ? Number(bytes.readBigUInt64LE(at)) : bytes.readUInt32LE(at))
  for (let at = 0; at + bits / 4 <= bytes.length; at += bits / 4) values.set(word(at), word(at + bits / 8))
  return values
}

/** One process under /proc. */
export class ProcessFiles {
  readonly pid: number
  readonly #folder: string

  constructor(pid: number, procFolder = '/proc') {
    this.pid = pid
    this.#folder = join(procFolder, String(pid))
  }

  /** @throws Alloc8Error PROCESS where there is no such process, or where it is just ending */
  status(): ProcessStatus {
    const text = this.#read('status')
    const process = Number(/^Tgid:\t(\d+)$/m.exec(text)?.[1] ?? this.pid)
    const name = /^Name:\t(.*)$/m.exec(text)?.[1] ?? ''
    const state = /^State:\t(\w)/m.exec(text)?.[1] ?? ''
    if (state === 'Z' || state === 'X') return { process, name, kind: 'zombie' }
    const hasMemory = /^VmSize:/m.test(text)
    const kernel = /^Kthread:\t(\d)$/m.exec(text)?.[1]
    if (kernel === '1' || (kernel === undefined && !hasMemory && this.#isKernelThread())) {
      return { process, name, kind: 'kernel-thread' }
    }
    // Its memory goes first, before it is a zombie.
    if (!hasMemory) throw this.#ended(null)
    return { process, name, kind: 'process' }
  }

  /** The kernels before 6.10 say so in the flags of stat alone (proc_pid_stat(5), field 9). */
  #isKernelThread(): boolean {
    const stat = this.#read('stat')
    const flags = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[6]
    return (Number(flags) & kernelThreadFlag) !== 0
  }

  /**
   * The result of `use`, which reads files of the process.
   * @throws Alloc8Error PROCESS where one of them went away meanwhile with the process, or may not be read
   */
  reading<T>(use: () => T): T {
    try {
      return use()
    } catch (cause) {
      const lost = cause instanceof Alloc8Error && /^TARGET_/.test(cause.code)
      throw lost ? this.#problem(cause) : cause
    }
  }

  /** @throws Alloc8Error PROCESS where it may not be read, or the process has ended meanwhile */
  maps(): MappedFile[] {
    return parseMaps(this.#read('maps'))
  }

  /**
   * The executable: always readable, even if it was removed or replaced.
   * @throws Alloc8Error PROCESS
   */
  executable(): LoadedObject {
    const link = join(this.#folder, 'exe')
    try {
      const shown = readlinkSync(link)
      const deleted = shown.endsWith(deletedSuffix)
      const path = deleted ? shown.slice(0, -deletedSuffix.length) : shown
      return { path, deleted, parts: [], readable: link, elf: readElf(link) }
    } catch (cause) {
      throw this.#problem(cause)
    }
  }

  /** The values that the kernel gave it at its start, by their numbers (AT_PHDR and so on); null where not readable. */
  auxiliaryVector(bits: 32 | 64): Map<number, number> | null {
    try {
      return parseAuxiliary(readFileSync(join(this.#folder, 'auxv')), bits)
    } catch {
      return null
    }
  }

  /**
   * Opens its memory for `use`, which only reads; the process goes on meanwhile. null where that is not permitted
   * (ptrace(2), "Ptrace access mode checking"), or where `use` meets memory that is not there.
   */
  withMemory<T>(use: (read: (address: number, length: number) => Buffer) => T): T | null {
    let descriptor: number | null = null
    try {
      const opened = openSync(join(this.#folder, 'mem'), 'r')
      descriptor = opened
      return use((address, length) => {
        const bytes = Buffer.alloc(length)
        return bytes.subarray(0, readSync(opened, bytes, 0, length, address))
      })
    } catch {
      return null
    } finally {
      if (descriptor !== null) closeSync(descriptor)
    }
  }

  /** What the process was started with; null where it may not be read. A process may have overwritten it since. */
  environment(): NodeJS.ProcessEnv | null {
    try {
      const entries = readFileSync(join(this.#folder, 'environ'), 'utf8').split('\0')
      const pairs = entries.map((entry) => /^([^=]+)=(.*)$/s.exec(entry)).filter((match) => match !== null)
      return Object.fromEntries(pairs.map(([, name = '', value = '']) => [name, value]))
    } catch {
      return null
    }
  }

  /** /etc/ld.so.preload as the process sees it; empty where there is none. */
  systemPreload(): string {
    try {
      return readFileSync(join(this.#folder, 'root/etc/ld.so.preload'), 'utf8')
    } catch {
      return ''
    }
  }

  /** A mapped file, opened through the process: it may live in another file system than ours, or in none any more. */
  object(file: MappedFile): LoadedObject {
    const { path, deleted, parts } = file
    const throughRoot = join(this.#folder, 'root', path)
    // map_files leads to the very file whatever became of its name, but only for those with more rights.
    const candidates = [join(this.#folder, 'map_files', file.range), ...(deleted ? [] : [throughRoot])]
    for (const readable of candidates.reverse()) {
      const elf = readQuietly(readable)
      if (elf !== undefined) return { path, deleted, parts, readable, elf }
    }
    return { path, deleted, parts, readable: null, elf: null }
  }

  /** Whether a name in LD_PRELOAD or of a needed library means this object. */
  means(name: string, { path, readable, elf }: LoadedObject): boolean {
    if (!name.includes('/')) return elf?.soname === name || basename(path) === name
    if (name === path) return true
    const named = join(this.#folder, name.startsWith('/') ? 'root' : 'cwd', name)
    try {
      const [first, second] = [statSync(named), statSync(readable ?? '')]
      return first.ino === second.ino && first.dev === second.dev
    } catch {
      return false
    }
  }

  #read(name: string): string {
    try {
      return readFileSync(join(this.#folder, name), 'utf8')
    } catch (cause) {
      throw this.#problem(cause)
    }
  }

  #problem(cause: unknown): Alloc8Error {
    const code = (cause as NodeJS.ErrnoException).code ?? (cause as Error).message
    const { pid } = this
    if (code === 'EACCES' || code === 'EPERM' || code === 'TARGET_NOT_EXECUTABLE') {
      return new Alloc8Error('PROCESS', `process ${pid} belongs to somebody else and may not be looked at`, {
        cause,
        hint:
          process.getuid?.() === 0
            ? 'root may not either from inside this container: run it outside, or where the process was started'
            : `run it as that process's user or as root: sudo alloc8 doctor --pid ${pid}`,
      })
    }
    return this.#ended(cause)
  }

  #ended(cause: unknown): Alloc8Error {
    return new Alloc8Error('PROCESS', `there is no process ${this.pid}, or it has just ended`, {
      cause: cause ?? undefined,
      hint: 'ps -e lists the processes that there are; a process in another container has another number there',
    })
  }
}

/** undefined: the file cannot be opened; null: it is no ELF file. */
function readQuietly(path: string): ElfInfo | null | undefined {
  try {
    return readElf(path)
  } catch {
    return undefined
  }
}
