/**
 * An image service under autocannon: the well-known case of memory that glibc holds on to after the load (see README).
 *
 *   cd examples/services/sharp && alloc8 compare --suite alloc8.config.ts
 */

import { fileURLToPath } from 'node:url'
import { defineConfig } from 'alloc8'

const port = process.env['PORT'] ?? '7402'
const requests = process.env['REQUESTS'] ?? '1000'
const autocannon = fileURLToPath(import.meta.resolve('autocannon'))
const load = ['--amount', requests, '--connections', '16', '--json', `http://127.0.0.1:${port}/`]

export default defineConfig({
  heaps: ['system', 'jemalloc', 'mimalloc'],
  workloads: [
    {
      name: 'sharp',
      server: [process.execPath, fileURLToPath(new URL('server.mjs', import.meta.url)), port],
      ready: { line: 'ready' },
      load: [process.execPath, autocannon, ...load],
      // What the allocator gives back, it gives back within some seconds.
      settleMs: Number(process.env['SETTLE_MS'] ?? 5000),
      // The same number of requests each time, so that `wall` compares speed; `images` must be all of them.
      metrics: ['wall', 'cpu', 'rss-mean', 'rss-peak', 'rss-after', 'images=/"2xx":(\\d+)/'],
      higherIsBetter: ['images'],
    },
  ],
})
