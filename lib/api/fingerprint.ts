/**
 * Whether the files that a comparison runs are still those that it began with. A build or a package update that
 * replaces a library half-way would make one heap's numbers those of two; what counts is the content, so that a `touch`
 * or an equal file under the same name changes nothing.
 */

import { createHash } from 'node:crypto'
import { type BigIntStats, createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'

/** A file system's clock may stand still for so long: a file written again within that time can look the same. */
const UNSETTLED_NS = 2_000_000_000n

/** What was seen of a file. */
interface Seen {
  /** What stat says; another identity is reason to read the file again. */
  identity: string
  /** The content's SHA-256, or what is in its place. */
  content: string
  /** Its last change was long enough before it was read for any later one to show in the identity. */
  settled: boolean
}

/** The files of a comparison, as they were at first. */
export class Fingerprints {
  readonly #seen: Map<string, Seen>

  private constructor(seen: Map<string, Seen>) {
    this.#seen = seen
  }

  /** Reads the files whole. One that cannot be read (mode 0111) is known by its identity alone. */
  static async of(paths: Iterable<string>): Promise<Fingerprints> {
    const seen = new Map<string, Seen>()
    for (const path of new Set(paths)) seen.set(path, await look(path))
    return new Fingerprints(seen)
  }

  /** The first file with another content than at first, or none any more; null when all are the same. */
  async changed(): Promise<string | null> {
    for (const [path, before] of this.#seen) {
      if (before.settled && identityOf(await statusOf(path)) === before.identity) continue
      const now = await look(path)
      if (now.content !== before.content) return path
      this.#seen.set(path, now)
    }
    return null
  }
}

async function look(path: string): Promise<Seen> {
  const begun = BigInt(Date.now()) * 1_000_000n
  const status = await statusOf(path)
  const identity = identityOf(status)
  // Nothing but a regular file is opened: a FIFO would keep its reader waiting.
  const content = status?.isFile() ? ((await sha256(path)) ?? `unreadable ${identity}`) : 'not a file'
  return { identity, content, settled: status !== null && begun - status.ctimeNs >= UNSETTLED_NS }
}

const statusOf = (path: string) => stat(path, { bigint: true }).catch(() => null)

function identityOf(status: BigIntStats | null): string {
  if (status === null) return 'missing'
  const { dev, ino, size, mtimeNs, ctimeNs } = status
  return [dev, ino, size, mtimeNs, ctimeNs].join(' ')
}

/** The SHA-256 of a file's content in hex; null where it cannot be read. */
export async function sha256(path: string): Promise<string | null> {
  const hash = createHash('sha256')
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk)
  } catch {
    return null
  }
  return hash.digest('hex')
}
