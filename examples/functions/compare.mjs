// The functions behind the command line: which heaps there are, one run, a comparison.
//
//   node examples/functions/compare.mjs [blocks]

import { compare, heaps, run } from 'alloc8'

const { heaps: known } = await heaps()
console.log(`heaps: ${known.map((heap) => heap.name).join(', ')}`)

const command = [process.execPath, '-e', 'const a = []; for (let i = 0; i < 2e5; i++) a.push(Buffer.from("x" + i))']

const result = await run({ command, heap: 'simple' })
console.log(`under ${result.heap}: ${result.verdict.state}, peak ${(result.peakRssBytes / 2 ** 20).toFixed(1)} MiB`)

const comparison = await compare({
  command,
  heaps: ['system', 'simple'],
  blocks: Number(process.argv[2] ?? 5),
  metrics: ['peak-rss', 'cpu'],
  onProgress: ({ done, total, heap }) => process.stderr.write(`\r${done}/${total} ${heap}   `),
})
process.stderr.write('\n')
for (const { heap, metric, ratio, low, high, verdict } of comparison.cells) {
  const interval = ratio === null ? 'no interval' : `${ratio.toFixed(3)} [${low?.toFixed(3)}, ${high?.toFixed(3)}]`
  console.log(`${metric} ${heap}: ${interval} ${verdict}`)
}
