/**
 * `heapMap()`: what lies where, as data for a picture. Of a puppet its blocks, mappings and pages, of all of its
 * processes; of a session what was sampled of them besides mappings and pages; of another process these alone: whose its
 * blocks are nobody has told us.
 */

import { basename, join } from 'node:path'
import { Alloc8Error, checkObject, usageError } from '../errors.ts'
import { openSession } from '../session/live.ts'
import { readSamples } from '../session/samples.ts'
import type { LabMap, LabMapBlock, LabMapPages, LiveSession, SessionSnapshot } from '../types.ts'
import type { Block } from './blocks.ts'
import { attempt } from './kernel-words.ts'
import { type Mapping, mostPages, PAGE, readMappings, readPageRuns } from './memory.ts'
import type { PuppetProcess } from './process.ts'
import { Puppet } from './puppet.ts'
import { readSampledBlocks, type SampledBlock } from './sampled-blocks.ts'
import { hex } from './words.ts'

/** What `heapMap()` takes besides whose map it is. */
export interface HeapMapOptions {
  title?: string | undefined
  /** `heap`: anonymous memory, the break, and whatever holds a block (unless given); `all`: libraries and stacks too. */
  mappings?: 'heap' | 'all' | undefined
  /** Whether it is looked at which pages are there; true unless given. */
  pages?: boolean | undefined
  /**
   * Whether a puppet's heap is asked for the usable size of each live block; true unless given. A heap that was corrupted
   * on purpose is better not asked.
   */
  usable?: boolean | undefined
}

/** A process whose map is made. */
interface Subject {
  name: string
  pid: number
  /** Its place in the order of allocation when it began. */
  from: number
  blocks: readonly Block[]
  usable: ReadonlyMap<bigint, number>
}

/**
 * The map of a puppet, of a process by its number, or of the processes of a session (its folder, or what `openSession`
 * gives). Of a session under `sample` the blocks are the sampled ones that are live; one that was freed while the level
 * was off is among them as long as its memory is there and no other sampled block. Of other sessions, and of a process by
 * its number, no blocks are known.
 *
 * @throws Alloc8Error PROCESS: it has ended, or may not be read, and then the hint names what is in the way.
 *   SESSION_UNKNOWN; USAGE
 */
export async function heapMap(
  subject: Puppet | LiveSession | string | number,
  options: HeapMapOptions = {},
): Promise<LabMap> {
  checkObject('heapMap', options)
  const { mappings: which = 'heap', pages = true, usable = true } = options
  if (which !== 'heap' && which !== 'all') throw usageError('mappings', '`heap` or `all`', which)
  const { title, subjects } = await subjectsOf(subject, usable)
  const map: LabMap = {
    kind: 'map',
    title: options.title ?? title,
    mappings: [],
    blocks: [],
    processes: subjects.map(({ name, from }) => ({ name, from })),
    ...(pages && { pages: [] }),
  }
  let read = 0
  const errors: unknown[] = []
  for (const each of subjects) {
    try {
      if (addProcess(map, each, which === 'all')) ++read
    } catch (error) {
      errors.push(error)
    }
  }
  // One of several may have ended meanwhile; the others are there.
  const denied = errors.find((error) => !hasEnded(error))
  if (denied !== undefined) throw denied
  if (read === 0) throw errors[0] ?? new Alloc8Error('PROCESS', `${title}: none of its processes has any memory left`)
  return map
}

const hasEnded = (error: unknown) => error instanceof Alloc8Error && / has ended/.test(error.message)

async function subjectsOf(
  subject: Puppet | LiveSession | string | number,
  usable: boolean,
): Promise<{ title: string; subjects: Subject[] }> {
  if (subject instanceof Puppet) return puppetSubjects(subject, usable)
  if (typeof subject === 'number') {
    if (!(Number.isInteger(subject) && subject > 0)) throw usageError('heapMap', 'the number of a process', subject)
    return { title: `Memory of process ${subject}`, subjects: [stranger(subject, null)] }
  }
  if (typeof subject === 'string') {
    const session = openSession(subject)
    try {
      return sessionSubjects(session.directory, session.snapshot())
    } finally {
      session.close()
    }
  }
  if (typeof subject?.snapshot === 'function') return sessionSubjects(subject.directory, subject.snapshot())
  throw usageError('heapMap', "a puppet, a session, a session's folder or the number of a process", subject)
}

const stranger = (pid: number, name: string | null): Subject => ({
  ...{ name: name === null ? `process ${pid}` : `${name} ${pid}`, pid, from: 0 },
  ...{ blocks: [], usable: new Map() },
})

/** Of those that are sampled, with the sampled blocks that are live. */
function sessionSubjects(
  directory: string,
  { processes, state }: SessionSnapshot,
): { title: string; subjects: Subject[] } {
  // A file's name has the number of its process, which is what was looked for; what stands in it the process could change.
  const running = processes.filter(({ state, id, pid }) => state === 'running' && id.startsWith(`${pid}-`))
  if (running.length === 0) {
    const why =
      state === 'ended' || processes.length > 0 ? 'all of its processes have ended' : 'no process is observed in it'
    throw new Alloc8Error('PROCESS', `session ${directory}: ${why}`, {
      hint: 'a map shows memory as it is now: ask while the program runs, under a probe (alloc8 watch lists what runs)',
    })
  }
  const sampled = running.map(({ id, pid }) => sampledIn(pid, join(directory, `${id}.samples`)))
  const born = sampled.flatMap((found) => found?.blocks.map(({ bornNs }) => bornNs) ?? []).sort(ascending)
  const places = new Map(born.map((bornNs, at) => [bornNs, at]))
  const subjects = running.map(({ pid, name }, at) => {
    const found = sampled[at] ?? { startNs: 0n, blocks: [] }
    const blocks = found.blocks.map(({ address, size, thread, bornNs }) => {
      return { address, size, thread, number: places.get(bornNs) ?? 0, freedBy: null, freedAt: null }
    })
    const usable = new Map(found.blocks.map((block) => [block.address, block.usable]))
    return { ...stranger(pid, name), from: born.filter((bornNs) => bornNs < found.startNs).length, blocks, usable }
  })
  const what = born.length > 0 ? 'Sampled blocks' : 'Memory'
  return { title: `${what} of session ${basename(directory)}`, subjects }
}

