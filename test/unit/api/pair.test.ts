/** Two chains side by side: released together, both ended when one fails, and how long they ran together. */

import { expect, test } from 'vitest'
import { type Link, runPair } from '../../../lib/api/pair.ts'
import { meanSample } from '../../../lib/api/runner.ts'
import { crash, sample, verdict } from '../compare/machine.ts'

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** A link that is ready after `readyMs` and then takes `ms`; it tells what happened to `log`. */
const link =
  (name: string, readyMs: number, ms: number, log: string[]): Link<string> =>
  async (gate, signal) => {
    await pause(readyMs)
    await gate?.()
    log.push(`${name} starts`)
    await pause(ms)
    if (signal.aborted) throw new Error('stopped')
    log.push(`${name} ends`)
    return name
  }

test('neither starts before both are ready', async () => {
  const log: string[] = []
  const { first, second } = await runPair(link('a', 0, 40, log), link('b', 60, 40, log), 1)
  expect(log.slice(0, 2).sort()).toEqual(['a starts', 'b starts'])
  expect([first, second]).toEqual([['a'], ['b']])
})

test('each chain runs its command so many times in a row', async () => {
  const log: string[] = []
  const { first, second } = await runPair(link('a', 0, 1, log), link('b', 0, 5, log), 3)
  expect([first, second]).toEqual([
    ['a', 'a', 'a'],
    ['b', 'b', 'b'],
  ])
})

test('the overlap is the share of the longer one', async () => {
  const { overlap } = await runPair(link('a', 0, 50, []), link('b', 0, 400, []), 1)
  expect(overlap).toBeGreaterThan(0.02)
  expect(overlap).toBeLessThan(0.9)
})

test('an error before the gate lets the other go and is the one that is thrown', async () => {
  const broken: Link<string> = async () => {
    throw new Error('no such file')
  }
  const waiting: Link<string> = async (gate, signal) => {
    await gate?.()
    if (signal.aborted) throw new Error('stopped')
    return 'b'
  }
  await expect(runPair(broken, waiting, 2)).rejects.toThrow('no such file')
})

test('an abort reaches both', async () => {
  const controller = new AbortController()
  const log: string[] = []
  const run = runPair(link('a', 0, 30, log), link('b', 0, 30, log), 50, controller.signal)
  setTimeout(() => controller.abort(), 20)
  await expect(run).rejects.toThrow('stopped')
  expect(log).toEqual(['a starts', 'b starts'])
})

test('a chain counts as one run: means, the highest peak, the worst verdict, any failure', () => {
  const whole = meanSample([sample(1e9, 50e6), sample(3e9, 70e6, { verdict: verdict('partial') })])
  expect(whole.values).toMatchObject({ cpu: 2e9, wall: 2e9, 'peak-rss': 70e6, faults: 100 })
  expect(whole.verdict?.state).toBe('partial')
  expect(meanSample([sample(1e9), crash()]).failure).toMatchObject({ signal: 'SIGSEGV' })
  expect(meanSample([sample(1e9), sample(1e9, 1, { values: { cpu: null } })]).values['cpu']).toBeNull()
})
