// What watching a heap costs: on a tight loop of malloc and free, on the classic suite, on redis, and on programs that
// allocate as most do, by the probe's levels and by the tools that others have (observers.mjs). CPU time, compared as
// `compare` does it: in rounds in which every observer and its own heap unwatched run once, in a random order, with a
// ratio by round and the interval of its mean. A heap unwatched is also compared with itself, which shows what this
// machine's unrest alone makes of such a ratio.

import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { cpuOf, observers } from './observers.mjs'
import { compile, median, need, product, root, Unmeasurable } from './tools.mjs'

/** Of the order and the intervals. */
const seed = 8

const against = ({ heap }) => `${heap.includes('/') ? path.basename(heap) : heap}, unwatched`

async function statistics() {
  const file = path.join(root, 'dist/stats/index.js')
  if (!existsSync(file)) throw new Unmeasurable('dist/stats is not built; run `npm run build`')
  return import(pathToFileURL(file).href)
}

/** The observers, and before them each of their heaps with nobody watching, as a control. */
function withControls(found) {
  const heaps = [...new Set(found.map(({ heap }) => heap))]
  return [...heaps.map((heap) => ({ name: 'nothing: the control', heap })), ...found]
}

/**
 * Rounds of one run of each observer and one of each heap unwatched. For each observer its runs with its heap's of the
 * same round: the medians, the ratio and what there is more, both with intervals of 95 %.
 */
async function inRounds(all, rounds, measure) {
  const { meanInterval, pairedRatio, Rng } = await statistics()
  const rng = new Rng(seed)
  const heaps = [...new Set(all.map(({ heap }) => heap))]
  const subjects = [...heaps.map((heap) => ({ name: 'nothing', heap })), ...all]
  const values = subjects.map(() => [])
  const failures = []
  for (let round = 0; round < rounds; round++) {
    for (const at of shuffled(subjects.keys(), rng)) {
      if (failures[at] !== undefined) continue
      try {
        values[at].push(await measure(subjects[at]))
      } catch (error) {
        if (at < heaps.length) throw error
        failures[at] = error.message
      }
    }
  }
  return all.map((observer, place) => {
    const at = heaps.length + place
    if (failures[at] !== undefined) return { failure: failures[at] }
    const plain = values[heaps.indexOf(observer.heap)]
    const more = values[at].map((value, round) => value - plain[round])
    const ratio = pairedRatio(values[at], plain, { seed })
    return { plain: median(plain), watched: median(values[at]), ratio, more: meanInterval(more, { seed }) }
  })
}

function shuffled(numbers, rng) {
  const order = [...numbers]
  for (let at = order.length - 1; at > 0; at--) {
    const other = rng.uint32() % (at + 1)
    ;[order[at], order[other]] = [order[other], order[at]]
  }
  return order
}

const between = ({ low, high }, digits) => `${low.toFixed(digits)} to ${high.toFixed(digits)}`

/** A row, or one that says why there is none: some programs do not run under some tools. */
function row(what, observer, { plain, ratio, failure }, unit, { note = null, budget = null }) {
  const name = `${what}, ${observer.name}`
  if (failure !== undefined) return { what: name, skipped: failure }
  const said = [`ratio ${between(ratio, 3)}, ${ratio.pairs} rounds`, ...(note === null ? [] : [note])].join('; ')
  const value = plain * ratio.ratio
  return { what: name, value, unit, against: against(observer), reference: plain, budget, note: said }
}

/** Nanoseconds a call of malloc(64) and free, less what a process costs by itself. */
export async function probeLoopRows(folder, rounds = 9) {
  const { found, missing } = observers(folder)
  const all = withControls(found)
  const program = path.join(folder, 'pairs')
  compile('cc', ['-O2', '-fno-builtin', '-o', program, 'test/bench/pairs.c'])
  const measured = await inRounds(all, rounds, async (observer) => {
    const pairs = observer.slow ? 500_000 : 10_000_000
    const cpu = (count) => cpuOf(observer, [program, String(count), '64'])
    return ((await cpu(pairs)) - (await cpu(1))) / pairs / 2
  })
  const rows = all.map((observer, at) => {
    const { more } = measured[at]
    const budget = observer.budgetNs === undefined ? '' : `; budget ${observer.budgetNs}`
    const note = more === undefined ? null : `${more.mean.toFixed(2)} ns more (${between(more, 2)})${budget}`
    return row('a call of malloc(64) or free', observer, measured[at], 'ns a call', { note })
  })
  return [...rows, ...missing]
}

