/**
 * redis under redis-benchmark. Debian's redis brings jemalloc along, which is what `default` measures.
 *
 *   cd examples/services/redis && alloc8 compare --suite alloc8.config.ts
 */

import { defineConfig } from 'alloc8'

const port = process.env['PORT'] ?? '7401'
const requests = process.env['REQUESTS'] ?? '50000'
const quiet = ['--save', '', '--appendonly', 'no', '--daemonize', 'no']

export default defineConfig({
  heaps: ['system', 'jemalloc', 'mimalloc', 'default'],
  workloads: [
    {
      name: 'redis',
      server: ['redis-server', '--port', port, '--bind', '127.0.0.1', ...quiet],
      ready: { port: Number(port), host: '127.0.0.1' },
      // Values of 512 bytes over 50,000 keys, and lists that are read in pieces. --csv has no progress lines.
      load: `redis-benchmark -p ${port} -n ${requests} -c 20 -d 512 -r 50000 -t set,lpush,lrange_100 --csv`,
      metrics: ['sets=/^"SET","([\\d.]+)"/', 'cpu', 'rss-mean', 'rss-peak', 'rss-after'],
      higherIsBetter: ['sets'],
    },
  ],
})
