/** Two runs that wait for one moment: neither target exists before the gate opens, and both do soon after. */

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { launch } from '../../../lib/launch/launch.ts'
import { scratch, silent } from '../../support/launching.ts'

const folder = scratch()
afterAll(folder.remove)

const shell = (script: string, options: object) =>
  launch({ ...silent, path: '/bin/sh', args: ['-c', script], stdout: () => {}, lifeline: true, ...options })

test('a target is not started before its gate opens', async () => {
  const file = join(folder.path, 'early')
  let open = (): void => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  let asked = false
  const run = shell(`: > ${file}`, {
    gate: () => {
      asked = true
      return opened
    },
  })
  while (!asked) await new Promise((resolve) => setTimeout(resolve, 5))
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(existsSync(file)).toBe(false)
  open()
  expect(await run).toMatchObject({ exitCode: 0 })
  expect(existsSync(file)).toBe(true)
})

test('a gate that fails ends the run before the target, and its error is thrown', async () => {
  const file = join(folder.path, 'never')
  const gate = () => Promise.reject(new Error('the partner is gone'))
  await expect(shell(`: > ${file}`, { gate })).rejects.toThrow('the partner is gone')
  expect(existsSync(file)).toBe(false)
})

test('an abort ends a run that waits at its gate', async () => {
  const file = join(folder.path, 'aborted')
  const controller = new AbortController()
  let pid = 0
  const run = shell(`: > ${file}`, {
    signal: controller.signal,
    onStart: (launcher: { pid: number }) => {
      pid = launcher.pid
    },
    gate: () => {
      setTimeout(() => controller.abort(), 20)
      return new Promise<void>(() => {})
    },
  })
  await expect(run).rejects.toMatchObject({ code: 'ABORTED' })
  expect(existsSync(file)).toBe(false)
  expect(() => readFileSync(`/proc/${pid}/stat`)).toThrow()
})

test('a gate without captured output is refused, as nothing would wait for it', async () => {
  await expect(shell(':', { stdout: 'ignore', gate: async () => {} })).rejects.toMatchObject({ code: 'USAGE' })
})
