// What `compare` adds around one run: the whole comparison's time less the targets' own, by the number of runs.

import { existsSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { root, Unmeasurable } from './tools.mjs'

const command = ['/bin/true']

/** The row; `blocks` blocks of two heaps and the control. */
export async function compareRows(blocks = 20) {
  const main = path.join(root, 'dist/index.js')
  if (!existsSync(main)) throw new Unmeasurable('dist/index.js is not built; run `npm run build`')
  const { compare } = await import(pathToFileURL(main).href)
  const options = { command, heaps: ['default', 'simple'], warmupBlocks: 0, metrics: ['wall'], seed: 1 }
  await compare({ ...options, blocks: 1 }) // loads the addon, looks at the libraries
  const started = process.hrtime.bigint()
  const { cells, control } = await compare({ ...options, blocks })
  const tookNs = Number(process.hrtime.bigint() - started)
  const walls = [...cells, ...control].flatMap(({ runs }) => runs).filter((wallNs) => wallNs !== null)
  if (walls.length !== 3 * blocks) throw new Error(`${walls.length} runs of ${3 * blocks} gave a time`)
  const targetNs = walls.reduce((sum, wallNs) => sum + wallNs, 0)
  return [
    {
      what: `alloc8's own time around one run in \`compare\`, mean of ${walls.length}`,
      value: (tookNs - targetNs) / walls.length,
      unit: 'ns',
      against: 'its budget, 5 ms',
      reference: 5e6,
      budget: 1,
      note: `the target, \`true\`, took ${(targetNs / walls.length / 1e6).toFixed(2)} ms`,
    },
  ]
}