/** CPU time of the classic suite: the geometric mean over its workloads, each counting alike. */
export async function probeSuiteRows(folder, rounds = 5) {
  // What takes a thousand nanoseconds a call would take an hour.
  const all = withControls(observers(folder).found.filter(({ crawls }) => crawls !== true))
  const suite = JSON.parse(readFileSync(path.join(root, 'native/workloads/suite.json'), 'utf8'))
  const workloads = suite.map(({ program, args }) => [product(path.join('workloads', program)), ...args])
  const measured = await inRounds(all, rounds, async (observer) => {
    let logs = 0
    for (const command of workloads) logs += Math.log(await cpuOf(observer, command, { timeoutMs: 60_000 }))
    return Math.exp(logs / workloads.length)
  })
  return all.map((observer, at) => row(`the suite of ${workloads.length} workloads`, observer, measured[at], 'ns', {}))
}

/** CPU time of redis-server under the same load each time. */
export async function probeRedisRows(folder, rounds = 9) {
  const all = withControls(observers(folder).found)
  need('redis-server')
  need('redis-benchmark', 'redis-tools')
  const socket = path.join(folder, 'redis.sock')
  const options = ['--port', '0', '--unixsocket', socket, '--save', '', '--appendonly', 'no', '--dir', folder]
  const load = ['-s', socket, '-n', '60000', '-c', '20', '-P', '16', '-d', '200', '-r', '20000', '-q']
  const measured = await inRounds(all, rounds, async (observer) => {
    rmSync(socket, { force: true })
    let failure = null
    const ended = cpuOf(observer, ['redis-server', ...options], { timeoutMs: 60_000 })
    ended.catch((error) => {
      failure = error
    })
    while (!answers(socket)) {
      if (failure !== null) throw failure
      await setTimeout(25)
    }
    execFileSync('redis-benchmark', [...load, '-t', 'set,get,lpush,lpop,sadd,hset'], { stdio: 'ignore' })
    execFileSync('redis-cli', ['-s', socket, 'shutdown', 'nosave'], { stdio: 'ignore' })
    return ended
  })
  return all.map((observer, at) =>
    row('redis-server under redis-benchmark', observer, measured[at], 'ns', { budget: observer.budgetRatio }),
  )
}

const pythonWork = `
import json, re
rows = [{"id": i, "name": "n%d" % i, "tags": [str(j) for j in range(5)]} for i in range(20000)]
text = json.dumps(rows)
names = {row["name"]: row for row in json.loads(text)}
words = re.findall(r"\\w+", text[:200000])
`
const nodeWork = `
const rows = Array.from({ length: 60000 }, (_, id) => ({ id, name: 'n' + id, tags: [id, id + 1] }))
for (let round = 0; round < 5; round++) JSON.parse(JSON.stringify(rows))
`

/** CPU time of programs that do something else than to allocate, on the system's heap. */
export async function probeProgramRows(folder, rounds = 15) {
  const everyone = withControls(observers(folder).found.filter(({ heap }) => heap === 'system'))
  const source = path.join(root, 'test/native/heaps/hoard_stress_test.cpp')
  const include = ['native', 'native/include', 'test/native'].map((name) => `-I${path.join(root, name)}`)
  const programs = [
    ['g++ -O1 on a file of this project', ['g++', '-std=c++20', '-O1', ...include, '-c', source, '-o', '/dev/null']],
    ['python3 with JSON', ['python3', '-c', pythonWork]],
    ['node with JSON', [process.execPath, '-e', nodeWork]],
  ]
  const rows = []
  for (const [what, command] of programs) {
    // heaptrack follows no children, and g++ itself does next to nothing.
    const all = command[0] === 'g++' ? everyone.filter(({ wrap }) => wrap === undefined) : everyone
    const measured = await inRounds(all, rounds, (observer) => cpuOf(observer, command, { timeoutMs: 60_000 }))
    rows.push(...all.map((observer, at) => row(what, observer, measured[at], 'ns', { budget: observer.budgetRatio })))
  }
  return rows
}

function answers(socket) {
  if (!existsSync(socket)) return false
  try {
    return execFileSync('redis-cli', ['-s', socket, 'ping'], { stdio: ['ignore', 'pipe', 'ignore'] }).includes('PONG')
  } catch {
    return false
  }
}
