/**
 * Which allocator a running process uses, from its maps and symbols: the process goes on, nothing is attached to it and
 * no signal is sent. The rule is the loader's: the first object in its order that defines malloc has all that link to
 * it. What an object carries under names of its own comes besides.
 */

import { basename } from 'node:path'
import { carriedAllocators, carriedLibc } from '../binding/allocators.ts'
import { exportsMalloc } from '../binding/closure.ts'
import { machineName, platform } from '../binding/machine.ts'
import { identifyHeap } from '../heaps/index.ts'
import type { OtherAllocator, ProcessAllocator, Warning } from '../types.ts'
import { type LoadedObject, ProcessFiles } from './process-files.ts'
import { lowest, type SearchOrder, searchOrder } from './search-order.ts'

/** What is said of the allocator itself. */
type Answer = Pick<
  ProcessAllocator,
  'allocator' | 'version' | 'heap' | 'library' | 'libraryDeleted' | 'certainty' | 'evidence' | 'others'
>

const nothing: Answer = {
  allocator: null,
  version: null,
  heap: null,
  library: null,
  libraryDeleted: false,
  certainty: 'certain',
  evidence: [],
  others: [],
}

/**
 * Looks at one process; the number of one of its threads will do.
 * @throws Alloc8Error PROCESS where it does not exist or may not be looked at
 */
export function processAllocator(pid: number, procFolder = '/proc'): ProcessAllocator {
  const { process } = new ProcessFiles(pid, procFolder).status()
  const files = new ProcessFiles(process, procFolder)
  const result = files.reading(() => look(files))
  if (process === pid) return result
  return { ...result, evidence: [...result.evidence, `${pid} is the number of one of its threads`] }
}

function look(files: ProcessFiles): ProcessAllocator {
  const { name, kind } = files.status()
  const base = {
    schema: 1,
    pid: files.pid,
    name,
    kind,
    executable: null,
    bits: null,
    linkage: null,
    libc: null,
  } as const
  if (kind !== 'process') return { ...base, ...nothing, evidence: [withoutMemory[kind]], warnings: [] }
  const executable = files.executable()
  const mapped = files
    .maps()
    .filter(({ path, deleted }) => path !== executable.path || deleted !== executable.deleted)
    .map((file) => files.object(file))
  const program = programOf(executable, mapped)
  const libc = libcOf(program, mapped)
  const linkage = program.elf === null ? null : program.elf.interpreter === null ? 'static' : 'dynamic'
  const facts = { ...base, executable: program.path, bits: program.elf?.bits ?? null, linkage, libc } as const
  const order = linkage === 'dynamic' ? searchOrder(files, program, mapped) : null
  const answer = order === null ? staticAnswer(program, libc) : dynamicAnswer(program, order)
  // What ends meanwhile has fewer and fewer files: what was found may be half of it.
  if (files.status().kind !== 'process') return look(files)
  const heap = takesHeaps(facts) ? answer.heap : null
  return { ...facts, ...answer, heap, warnings: warningsOf(facts, answer, order?.exact ?? true) }
}

/** Whether alloc8's heaps can be preloaded into such a program. */
function takesHeaps({ bits, linkage, libc }: Pick<ProcessAllocator, 'bits' | 'linkage' | 'libc'>): boolean {
  return linkage === 'dynamic' && bits === platform().elf.bits && libc !== 'musl'
}

const withoutMemory = {
  zombie: 'it has ended and waits for its parent to take note of that: it has no memory any more',
  'kernel-thread': 'it is a thread of the kernel, which has no malloc',
} as const

/** The loader can be started with a program as its argument: then that is what runs. */
function programOf(executable: LoadedObject, mapped: readonly LoadedObject[]): LoadedObject {
  if (!/^(ld-linux|ld-musl|ld\.so|ld-\d)/.test(basename(executable.path))) return executable
  // libc names an interpreter, too; a program has no soname.
  return mapped.find(({ elf }) => elf !== null && elf.interpreter !== null && elf.soname === null) ?? executable
}

function libcOf(program: LoadedObject, mapped: readonly LoadedObject[]): 'glibc' | 'musl' | null {
  const interpreter = program.elf?.interpreter
  if (interpreter === null) return program.readable === null ? null : carriedLibc(program.readable)
  if (interpreter !== undefined && /ld-musl/.test(interpreter)) return 'musl'
  return mapped.some(({ elf }) => elf?.soname === 'libc.so.6') ? 'glibc' : null
}

