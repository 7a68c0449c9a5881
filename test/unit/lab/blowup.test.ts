/** What `blowup` says about facts: bounded or not, as many times as there are threads or not, given back or used again. */

import { describe, expect, test } from 'vitest'
import blowup from '../../../lib/lab/experiments/blowup.ts'
import { factsOf } from '../../support/lab-facts.ts'

const MIB = 1 << 20

function seen(relay: { most: number; half: number; end: number }, turns: { most: number; end: number }) {
  return factsOf({
    'live at most': 2 * MIB,
    rounds: 24,
    'producer and consumer: most held, over live': relay.most,
    'producer and consumer: held after half of the rounds': relay.half * MIB,
    'producer and consumer: held at the end': relay.end * MIB,
    'threads that took turns': 8,
    'turns: most held, over live': turns.most,
    'turns: held at the end': turns.end * MIB,
  })
}

const calm = { most: 1, end: 2 }
const steady = { most: 1, half: 2, end: 2 }

describe('blowup between a producer and a consumer', () => {
  const said = (relay: Parameters<typeof seen>[0]) => blowup.explain(seen(relay, calm))[0]

  test('grows without a bound, and nothing is used again', () => {
    expect(said({ most: 24.4, half: 25, end: 50 })).toMatch(/to 24 times what was live: nothing of what the consumer/)
    expect(blowup.model?.(seen({ most: 24.4, half: 25, end: 50 }, calm))['blowup']).toContain('still growing')
  })

  test('grows, and a part is', () => {
    expect(said({ most: 8, half: 8, end: 16 })).toContain('only a part of what the consumer freed')
  })

  test('none: used again, or given back', () => {
    expect(said(steady)).toContain('held about as much as was live: what the consumer freed was used again')
    expect(said({ most: 1, half: 0, end: 0 })).toContain('went back to the system')
  })

  test('a reserve that stops to grow', () => {
    expect(said({ most: 2.5, half: 5, end: 5 })).toContain('up to 2.5 times what was live, and no more in later rounds')
  })
})

describe('blowup where threads take turns', () => {
  const said = (turns: Parameters<typeof seen>[1]) => blowup.explain(seen(steady, turns))[1]

  test('none: used by the next, or given back', () => {
    expect(said(calm)).toContain('what a thread freed, the next one used')
    expect(said({ most: 1.1, end: 0.1 })).toContain('went back to the system')
  })

  test('as many times as there are threads', () => {
    expect(said({ most: 8.1, end: 16 })).toContain('up to 8 times what was live, as many times as there were threads')
  })

  test('something between', () => {
    expect(said({ most: 2.1, end: 4 })).toContain('up to 2.1 times what was live, fewer times than there were threads')
  })
})
