// What comes of a write into freed memory, by the size of the block. Each is done in a fork, as it may be the end of it.
//
//   alloc8 lab ./late-write.ts --heaps system,jemalloc --svg late-write.svg

import { defineExperiment, outcomeOf, PuppetDied } from 'alloc8'

const sizes = [64, 4096, 65536, 1048576]

export default defineExperiment({
  name: 'late-write',
  question: 'A block is written to after it was freed: is that noticed, and whose memory is it?',
  did: `Blocks of ${sizes.join(', ')} bytes are freed and then written to; the next block of that size is looked at.`,
  async observe(lab) {
    const p = await lab.puppet()
    const values: number[][] = []
    for (const size of sizes) {
      const { main } = await p.fork()
      const block = await main.malloc(size)
      await main.free(block)
      const died = (await outcomeOf(main.write(block + 32n, 'late'))) instanceof PuppetDied
      lab.fact(`${size} bytes: the write ended the program`, died)
      const next = died ? 0n : await outcomeOf(main.malloc(size))
      lab.fact(`${size} bytes: the next block is the same`, next === block)
      values.push([Number(died), Number(next === block)])
    }
    const columns = ['the program ended', 'the next block is the same']
    const rows = sizes.map(String)
    const titles = { title: 'A write after free', rowTitle: 'bytes', columnTitle: 'what came of it' }
    lab.picture({ kind: 'matrix', ...titles, rows, columns, values, unit: '' })
  },
  explain(facts) {
    const having = (what: string) => sizes.filter((size) => facts.yes(`${size} bytes: ${what}`)).join(', ') || 'none'
    return [
      `A late write ended the program for blocks of these sizes: ${having('the write ended the program')}.`,
      `It went into memory that the next owner was given for these: ${having('the next block is the same')}.`,
    ]
  },
})
