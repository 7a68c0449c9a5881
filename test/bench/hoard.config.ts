/**
 * The comparison in native/heaps/hoard/README.md: the classic workloads with one thread and with two, which are as many as
 * there are cores.
 *
 *   node dist/cli/main.js compare --suite test/bench/hoard.config.ts --heaps system,jemalloc,mimalloc,tcmalloc,hoard
 */

import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { defineConfig } from '../../lib/index.ts'

const folder = new URL('../../native/workloads/', import.meta.url)
const suite = JSON.parse(readFileSync(new URL('suite.json', folder), 'utf8')) as { name: string; program: string }[]

export default defineConfig({
  workloads: suite.flatMap(({ name, program }) =>
    [1, 2].map((threads) => ({
      name: `${name}-${threads}`,
      command: [
        fileURLToPath(new URL(`../../build/Release/workloads/${program}`, import.meta.url)),
        '--threads',
        String(threads),
      ],
      metrics: ['cpu', 'peak-rss'],
    })),
  ),
})