/** What a file is or carries, by its name or else by its symbols and texts. */
function nameOf({ path, readable }: LoadedObject): Pick<Answer, 'allocator' | 'version' | 'heap' | 'certainty'> & {
  evidence: string | null
} {
  const heap = identifyHeap(path, readable)
  const certain = { certainty: 'certain', evidence: null } as const
  if (heap?.name === 'system') return { allocator: 'glibc', version: heap.version, heap: heap.name, ...certain }
  if (heap !== null) return { allocator: heap.name, version: heap.version, heap: heap.name, ...certain }
  const carried = readable === null ? [] : carriedAllocators(readable)
  const best = carried.find(({ allocator }) => allocator !== 'unknown')
  if (best !== undefined) return { ...best, version: null, heap: null }
  const libc = readable === null ? null : carriedLibc(readable)
  return { allocator: libc ?? 'unknown', version: null, heap: null, ...certain }
}

/** Of a static program there is only what its own file says. */
function staticAnswer(program: LoadedObject, libc: 'glibc' | 'musl' | null): Answer {
  const { path, deleted, readable } = program
  const place = { library: path, libraryDeleted: deleted }
  const carried = readable === null ? [] : carriedAllocators(readable)
  const [first, ...rest] = carried.filter(({ allocator }) => allocator !== 'unknown')
  if (first !== undefined) {
    const evidence = [`${path} is linked statically, with ${first.evidence}`]
    const others = rest.map((each): OtherAllocator => ({ ...each, version: null, library: path, role: 'carried' }))
    return { ...nothing, ...place, allocator: first.allocator, certainty: first.certainty, evidence, others }
  }
  if (libc !== null) {
    const evidence = [`${path} is linked statically to ${libc}, with its malloc`]
    return { ...nothing, ...place, allocator: libc, certainty: 'certain', evidence }
  }
  const unread = readable === null || program.elf === null
  const evidence = [
    unread
      ? `${path} cannot be read, or is no ELF file`
      : `${path} is linked statically, and nothing in it tells of an allocator`,
  ]
  return { ...nothing, ...place, allocator: 'unknown', certainty: 'suspected', evidence }
}

function dynamicAnswer(program: LoadedObject, order: SearchOrder): Answer {
  const definers = order.objects.filter((object) => definesMalloc(object, order))
  const hidden = hiddenMalloc(program) && !definers.includes(program)
  const { owner, certainty } = hidden ? { owner: program, certainty: 'certain' as const } : ownerOf(definers, order)
  if (owner === null) {
    const evidence = [`none of the ${order.objects.length} objects that it has loaded defines malloc`]
    return { ...nothing, allocator: 'unknown', certainty: 'suspected', evidence, others: carriedBy(order, []) }
  }
  const name = nameOf(owner)
  const untold = owner !== program && mayHideMalloc(program)
  const evidence = [
    hidden
      ? `${owner.path} has a malloc of its own, which it does not offer to its libraries`
      : whyOwner(owner, program, order),
    ...(untold ? [`whether ${program.path} has one of its own cannot be told: ${whyUntold}`] : []),
    ...(name.evidence === null ? [] : [`${owner.path} holds ${name.evidence}`]),
    order.exact ? "the order is the loader's own list, read from the process's memory" : byTheRule,
  ]
  return {
    allocator: name.allocator,
    version: name.version,
    heap: name.heap,
    library: owner.path,
    libraryDeleted: owner.deleted,
    certainty: untold ? 'suspected' : name.certainty === 'certain' ? certainty : name.certainty,
    evidence,
    others: [...behind(definers, owner, order), ...carriedBy(order, [owner, ...definers])],
  }
}

const whyUntold = 'it was stripped, and calls no malloc of a library'

const byTheRule =
  "the order was worked out from what the files need (ld.so(8)), as the loader's own list could not be read"

/** A reference without a heap's version node is bound past that heap. libc's is the version that references have. */
function definesMalloc({ elf }: LoadedObject, order: SearchOrder): boolean {
  if (elf === null || !exportsMalloc(elf)) return false
  const libc = order.objects.find((object) => object.elf?.soname === 'libc.so.6')
  const wanted = libc?.elf == null ? null : mallocVersion(libc.elf)
  const version = mallocVersion(elf)
  return version === null || wanted === null || version === wanted
}

function mallocVersion(elf: NonNullable<LoadedObject['elf']>): string | null {
  return elf.dynamicSymbols.find(({ name, defined }) => defined && name === 'malloc')?.version ?? null
}

/** A malloc that is not in the dynamic table: the program's own calls end there, those of its libraries do not. */
function hiddenMalloc({ elf }: LoadedObject): boolean {
  return elf?.findStatic(['malloc']).some(({ defined, callable }) => defined && callable) === true
}