const ascending = (a: bigint, b: bigint) => (a < b ? -1 : a > b ? 1 : 0)

/** Null of a process that is not sampled, or whose memory may not be read: its mappings may be all the same. */
function sampledIn(pid: number, file: string): { startNs: bigint; blocks: SampledBlock[] } | null {
  return attempt(() => {
    const samples = readSamples(file)
    const mappings = readMappings(pid)
    const blocks = readSampledBlocks(pid, samples).filter(({ address }) => mappingAt(mappings, address) !== undefined)
    return { startNs: samples.startNs, blocks }
  })
}

async function puppetSubjects(puppet: Puppet, usable: boolean): Promise<{ title: string; subjects: Subject[] }> {
  const alive = puppet.processes.filter(({ died, ended }) => died === null && !ended)
  if (alive.length === 0) {
    const how = puppet.processes.find(({ died }) => died !== null)?.died?.message
    throw new Alloc8Error('PROCESS', `puppet ${puppet.pid}: it has ended${how === undefined ? '' : `: ${how}`}`, {
      hint: 'make the map before the puppet is closed, or dies',
    })
  }
  const subjects: Subject[] = []
  for (const process of alive) {
    subjects.push({
      name: nameOf(puppet, process),
      pid: process.memoryPid,
      from: process.blocks.from,
      blocks: process.blocks.history(),
      usable: usable ? await usableSizes(process) : new Map(),
    })
  }
  return { title: `Blocks of puppet ${puppet.pid} (${puppet.heap})`, subjects }
}

/** Forks say from where they came. */
function nameOf(puppet: Puppet, process: PuppetProcess): string {
  if (process.parent === null) return `process ${process.pid}`
  const of = process.parent === puppet ? '' : ` of ${process.parent.pid}`
  return `fork ${process.pid}${of}`
}

/** A heap that hangs, or knows of no size, is no reason to have no map. */
async function usableSizes(process: PuppetProcess): Promise<Map<bigint, number>> {
  const thread = [process.main, ...process.threads].find(({ ended }) => !ended)
  const live = process.blocks.live()
  if (thread === undefined || live.length === 0) return new Map()
  try {
    const batch = thread.batch()
    const asked = live.map(({ address }) => batch.usableSize(address))
    const result = await batch.run()
    return new Map(live.map(({ address }, at) => [address, Number(result.value(asked[at] as (typeof asked)[0]))]))
  } catch {
    return new Map()
  }
}

/** Adds a process; false where it has no mappings. */
function addProcess(map: LabMap, { name, pid, blocks, usable }: Subject, all: boolean): boolean {
  const mappings = readMappings(pid)
  const holding = new Set(
    blocks.flatMap(({ address, freedAt }) => (freedAt === null ? (mappingAt(mappings, address) ?? []) : [])),
  )
  const shown = mappings.filter((mapping) => all || holding.has(mapping) || isAnonymous(mapping))
  for (const mapping of shown) {
    map.mappings.push({ start: hex(mapping.start), end: hex(mapping.end), label: labelOf(mapping), process: name })
  }
  for (const block of blocks) map.blocks.push(mapBlock(block, name, usable.get(block.address) ?? null))
  map.pages?.push(...pagesOf(pid, name, shown))
  return mappings.length > 0
}

/** As `mappingOf`, for very many blocks: by halves. */
function mappingAt(mappings: readonly Mapping[], address: bigint): Mapping | undefined {
  let [low, high] = [0, mappings.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((mappings[middle] as Mapping).end <= address) low = middle + 1
    else high = middle
  }
  const found = mappings[low]
  return found !== undefined && found.start <= address ? found : undefined
}

function isAnonymous({ name, permissions }: Mapping): boolean {
  return permissions[3] === 'p' && (name === '' || name === '[heap]' || name.startsWith('[anon:'))
}

function labelOf({ name, permissions }: Mapping): string {
  const what =
    name === '' ? 'anonymous' : name === '[heap]' ? 'the break, [heap]' : name.startsWith('/') ? basename(name) : name
  if (permissions.startsWith('---')) return `${what}, reserved`
  return permissions === 'rw-p' ? what : `${what}, ${permissions}`
}

function mapBlock(block: Block, process: string, usable: number | null): LabMapBlock {
  const { address, size, thread, number, freedAt, freedBy } = block
  const live = freedAt === null
  const known = live ? usable : null
  return {
    ...{ address: hex(address), size, process, thread, sizeClass: known, age: number, live },
    ...{ freedAt, freedBy, usable: known },
  }
}

/** Reservations can be as large as the address space; what is beyond all measure is left without. */
function pagesOf(pid: number, process: string, mappings: readonly Mapping[]): LabMapPages[] {
  let left = BigInt(mostPages)
  return mappings.flatMap(({ start, end }) => {
    const count = (end - start) / PAGE
    if (count > left) return []
    left -= count
    return readPageRuns(pid, start, end).map((run) => ({
      ...{ process, start: hex(run.start), end: hex(run.end), state: run.state },
    }))
  })
}
