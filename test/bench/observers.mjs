// Who watches a heap, in the benchmark: the probe at each of its levels, and the tools that others have. Each is
// compared with the same heap unwatched, in the same round.

import { existsSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { need, root, Unmeasurable } from './tools.mjs'

const library = (name) => {
  const folders = ['/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu', '/usr/lib64', '/usr/lib']
  const file = folders.map((folder) => path.join(folder, name)).find(existsSync)
  if (file === undefined) throw new Unmeasurable(`${name} is not installed`)
  return file
}

/** As many bytes between two samples as the probe has unless told. */
const sampleBytes = 1 << 19

const levels = (heap) => [
  { name: 'counts', heap, probe: 'counts', budgetNs: 2 },
  { name: 'live', heap, probe: 'live', budgetNs: 4 },
  { name: 'latency', heap, probe: 'latency' },
  { name: 'latency, one call in 100', heap, probe: { levels: ['latency'], latencyEvery: 100 } },
  { name: 'sample', heap, probe: { levels: ['sample'], sampleBytes }, budgetRatio: 1.01 },
  { name: 'live, latency and sample', heap, probe: { levels: ['live', 'latency', 'sample'], sampleBytes } },
]

/**
 * All that are installed, each { name, heap, slow, budgetNs, budgetRatio } with what is given to `run`; and the names of
 * those that are not, with the reason. `slow` says that it takes some ten nanoseconds a call and more, `crawls` a thousand.
 */
export function observers(folder) {
  const found = levels('system').map((each) => ({ ...each, name: `probe: ${each.name}` }))
  const missing = []
  const add = (name, make) => {
    try {
      found.push({ name, ...make() })
    } catch (error) {
      if (!(error instanceof Unmeasurable)) throw error
      missing.push({ what: name, skipped: error.message })
    }
  }
  add('heaptrack', () => {
    need('heaptrack')
    return { heap: 'system', wrap: ['heaptrack', '-r', '-o', path.join(folder, 'heaptrack')], slow: true }
  })
  add("glibc's memusage", () => {
    need('memusage', 'libc-devtools')
    // In front of `system` it would see nothing: that puts libc first.
    return { heap: 'default', env: { LD_PRELOAD: library('libmemusage.so') }, slow: true }
  })
  add("jemalloc's profiler", () => {
    library('libjemalloc.so.2')
    return { heap: 'jemalloc', env: { MALLOC_CONF: 'prof:true,lg_prof_sample:19' } }
  })
  add('probe: sample, on jemalloc', () => {
    library('libjemalloc.so.2')
    return { heap: 'jemalloc', probe: { levels: ['sample'], sampleBytes } }
  })
  add("gperftools' sampling", () => {
    return { heap: library('libtcmalloc.so.4'), env: { TCMALLOC_SAMPLE_PARAMETER: String(sampleBytes) } }
  })
  add("gperftools' heap profiler", () => {
    return {
      heap: library('libtcmalloc.so.4'),
      env: { HEAPPROFILE: path.join(folder, 'profile') },
      slow: true,
      crawls: true,
    }
  })
  return { found, missing }
}

/** Runs a command as an observer has it; nanoseconds of CPU time, of all processes together. */
export async function cpuOf(observer, command, more = {}) {
  const { heap, probe, env = {}, wrap = [] } = observer
  const base = { ...process.env }
  for (const name of ['LD_PRELOAD', 'MALLOC_CONF', 'HEAPPROFILE', 'TCMALLOC_SAMPLE_PARAMETER']) delete base[name]
  const main = path.join(root, 'dist/index.js')
  if (!existsSync(main)) throw new Unmeasurable('dist/index.js is not built; run `npm run build`')
  const { run } = await import(pathToFileURL(main).href)
  const result = await run({
    command: [...wrap, ...command],
    heap,
    probe,
    env: { ...base, ...env },
    stdin: 'ignore',
    stdout: 'ignore',
    stderr: 'ignore',
    ...more,
  })
  if (result.exitCode !== 0) throw new Error(`${observer.name}: ${command.join(' ')}: exit status ${result.exitCode}`)
  return result.userNs + result.sysNs
}
