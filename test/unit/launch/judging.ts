/** What the tests of whole verdicts share: a run that went well, of which each test changes what it is about. */

import { type ExecutableFacts, judge, type VerdictInput } from '../../../lib/launch/verdict.ts'
import { executablePath, heap, heapPath, libc, program, wholeHeap } from './witnessed.ts'

/** A program that nothing is special about. */
export const plain: ExecutableFacts = {
  path: executablePath,
  isElf: true,
  bits: 64,
  isStatic: false,
  setuid: false,
  capabilities: false,
  definesMalloc: null,
  sanitizer: null,
}

/** A run whose target, process 100, left the given records. */
export function verdict(overrides: Partial<VerdictInput>) {
  return judge({
    heapLibraries: [heapPath],
    heapBits: 64,
    rootPid: 100,
    rootExitCode: 0,
    target: plain,
    records: [],
    journals: [],
    unreadable: [],
    sessionRemoved: false,
    shell: '/bin/dash',
    preloadedByFile: [],
    inspect: () => null,
    workingFolder: '/app',
    carried: () => [],
    offered: () => null,
    needed: () => [],
    exists: () => true,
    ...overrides,
  })
}

/** The objects of an image in which the heap is active. */
export const good = [program('malloc', 'free'), heap(...wholeHeap), libc]
