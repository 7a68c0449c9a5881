/**
 * The order of the test files: those that take minutes first, so that no worker is left with one of them at the end
 * while the other has nothing to do. Vitest knows how long files take only where it has run them before, which CI has not.
 */

import { BaseSequencer, type TestSpecification } from 'vitest/node'

const slow = ['check/faults', 'check/heaps', 'real/', 'repo/readme', 'preload/']

function rank({ moduleId }: TestSpecification): number {
  const at = slow.findIndex((name) => moduleId.includes(`/test/${name}`))
  return at < 0 ? slow.length : at
}

export class SlowFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return (await super.sort(files)).toSorted((a, b) => rank(a) - rank(b))
  }
}
