/**
 * What was loaded after start, put together with the record of the image: its objects come behind those that were there,
 * and its references are judged like theirs. What dlmopen loaded stays apart, because it is searched apart.
 */

import { type JournalEntry, journalFlags, type WitnessRecord } from '../binding/native.ts'

/** An image with all that was loaded into it. */
export interface WholeImage {
  merged: WitnessRecord
  /** The objects of `merged` that were opened with RTLD_DEEPBIND. */
  deepBound: Set<number>
  /** A record for each look into a namespace that dlmopen made. */
  apart: WitnessRecord[]
}

/** Adds late entries of journals to a record. The record is left as it is. */
export function withLate(record: WitnessRecord, late: readonly JournalEntry[]): WholeImage {
  const whole: WholeImage = { merged: record, deepBound: new Set(), apart: [] }
  if (late.length === 0) return whole
  const { objects, references, definitions } = record
  const merged = { ...record, objects: [...objects], references: [...references], definitions: [...definitions] }
  const indexOf = new Map(merged.objects.map((path, index) => [path, index]))
  const place = (path: string): number => {
    const known = indexOf.get(path)
    if (known !== undefined) return known
    indexOf.set(path, merged.objects.length)
    return merged.objects.push(path) - 1
  }
  for (const { late: added, flags } of late) {
    if (added === null) continue
    if ((flags & journalFlags.ownNamespace) !== 0) {
      whole.apart.push(added)
      continue
    }
    const moved = added.objects.map(place)
    const at = (index: number) => moved[index] ?? 0
    for (const each of added.definitions) merged.definitions.push({ ...each, object: at(each.object) })
    for (const each of added.references) {
      merged.references.push({
        ...each,
        object: at(each.object),
        target: each.target === null ? null : at(each.target),
      })
      if ((flags & journalFlags.deepBound) !== 0) whole.deepBound.add(at(each.object))
    }
  }
  whole.merged = merged
  return whole
}
