// Counts the instructions of a pair of malloc and free under callgrind. What a program needs to start and the loop
// around the pair are taken out: two runs of different length are subtracted, and of the difference only what was spent
// in shared objects counts, not in the program itself. The counts are exact and do not depend on the machine's load.

import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { cleanEnvironment } from './tools.mjs'

/**
 * The cost of each function of a profile that callgrind wrote without compressing names and positions, by object:
 * Map of object to Map of function to instructions. What a function's callees cost is not its own.
 */
export function ownCosts(profile) {
  const costs = new Map()
  let [object, name, calling] = ['', '', false]
  for (const line of profile.split('\n')) {
    const [, key, text] = /^(\w+)=(.*)$/.exec(line) ?? []
    if (key === 'ob') object = text
    else if (key === 'fn') name = text
    else if (key === 'calls') calling = true
    else if (/^(?:0x)?\d[\da-f]* \d+$/.test(line)) {
      // The line behind `calls=` is what the callee cost, all included.
      if (!calling) {
        const functions = costs.get(object) ?? new Map()
        costs.set(object, functions.set(name, (functions.get(name) ?? 0) + Number(line.split(' ')[1])))
      }
      calling = false
    }
  }
  return costs
}

/** What `after` has more than `before`, by object and function, where it is `least` or more. */
export function difference(before, after, least = 1) {
  const more = new Map()
  for (const [object, functions] of after) {
    for (const [name, cost] of functions) {
      const extra = cost - (before.get(object)?.get(name) ?? 0)
      if (extra >= least) more.set(object, (more.get(object) ?? new Map()).set(name, extra))
    }
  }
  return more
}

const [short, long] = [20_000, 80_000]

/**
 * Instructions of one pair of malloc and free of `size` bytes, with `library` preloaded (null: libc's own)
 * and these variables set.
 * Gives { pair, functions: { malloc: 41, … }, objects } with what each function took; `objects` are their files.
 */
export function instructionsOfPair(program, library, size, folder, env = {}) {
  const [before, after] = [short, long].map((count) => {
    const file = path.join(folder, `callgrind.${count}`)
    const options = [`--callgrind-out-file=${file}`, '--compress-strings=no', '--compress-pos=no']
    execFileSync('valgrind', ['--tool=callgrind', ...options, program, String(count), String(size)], {
      env: cleanEnvironment(library === null ? env : { ...env, LD_PRELOAD: library }),
      stdio: ['ignore', 'ignore', 'ignore'],
    })
    return ownCosts(readFileSync(file, 'utf8'))
  })
  // A handful of instructions in all is not of the pairs: reading 80000 costs one or two more than reading 20000.
  const spent = [...difference(before, after, (long - short) / 1000)].filter(([object]) => object !== program)
  const functions = {}
  for (const [name, cost] of spent.flatMap(([, each]) => [...each])) {
    functions[name] = (functions[name] ?? 0) + cost / (long - short)
  }
  const pair = Object.values(functions).reduce((sum, cost) => sum + cost, 0)
  return { pair, functions, objects: spent.map(([object]) => object) }
}
