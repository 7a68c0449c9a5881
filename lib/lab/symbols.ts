/** Names of the functions on a dead puppet's stack, by the symboliser of the machine; without one, without names. */

import { askSymboliser, findSymboliser } from '../profile/tool.ts'
import type { StackFrame } from './died.ts'

/** The same frames with the names that are known. */
export async function nameFrames(frames: readonly StackFrame[]): Promise<StackFrame[]> {
  const tool = findSymboliser()
  if (tool === null) return [...frames]
  const files = new Map<string, number[]>()
  for (const { file, fileOffset } of frames) {
    if (file !== null) files.set(file, [...(files.get(file) ?? []), Number(fileOffset)])
  }
  const named = new Map<string, string | null>()
  await Promise.all(
    [...files].map(async ([file, addresses]) => {
      // A stack without some names is better than none.
      const places = await askSymboliser(tool, file, addresses).catch(() => new Map())
      for (const address of addresses) named.set(`${file} ${address}`, places.get(address)?.[0]?.function ?? null)
    }),
  )
  return frames.map((frame) => ({ ...frame, function: named.get(`${frame.file} ${frame.fileOffset}`) ?? null }))
}
