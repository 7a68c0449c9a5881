/** The heaps of a comparison that names none. */

import { mallocOwner } from '../binding/closure.ts'
import { readElf } from '../binding/elf.ts'
import type { TargetInfo } from '../binding/executable.ts'
import { platform } from '../binding/machine.ts'
import { builtinHeaps } from './builtin.ts'
import { type HeapContext, listHeaps } from './registry.ts'

/**
 * What is compared unless the user says: `system` as the baseline, the built-in general-purpose heaps, all that are
 * found, and last the program as it is where its malloc is not libc's (`default` would be `system` a second time).
 * @param target what `describeTarget` gave, or the path of the ELF file that runs
 */
export async function defaultComparison(target: TargetInfo | string, context: HeapContext = {}): Promise<string[]> {
  const general = new Set(builtinHeaps.filter((heap) => heap.general).map((heap) => heap.name))
  const { heaps } = await listHeaps(context)
  const chosen = heaps.filter(({ name, kind }) => kind === 'found' || (kind === 'builtin' && general.has(name)))
  const names = ['system', ...chosen.map((heap) => heap.name)]
  return usesLibcMalloc(target, context.env) ? names : [...names, 'default']
}

/** Whether an untouched program calls libc's malloc: by its libraries' search order, what is preloaded included. */
function usesLibcMalloc(target: TargetInfo | string, env: NodeJS.ProcessEnv | undefined): boolean {
  const elf = typeof target === 'string' ? readElf(target) : target.elf
  if (elf === null) return true
  if (typeof target !== 'string' && target.definesMalloc !== null) return false
  const owner = mallocOwner(elf, env)
  return owner === null || owner.soname === platform().libcSoname
}
