// Tests run from the sources. Two at a time, because many start programs of their own and the machine may have two
// cores. Their ten minutes tell only an end from a hang: there are machines whose kernel takes fifty times as long for a
// page or a fork, and what hangs on purpose has a bound of its own. On a CI server, whose neighbours nobody knows, a
// test that fails is run once more; the one that needed it is listed, and is a defect to be mended.

import { defineConfig } from 'vitest/config'
import { retried } from './test/support/retried.ts'
import { SlowFirst } from './test/support/slow-first.ts'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['**/node_modules/**', ...(process.env['ALLOC8_LONG'] ? [] : ['test/long/**'])],
    maxWorkers: 2,
    sequence: { sequencer: SlowFirst },
    reporters: ['default', retried],
    retry: process.env['CI'] ? 1 : 0,
    testTimeout: 600_000,
    hookTimeout: 600_000,
    globalSetup: ['test/support/setup.ts'],
  },
})
