/**
 * What this machine is: the one place that reads process.platform, process.arch and the libc. Everything else asks
 * here for values (folders, the ELF machine, the loader's cache flags), so that a port is a row in a table and not a
 * search for conditionals.
 */

import { Alloc8Error } from './errors.ts'

/** The facts about the running system, as Node states them. */
export interface Host {
  os: string
  arch: string
  /** The C library and its version (`2.36`; null where it does not say). `none` where there is no choice of libc. */
  libc: 'glibc' | 'musl' | 'none'
  libcVersion: string | null
}

/** A supported system, with the values that differ from one to the next. */
export interface Platform extends Host {
  libc: 'glibc' | 'musl'
  /** Debian's name for the architecture's folders: `x86_64-linux-gnu`. */
  triplet: string
  /** What an ELF file must say to be loaded into a program of this machine. */
  elf: { bits: 32 | 64; machine: number }
  /** LLVM's name for the architecture, as in `libclang_rt.scudo_standalone-x86_64.so`. */
  llvmArch: string
  /** The soname of libc itself. */
  libcSoname: string
}

type Row = Omit<Platform, keyof Host> & Pick<Platform, 'os' | 'arch' | 'libc'>

const rows: readonly Row[] = [
  {
    os: 'linux',
    arch: 'x64',
    libc: 'glibc',
    triplet: 'x86_64-linux-gnu',
    elf: { bits: 64, machine: 62 },
    llvmArch: 'x86_64',
    libcSoname: 'libc.so.6',
  },
  {
    os: 'linux',
    arch: 'arm64',
    libc: 'glibc',
    triplet: 'aarch64-linux-gnu',
    elf: { bits: 64, machine: 183 },
    llvmArch: 'aarch64',
    libcSoname: 'libc.so.6',
  },
]

/** Names of the ELF machines that one meets, for messages. The numbers are the ELF specification's e_machine. */
const machines: Readonly<Record<number, string>> = {
  3: 'x86',
  8: 'MIPS',
  20: 'PowerPC',
  21: 'PowerPC64',
  22: 'S390',
  40: 'ARM',
  62: 'x86-64',
  183: 'AArch64',
  243: 'RISC-V',
  258: 'LoongArch',
}

/** glibc's numbers for the kinds of library that one loader cache may hold side by side (sysdeps/generic/ldconfig.h). */
const cacheFlags: readonly { bits: 32 | 64; machine: number; flags: number }[] = [
  { bits: 64, machine: 62, flags: 0x0303 },
  { bits: 32, machine: 62, flags: 0x0803 },
  { bits: 32, machine: 3, flags: 0x0003 },
  { bits: 64, machine: 183, flags: 0x0a03 },
  { bits: 32, machine: 40, flags: 0x0903 },
]

let current: Platform | undefined

/**
 * The platform of this process.
 * @throws Alloc8Error NATIVE where alloc8 has no native part for it; the message names what exists.
 */
export function platform(): Platform {
  current ??= platformOf(readHost())
  return current
}

/** The platform for a given host; `platform()` is this for the running one. Same errors. */
export function platformOf(host: Host): Platform {
  const row = rows.find((each) => each.os === host.os && each.arch === host.arch && each.libc === host.libc)
  if (row === undefined) {
    const existing = rows.map((each) => [each.os, each.arch, each.libc].join(' ')).join(', ')
    const asked = [host.os, host.arch, ...(host.libc === 'none' ? [] : [host.libc])].join(' ')
    throw new Alloc8Error('NATIVE', `alloc8 does not run on ${asked}; it exists for ${existing}`, {
      hint: 'use one of these systems, for instance in a container made from debian or node:20',
    })
  }
  return { ...row, libcVersion: host.libcVersion }
}

/** The C library with its version, as one says it: `glibc 2.36`. Same errors as `platform()`. */
export function libcVersion(): string {
  const { libc, libcVersion: version } = platform()
  return version === null ? libc : `${libc} ${version}`
}

/**
 * The folders that hold libraries, in the order of search after the loader's cache: local ones first, then those of
 * the distribution. They need not exist.
 */
export function libraryFolders(of: Platform = platform()): string[] {
  return [
    '/usr/local/lib',
    `/usr/local/lib/${of.triplet}`,
    `/lib/${of.triplet}`,
    `/usr/lib/${of.triplet}`,
    ...(of.elf.bits === 64 ? ['/usr/local/lib64', '/lib64', '/usr/lib64'] : []),
    '/lib',
    '/usr/lib',
  ]
}

/** The flags of a library's entries in /etc/ld.so.cache by its ELF class and machine; null where we know of none. */
export function cacheFlagsOf(elf: { bits: 32 | 64; machine: number }): number | null {
  return cacheFlags.find((each) => each.bits === elf.bits && each.machine === elf.machine)?.flags ?? null
}

/** What to call an ELF class and machine in a message: `64-bit x86-64`. */
export function machineName(elf: { bits: 32 | 64; machine: number }): string {
  return `${elf.bits}-bit ${machines[elf.machine] ?? `machine ${elf.machine}`}`
}

/** Reads the running system's facts. */
function readHost(): Host {
  const { platform: os, arch } = process
  if (os !== 'linux') return { os, arch, libc: 'none', libcVersion: null }
  const glibcVersion = glibcVersionFromReport()
  return { os, arch, libc: glibcVersion === null ? 'musl' : 'glibc', libcVersion: glibcVersion }
}

/**
 * glibc's version from Node's own report, null under another libc. The report's network section asks a name server
 * about every interface and may take seconds, so it is left out; the user's setting is put back.
 */
function glibcVersionFromReport(): string | null {
  const report = process.report as NodeJS.ProcessReport & { excludeNetwork?: boolean }
  const before = report.excludeNetwork
  report.excludeNetwork = true
  try {
    const { header } = report.getReport() as { header?: { glibcVersionRuntime?: string } }
    return header?.glibcVersionRuntime ?? null
  } finally {
    report.excludeNetwork = before ?? false
  }
}