/**
 * A stripped program with a hidden malloc has no name of it left, nor a reference to another's: the linker has bound its
 * calls. One that refers to another's has none of its own.
 */
function mayHideMalloc({ elf }: LoadedObject): boolean {
  if (elf === null || elf.findStatic(['_start', 'main']).length > 0) return false
  return !elf.dynamicSymbols.some(({ name, defined }) => !defined && allocating.has(name))
}

/** malloc and what leads to it; C++ programs may use operators alone. */
const allocating = new Set([
  'malloc',
  'calloc',
  'realloc',
  'aligned_alloc',
  'posix_memalign',
  '_Znwm',
  '_Znam',
  '_Znwj',
])

/**
 * The first that defines malloc. Where the order was worked out, one that no rule reaches may still have been preloaded:
 * programs that show their state in ps write over their environment. It then lies above libc, unless the kernel put its
 * start on a huge page and left a hole above it that holds libc: about one start in 25, and why this is `suspected`.
 */
function ownerOf(
  definers: readonly LoadedObject[],
  order: SearchOrder,
): { owner: LoadedObject | null; certainty: 'certain' | 'suspected' } {
  const [first = null] = definers
  const apart = definers.filter((object) => !order.startup.has(object))
  if (order.exact || first === null || apart.length === 0) return { owner: first, certainty: 'certain' }
  const earlier = apart.find((object) => lowest(object) > lowest(first))
  return { owner: earlier ?? first, certainty: 'suspected' }
}

function whyOwner(owner: LoadedObject, program: LoadedObject, order: SearchOrder): string {
  if (owner === program) return `${owner.path} has a malloc of its own, which comes before any library's`
  const gets = `what links to malloc gets that of ${owner.path}`
  if (order.preloaded.has(owner)) return `${gets}, which is preloaded and the first to define it`
  if (!order.startup.has(owner)) return `${gets}, which was loaded before libc`
  return `${gets}, the first in the loader's order to define it`
}

/** The others that define malloc. That libc has one behind a heap is so in every process, and not said. */
function behind(definers: readonly LoadedObject[], owner: LoadedObject, order: SearchOrder): OtherAllocator[] {
  return definers
    .filter((object) => object !== owner && object.elf?.soname !== 'libc.so.6')
    .map((object) => {
      const { allocator, version, certainty, evidence } = nameOf(object)
      const role = order.startup.has(object) ? 'behind' : 'apart'
      const why = role === 'behind' ? 'defines malloc, behind the first' : 'defines malloc and was opened later'
      const shown = evidence === null ? why : `${why}; it holds ${evidence}`
      return { allocator: allocator ?? 'unknown', version, library: object.path, role, certainty, evidence: shown }
    })
}

/** Allocators under names of their own inside objects, whose malloc is somebody else's. */
function carriedBy(order: SearchOrder, except: readonly LoadedObject[]): OtherAllocator[] {
  return order.objects
    .filter((object) => !except.includes(object) && object.elf?.soname !== 'libc.so.6')
    .flatMap(({ path, readable }) =>
      (readable === null ? [] : carriedAllocators(readable))
        .filter(({ allocator }) => allocator !== 'unknown')
        .map((each): OtherAllocator => ({ ...each, version: null, library: path, role: 'carried' })),
    )
}

function warningsOf(
  { bits, linkage, libc }: Pick<ProcessAllocator, 'bits' | 'linkage' | 'libc'>,
  { library, libraryDeleted, certainty }: Answer,
  exact: boolean,
): Warning[] {
  const warnings: Warning[] = []
  if (libraryDeleted) {
    const message = `${library} was removed or replaced on disk since: the process runs the old one until it is restarted`
    warnings.push({ code: 'library-deleted', message })
  }
  if (linkage === 'static') {
    const message = 'nothing can be preloaded into a static program: its allocator is chosen when it is linked'
    warnings.push({ code: 'static', message })
  } else if (bits !== null && bits !== platform().elf.bits) {
    const message = `it is a ${bits}-bit program, and alloc8's heaps are ${machineName(platform().elf)}: use a build of its class`
    warnings.push({ code: 'other-class', message })
  } else if (libc === 'musl') {
    warnings.push({ code: 'other-libc', message: "alloc8's heaps are built for glibc: use a build of it for glibc" })
  }
  if (certainty === 'suspected' && !exact) {
    const message = "for a certain answer run this as root, which may read the process's memory"
    warnings.push({ code: 'order-assumed', message })
  }
  return warnings
}
