// Tests run from the sources. Two at a time, because many start programs of their own and the machine may have two
// cores; each has a minute, because a hanging target is what some of them are about.

import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['**/node_modules/**', ...(process.env['ALLOC8_LONG'] ? [] : ['test/long/**'])],
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 120_000,
    globalSetup: ['test/support/setup.ts'],
  },
})
