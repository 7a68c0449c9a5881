/**
 * Two builds of one program, side by side: `against` is the baseline. So that it runs anywhere, both are sort here; with
 * the workflow beside this they are ['./build/server'] and ['../old/build/server'].
 */

import { defineConfig } from 'alloc8'

export default defineConfig({
  heaps: ['default'],
  metrics: ['cpu', 'peak-rss'],
  threshold: { cpu: 0.03, 'peak-rss': 0.02 },
  blocks: 20,
  maxTimeMs: 20 * 60_000,
  workloads: [
    {
      name: 'sort',
      command: ['sort', '--parallel=1', '-S', '20M', 'words.txt', '-o', '/dev/null'],
      against: ['sort', '--parallel=1', '-S', '20M', 'words.txt', '-o', '/dev/null'],
      setup: 'seq 200000 | rev > words.txt',
      teardown: 'rm words.txt',
    },
  ],
})
