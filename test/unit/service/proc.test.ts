/** What is read of /proc, against what is known of processes that were started for it. */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { createInterface } from 'node:readline'
import { afterEach, describe, expect, test } from 'vitest'
import { portsOf } from '../../../lib/service/ports.ts'
import { commandOf, holds, listeners, ResidentMemory, readStat } from '../../../lib/service/proc.ts'
import { ProcessTree } from '../../../lib/service/tree.ts'
import { pythonPath, until } from '../../support/launching.ts'

const started: ChildProcess[] = []
afterEach(async () => {
  for (const child of started.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
})

/**
 * Starts a Python program and waits until it prints a line; the child, that line, and the lines to come. They are read
 * as lines, because what Python prints may come in pieces (PYTHONUNBUFFERED).
 */
async function python(program: string) {
  const child = spawn(pythonPath(), ['-c', program], { stdio: ['pipe', 'pipe', 'inherit'] })
  started.push(child)
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const line = async () => String((await lines.next()).value)
  return { child, pid: child.pid ?? 0, said: await line(), line }
}

describe('resident memory', () => {
  test('is the process’s own beside what it shares', async () => {
    const { pid, child } = await python(`
import mmap, sys
own = b"x" * (40 << 20)
area = mmap.mmap(-1, 20 << 20)
area.write(b"y" * (20 << 20))
print("ready", flush=True)
sys.stdin.read()
`)
    const memory = new ResidentMemory(pid)
    const read = memory.read()
    expect(read?.anonymous).toBeGreaterThan(40 << 20)
    expect(read?.anonymous).toBeLessThan(60 << 20)
    expect(read?.shared).toBeGreaterThan(20 << 20)
    expect(read?.shared).toBeLessThan(40 << 20)
    child.kill('SIGKILL')
    await once(child, 'exit')
    expect(memory.read()).toBeNull()
    memory.close()
    expect(() => new ResidentMemory(pid)).toThrow()
  })
})

describe('what a process took', () => {
  test('is told with what its children took that it waited for', async () => {
    const { pid } = await python(`
import os, subprocess, sys, time
while time.process_time() < 0.3: pass
subprocess.run([sys.executable, "-c", "import time\\nwhile time.process_time() < 0.2: pass"])
b = bytearray(8 << 20)
print("ready", flush=True)
sys.stdin.read()
`)
    const stat = readStat(pid)
    expect(stat?.parent).toBe(process.pid)
    const { own, waitedFor } = stat ?? expect.fail('no stat')
    expect(own.userNs + own.sysNs).toBeGreaterThan(270e6)
    expect(own.userNs + own.sysNs).toBeLessThan(1500e6)
    expect(waitedFor.userNs + waitedFor.sysNs).toBeGreaterThan(170e6)
    expect(own.faults).toBeGreaterThan(100)
    expect(waitedFor.faults).toBeGreaterThan(100)
    expect(readStat(2 ** 22 + 1)).toBeNull()
  })
})

describe('a tree', () => {
  test('has children, grandchildren and who comes later; strangers are not in it', async () => {
    const tree = new ProcessTree(process.pid)
    const { pid, child, said, line } = await python(`
import subprocess, sys
first = subprocess.Popen(["sleep", "60"])
print(first.pid, flush=True)
sys.stdin.readline()
second = subprocess.Popen(["sh", "-c", "sleep 60; true"])
first.kill()
first.wait()
print(second.pid, flush=True)
sys.stdin.read()
`)
    try {
      expect(tree.members()).toEqual(expect.arrayContaining([pid, Number(said)]))
      expect(tree.members()).not.toContain(process.pid)
      expect(tree.members()).not.toContain(process.ppid)
      child.stdin?.write('go on\n')
      const second = Number(await line())
      const seen = () =>
        `the second child, ${second} of ${readStat(second)?.parent}, ${commandOf(second)}; ${tree.members()}`
      await until(() => tree.members().includes(second), 'the second child').catch(() => expect.fail(seen()))
      expect(tree.members()).not.toContain(Number(said))
      expect(tree.residentBytes()).toBeGreaterThan(1 << 20)
      expect(tree.usage()?.userNs).toBeGreaterThanOrEqual(0)
    } finally {
      for (const each of tree.members().filter((member) => commandOf(member).includes('sleep 60'))) process.kill(each)
      tree.close()
    }
  })

  test('without a process has no memory and took nothing', async () => {
    const { pid, child } = await python('print("ready", flush=True)')
    if (child.exitCode === null) await once(child, 'exit')
    const tree = new ProcessTree(pid)
    expect([tree.members(), tree.residentBytes(), tree.usage()]).toEqual([[], null, null])
  })
})

describe('who listens', () => {
  test.each([
    ['127.0.0.1', '127.0.0.1'],
    ['127.8.9.10', '127.8.9.10'],
    ['0.0.0.0', '0.0.0.0'],
    ['::1', '::1'],
    ['::', '::'],
  ])('on %s', async (host, shown) => {
    const server = createServer()
    const failed = once(server, 'error')
    server.listen(0, host)
    const [first] = (await Promise.race([once(server, 'listening'), failed])) as [NodeJS.ErrnoException | undefined]
    // A container may have no IPv6 at all.
    if (first !== undefined) return expect(first.code).toMatch(/EADDRNOTAVAIL|EAFNOSUPPORT/)
    const { port } = server.address() as { port: number }
    const found = listeners().filter((each) => each.port === port)
    expect(found.map(({ address }) => address)).toEqual([shown])
    expect(holds(process.pid, found)).toBe(true)
    expect(holds(process.ppid, found)).not.toBe(true)
    expect(holds(2 ** 22 + 1, found)).toBe(false)
    expect(portsOf([process.pid])).toContain(port)
    server.close()
    await once(server, 'close')
    expect(listeners().filter((each) => each.port === port)).toEqual([])
  })
})
