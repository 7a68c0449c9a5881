// Do a parent and its child get the same block after a fork? Twenty lines, threads, forks, a fact and a picture.
//
//   alloc8 lab ./next-block.ts --heaps system,mimalloc --svg next-block.svg

import { defineExperiment } from 'alloc8'

export default defineExperiment({
  name: 'next-block',
  question: 'Parent and child ask for a block after a fork: do they get the same address?',
  did: 'Each of four threads allocates a block and forks; then it and its child ask for another.',
  async observe(lab) {
    const p = await lab.puppet({ threads: 4 })
    const values: number[][] = []
    for (const [at, thread] of p.threads.entries()) {
      await thread.malloc(64)
      const { main } = await p.fork(at)
      values.push([Number((await thread.malloc(64)) === (await main.malloc(64)))])
    }
    lab.fact('forks with the same next block', values.flat().filter(Boolean).length)
    const titles = { title: 'The next block after a fork', rowTitle: 'thread', columnTitle: '' }
    lab.picture({ kind: 'matrix', ...titles, rows: ['0', '1', '2', '3'], columns: ['the same'], values, unit: '' })
  },
  explain: (facts) => [`After ${facts.number('forks with the same next block')} of 4 forks it was the same address.`],
})
