/**
 * PostgreSQL, which forks a process for each connection, under pgbench.
 *
 *   cd examples/services/postgres && alloc8 compare --suite alloc8.config.ts
 *
 * As root the server runs as the user postgres, who must be able to read alloc8's own files.
 */

import { readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'alloc8'

const port = process.env['PORT'] ?? '7403'
const transactions = process.env['TRANSACTIONS'] ?? '2000'
const scale = process.env['SCALE'] ?? '5'
const folder = join(tmpdir(), `alloc8-postgres-${process.pid}`)
const setup = fileURLToPath(new URL('setup.sh', import.meta.url))

/** Debian keeps each version's programs in a folder of its own, out of PATH. */
function binaries(): string {
  const versions = readdirSync('/usr/lib/postgresql').sort((a, b) => Number(a) - Number(b))
  return `/usr/lib/postgresql/${versions.at(-1)}/bin`
}

const tools = binaries()

export default defineConfig({
  heaps: ['system', 'jemalloc', 'mimalloc'],
  workloads: [
    {
      name: 'postgres',
      setup: ['sh', setup, tools, folder, scale],
      teardown: ['rm', '-rf', folder],
      server: [`${tools}/postgres`, '-D', `${folder}/data`, '-p', port, '-h', '127.0.0.1', '-k', ''],
      user: process.getuid?.() === 0 ? 'postgres' : undefined,
      ready: { line: 'ready to accept connections' },
      load: `${tools}/pgbench -h 127.0.0.1 -p ${port} -U bench -c 4 -t ${transactions} postgres`,
      // SIGTERM would wait for the clients that are connected.
      stopSignal: 'SIGINT',
      metrics: ['tps=/^tps = ([\\d.]+)/', 'cpu', 'rss-mean', 'rss-peak', 'rss-after'],
      higherIsBetter: ['tps'],
    },
  ],
})
