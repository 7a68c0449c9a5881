// Who gets a freed block again: the thread that freed it, or whichever asks first?
//
//   alloc8 lab ./who-gets-it-again.ts --heaps system,simple,hoard

import { defineExperiment } from 'alloc8'

export default defineExperiment({
  name: 'who-gets-it-again',
  question: 'A thread frees a block: who gets it again?',
  did: 'Thread 0 allocates and frees a block of 64 bytes. Then thread 1 asks for eight of that size, and then thread 0.',
  async observe(lab) {
    const p = await lab.puppet({ threads: 2 })
    const block = await p.thread(0).malloc(64)
    await p.thread(0).free(block)
    for (const thread of [p.thread(1), p.thread(0)]) {
      const batch = thread.batch()
      const asked = Array.from({ length: 8 }, () => batch.malloc(64))
      const result = await batch.run()
      const turn = asked.findIndex((each) => result.value(each) === block)
      lab.fact(`${thread.name}: request that got it`, turn < 0 ? null : turn + 1)
    }
  },
  explain(facts) {
    const [own, other] = [0, 1].map((i) => facts.get(`thread ${i}: request that got it`))
    if (typeof other === 'number') return [`Another thread got the freed block, with its request ${other}.`]
    if (typeof own === 'number') return [`Only the thread that freed the block got it again, with its request ${own}.`]
    return ['Nobody got the freed block again.']
  },
})
