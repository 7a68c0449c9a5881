/**
 * The house: which folder of lib/ and of native/ may import which. This is the one place where it stands as data; the
 * checks in this folder read it, and the tables in lib/README.md and native/README.md say the same in words.
 */

/** What a folder (or a file at the top of its tree) may import. It may always import itself. */
export interface Room {
  /** Rooms, or single files as `platform/platform.h`; `all` is every room, `all but cli` every room but that. */
  imports: readonly string[] | 'all' | 'all but cli'
  /** Set where not even what is open to everybody, Node's modules or packages may be imported. */
  nothingAtAll?: true
}

/** One tree with its rooms. */
export interface House {
  /** The folder from the repository's root. */
  folder: string
  rooms: Readonly<Record<string, Room>>
  /** Rooms that every other may import. */
  open: readonly string[]
  /** Single files that may import more than their room. */
  exceptions?: Readonly<Record<string, readonly string[]>>
}

/** lib/: data flows from the machine (platform, binding) to the command line, one way. */
export const libHouse: House = {
  folder: 'lib',
  open: ['errors.ts', 'types.ts', 'types'],
  rooms: {
    'errors.ts': { imports: [] },
    'types.ts': { imports: [] },
    types: { imports: [] },
    'platform.ts': { imports: [] },
    'index.ts': { imports: ['api', 'lab', 'theory'] },
    binding: { imports: ['platform.ts'] },
    heaps: { imports: ['binding'] },
    session: { imports: ['binding'] },
    profile: { imports: ['binding', 'session', 'stats'] },
    launch: { imports: ['binding', 'heaps', 'session'] },
    stats: { imports: [], nothingAtAll: true },
    theory: { imports: [] },
    compare: { imports: ['stats'] },
    config: { imports: [] },
    service: { imports: ['launch'] },
    doctor: { imports: ['binding', 'heaps'] },
    check: { imports: ['launch'] },
    live: { imports: ['session'] },
    trace: { imports: ['session', 'launch'] },
    lab: { imports: ['binding', 'heaps', 'launch', 'profile', 'session', 'stats'] },
    author: { imports: ['platform.ts'] },
    report: { imports: [] },
    api: { imports: 'all but cli' },
    cli: { imports: 'all' },
  },
}

const platform = 'platform/platform.h'

/** native/: heap authors get `include` alone; products stand on `base` and the contract in platform.h. */
export const nativeHouse: House = {
  folder: 'native',
  open: [],
  // The header form: a whole interposer by one include of the author's.
  exceptions: {
    'include/alloc8/gnu_wrapper.h': ['interpose/header_form.h'],
    'interpose/header_form.h': ['platform'],
  },
  rooms: {
    include: { imports: [] },
    base: { imports: [] },
    platform: { imports: ['base', 'include/alloc8/detail/prefix.h'] },
    heaps: { imports: ['include', 'base', platform] },
    record: { imports: ['base', platform] },
    interpose: { imports: ['include', 'base', platform] },
    probe: { imports: ['include', 'base', platform, 'interpose', 'record'] },
    witness: {
      imports: ['include/alloc8/detail/compiler.h', 'include/alloc8/detail/entry_points.h', 'base', platform, 'record'],
    },
    launch: { imports: ['base', platform, 'record'] },
    replay: { imports: ['base', platform, 'record'] },
    puppet: { imports: ['base', platform, 'record'] },
    conformance: { imports: [] },
    workloads: { imports: [] },
    addon: { imports: ['base', platform, 'record'] },
  },
}

/** Folders named after a system: the only ones whose conditionals may name it. A trailing `*` stands for any rest. */
export const systemNames: Readonly<Record<string, readonly string[]>> = {
  linux: ['__linux__', '__linux', 'linux', '__gnu_linux__'],
  glibc: ['__GLIBC__', '__GLIBC_MINOR__', '__GLIBC_PREREQ'],
  musl: ['__MUSL__'],
  macos: ['__APPLE__', '__MACH__', 'TARGET_OS_*'],
  windows: ['_WIN32', '_WIN64', 'WIN32', 'WIN64', '__CYGWIN__', '__MINGW32__', '__MINGW64__'],
  posix: ['__unix__', '__unix', 'unix', '_POSIX_*', '_XOPEN_*'],
}

/** What a libc's folder may name besides itself: the system under it; musl, which has no macro, glibc to tell it apart. */
export const systemsWithin: Readonly<Record<string, readonly string[]>> = {
  glibc: ['linux'],
  musl: ['linux', 'glibc'],
}

/** Systems that no folder is named after. */
export const otherSystemNames: readonly string[] = [
  '__ANDROID__',
  '__BIONIC__',
  '__DragonFly__',
  '__EMSCRIPTEN__',
  '__FreeBSD__',
  '__Fuchsia__',
  '__HAIKU__',
  '__NetBSD__',
  '__OpenBSD__',
  '__UCLIBC__',
  '__sun',
  '__wasi__',
]

/** A compiler's names, and the files whose conditionals may use them. */
export const compilerNames: readonly string[] = [
  '__GNUC__',
  '__GNUC_*',
  '__GNUG__',
  '__clang__',
  '__clang_*',
  '_MSC_VER',
  '_MSC_FULL_VER',
  '__INTEL_COMPILER',
  '__INTEL_LLVM_COMPILER',
  '__has_attribute',
  '__has_builtin',
  '__has_declspec_attribute',
  '__has_extension',
  '__has_feature',
  '__SANITIZE_*',
]
export const compilerFiles: readonly string[] = ['native/base/compiler.h', 'native/include/alloc8/detail/compiler.h']
