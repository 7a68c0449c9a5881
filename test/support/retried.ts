/** A reporter that lists the tests that passed at their second try only, so that a retry hides no defect. */

import type { Reporter, TestModule } from 'vitest/node'

export const retried: Reporter = {
  onTestRunEnd(modules: readonly TestModule[]) {
    const tests = modules.flatMap((module) => [...module.children.allTests()])
    const flaky = tests.filter((test) => test.diagnostic()?.flaky === true)
    if (flaky.length === 0) return
    console.log('\nPassed at the second try only, and to be mended:')
    for (const test of flaky) {
      console.log(`  ${test.module.relativeModuleId} > ${test.fullName}`)
      for (const { message } of test.result().errors ?? [])
        console.log(`    ${message.split('\n').slice(0, 4).join('\n    ')}`)
    }
  },
}
