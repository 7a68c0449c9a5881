/**
 * A suite of two workloads: what each is run with, what is measured, what counts as a difference. Run it by
 * `alloc8 compare --suite examples/suite/alloc8.config.ts`, or as a gate by `alloc8 ci --config` and the same.
 */

import { defineConfig } from 'alloc8'

export default defineConfig({
  heaps: ['system', 'simple'],
  metrics: ['cpu', 'peak-rss'],
  // Memory repeats to a percent; CPU time is worth a word from three on.
  threshold: { cpu: 0.03, 'peak-rss': 0.01 },
  workloads: [
    {
      name: 'json',
      command: ['python3', '-c', 'import json; print(len(json.dumps(list(range(300000)))), "characters")'],
      metrics: ['cpu', 'peak-rss', 'characters=/(\\d+) characters/'],
      higherIsBetter: ['characters'],
    },
    {
      name: 'sort',
      // A file of its own, made before the first run and taken away after the last.
      setup: 'seq 50000 | rev > numbers.txt',
      teardown: 'rm numbers.txt',
      command: ['sort', '--parallel=1'],
      stdin: 'numbers.txt',
      env: { LC_ALL: 'C' },
    },
  ],
})
