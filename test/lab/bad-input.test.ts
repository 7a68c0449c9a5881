/** What goes wrong with a puppet is an error that names it, or a value, and nothing stays behind. */

import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Alloc8Error, loadHeap, outcomeOf, type Puppet, PuppetDied, PuppetHung, puppet } from '../../lib/index.ts'
import { readMappings } from '../../lib/lab/memory.ts'
import { compile } from '../support/compile.ts'
import { until } from '../support/launching.ts'

const folder = mkdtempSync(join(tmpdir(), 'alloc8-lab-test-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const isAlive = (pid: number) => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

const rejection = async (work: Promise<unknown>) => {
  const error = await work.then(
    () => null,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(Alloc8Error)
  const { code, message, hint } = error as Alloc8Error
  return { code, message, hint }
}

describe('an address', () => {
  test('that is no live block is refused by name, and done all the same when asked for', async () => {
    const [p, other] = await Promise.all([puppet({ heap: 'hoard' }), puppet({ heap: 'simple' })])
    try {
      const [a, foreign] = [await p.main.malloc(64), await other.main.malloc(64)]
      await p.main.free(a)
      expect(await rejection(p.thread(0).free(a))).toMatchObject({
        code: 'PUPPET_ADDRESS',
        message: expect.stringMatching(/was freed already, by main$/),
      })
      expect(await rejection(p.main.free(0x1230n))).toMatchObject({
        message: expect.stringMatching(/was never allocated in puppet \d+ \(hoard\)$/),
      })
      expect(await rejection(p.main.usableSize(foreign))).toMatchObject({
        message: expect.stringMatching(/is a block of puppet \d+ \(simple\), and not of/),
      })
      const batch = p.main.batch()
      const later = batch.malloc(16)
      batch.free(later)
      expect(() => batch.free(later)).toThrow(/free: the value of command 0 was freed already, earlier in this batch/)
      expect(() => batch.free(other.main.batch().malloc(8))).toThrow(/expected a value of this batch/)
      const done = await outcomeOf(p.main.free(0x1230n, { unchecked: true }))
      expect(done === undefined || done instanceof PuppetDied).toBe(true)
    } finally {
      await Promise.all([p.close(), other.close()])
    }
  })
})

describe('a crash is a value', () => {
  test('with its signal, address, thread, command and stack; and the puppet stays dead', async () => {
    await using p = await puppet({ heap: 'system', threads: 2 })
    const bystander = outcomeOf(p.thread(0).sleep(5000))
    const died = await outcomeOf(p.thread(1).write(0xdead0000n, 'x'))
    if (!(died instanceof PuppetDied)) throw new Error('it lives')
    expect(died).toMatchObject({
      code: 'PUPPET_DIED',
      signal: 'SIGSEGV',
      address: 0xdead0000n,
      thread: 'thread 1',
      pid: p.pid,
    })
    expect(died.command).toBe('write(0xdead0000, 1 bytes)')
    expect(died.backtrace.length).toBeGreaterThan(3)
    expect(died.backtrace.some(({ file }) => file?.endsWith('alloc8-puppet'))).toBe(true)
    expect(await bystander).toBe(died)
    expect(await outcomeOf(p.main.malloc(8))).toBe(died)
    expect(p.died).toBe(died)
    expect((await p.close()).signal).toBe('SIGSEGV')
  })

  test('what the heap itself has to say is in it', async () => {
    await using p = await puppet({ heap: 'system' })
    const a = await p.main.malloc(64)
    await p.main.free(a)
    const died = await outcomeOf(p.main.free(a, { unchecked: true }))
    expect(died).toMatchObject({ signal: 'SIGABRT', thread: 'main' })
    expect((died as PuppetDied).message).toMatch(/by free\(0x[0-9a-f]+\); it said: free\(\): double free detected/)
    expect((died as PuppetDied).backtrace.some(({ function: name }) => name === 'abort')).toBe(true)
  })

  test('a fork dies alone, also of what cannot be caught', async () => {
    await using p = await puppet({ heap: 'hoard' })
    for (const kill of ['SIGKILL', 'SIGTERM'] as const) {
      const child = await p.fork()
      process.kill(child.pid, kill)
      expect(await outcomeOf(child.main.sleep(10_000))).toMatchObject({ signal: kill, pid: child.pid })
    }
    const crashing = await p.fork(0)
    expect(await outcomeOf(crashing.main.load(8n))).toMatchObject({
      signal: 'SIGSEGV',
      address: 8n,
      command: 'load(8)',
    })
    expect(await p.main.malloc(8)).not.toBe(0n)
  })

  test('in a batch, it is told which command it was', async () => {
    await using p = await puppet({ heap: 'hoard' })
    const batch = p.main.batch()
    const a = batch.malloc(64)
    batch.fill(a, 1, 64)
    batch.touch(16n, 4096)
    batch.free(a)
    expect(await outcomeOf(batch.run())).toMatchObject({ signal: 'SIGSEGV', command: 'touch(16, 4096, 4096)' })
  })
})

/** A list that takes a minute, and is waited for much less. */
const sleeping = (p: Puppet) => {
  const batch = p.thread(0).batch()
  batch.sleep(60_000)
  return batch.run({ timeoutMs: 200 })
}

describe('a hang is said after a time, not waited for', () => {
  let forkHangs = ''
  let childHangs = ''
  let childDies = ''
  beforeAll(async () => {
    const source = (prepare: string, child: string) => `
      #include <pthread.h>
      #include <stdlib.h>
      #include <unistd.h>
      static void forever(void) { for (;;) pause(); }
      __attribute__((constructor)) static void begin(void) { pthread_atfork(${prepare}, 0, ${child}); }
      void *malloc(unsigned long size) { static char room[1 << 24]; static unsigned long used; char *p = room + __sync_fetch_and_add(&used, (size + 31) & ~15UL); return p; }
      void free(void *p) { (void)p; }
      void *calloc(unsigned long n, unsigned long size) { return malloc(n * size); }
      void *realloc(void *p, unsigned long size) { char *to = malloc(size); if (p) for (unsigned long i = 0; i < size; ++i) to[i] = ((char *)p)[i]; return to; }
      unsigned long used_by_tests_only(void) { return (unsigned long)forever; }`
    const flags = ['-shared', '-fPIC']
    forkHangs = await compile(folder, { name: 'fork-hangs.so', source: source('forever', '0'), flags })
    childHangs = await compile(folder, { name: 'child-hangs.so', source: source('0', 'forever'), flags })
    childDies = await compile(folder, { name: 'child-dies.so', source: source('0', 'abort'), flags })
  })

  test('but the death of a fork that has not yet said anything is told as one', async () => {
    const p = await puppet({ heap: childDies, threads: 1, timeoutMs: 300_000 })
    for (const thread of [undefined, 0]) {
      const died = await outcomeOf(p.fork(thread))
      expect(died).toBeInstanceOf(PuppetDied)
      expect(died).toMatchObject({
        signal: 'SIGABRT',
        command: 'fork()',
        message: expect.stringMatching(/SIGABRT in main, by fork/),
      })
      expect((died as PuppetDied).backtrace.map(({ function: name }) => name)).toContain('abort')
      expect((died as PuppetDied).pid).not.toBe(p.pid)
    }
    expect(await p.main.malloc(8)).not.toBe(0n)
    const { exitCode } = await p.close()
    expect(exitCode).toBe(0)
  })

  test('in a call, with what the thread is at', async () => {
    const p = await puppet({ heap: 'hoard' })
    const hung = await outcomeOf(sleeping(p))
    expect(hung).toBeInstanceOf(PuppetHung)
    expect((hung as PuppetHung).message).toMatch(
      /thread 0: sleep\(60000 ms\) has not come back after 200 ms \(it waits in .*|state S\)/,
    )
    expect(await p.main.malloc(8)).not.toBe(0n)
    const began = Date.now()
    await p.close()
    expect(Date.now() - began).toBeLessThan(50_000)
    expect(isAlive(p.pid)).toBe(false)
  })

  test.each([
    ['in fork itself', () => forkHangs, /main: fork\(\d+\) has not come back after 500 ms/],
    ['in the child of a fork', () => childHangs, /main: fork\(\) in the child \d+ has not come back after 500 ms/],
  ])('%s, and nothing stays behind', async (_, library, message) => {
    const p = await puppet({ heap: library(), timeoutMs: 500 })
    expect(await rejection(p.fork())).toMatchObject({ code: 'PUPPET_HUNG', message: expect.stringMatching(message) })
    const { leftovers } = await p.close()
    expect(isAlive(p.pid)).toBe(false)
    for (const { pid } of leftovers) await until(() => !isAlive(pid), `the end of process ${pid}`)
  })
})

describe('reading a process', () => {
  test('that has ended, or ends meanwhile, says so', async () => {
    await using p = await puppet({ heap: 'hoard' })
    const child = await p.fork()
    await child.exit()
    for (const read of [() => child.mappings(), () => child.memory(), () => child.pages(0n, 4096n)]) {
      expect(read).toThrow(new RegExp(`process ${child.pid}: it has ended`))
    }
    const ending = await p.fork()
    const over = ending.exit()
    let seen: unknown = null
    for (let i = 0; i < 100_000 && seen === null; ++i) {
      try {
        ending.mappings()
      } catch (error) {
        seen = error
      }
      if (i % 100 === 0) await new Promise((resolve) => setImmediate(resolve))
    }
    await over
    expect(seen).toMatchObject({ code: 'PROCESS' })
  })

  test('that is another user’s names what is in the way', async ({ skip }) => {
    if (process.getuid?.() !== 0) {
      // Process 1 is root's.
      expect(() => readMappings(1)).toThrow(/may not be read \(EACCES\)/)
      return
    }
    if (process.seteuid === undefined) skip('this system has no other users')
    process.seteuid?.(65534)
    try {
      expect(() => readMappings(1)).toThrow(/process 1: \/proc\/1\/maps may not be read \(E(ACCES|PERM)\)/)
      try {
        readMappings(1)
      } catch (error) {
        expect((error as Alloc8Error).hint).toMatch(
          /kernel\.yama\.ptrace_scope \(which .*\) of 2 or 3 keeps others than root out/,
        )
      }
    } finally {
      process.seteuid?.(0)
    }
  })
})

describe('starting', () => {
  test.each([
    [{ threads: -1 }, /threads: expected a whole number from 0 to 16000, got -1/],
    [{ threads: 1.5 }, /threads: expected/],
    [{ timeoutMs: 0 }, /timeoutMs: expected milliseconds above 0, at most 2147483647, got 0/],
  ])('%j is refused', async (options, message) => {
    await expect(puppet(options)).rejects.toThrow(message)
  })

  test('under a heap that crashes says what it said', async () => {
    const source = `
      #include <unistd.h>
      #include <stdlib.h>
      void *malloc(unsigned long size) { (void)size; write(2, "no memory today\\n", 16); _exit(9); }`
    const library = await compile(folder, { name: 'crashing.so', source, flags: ['-shared', '-fPIC'] })
    const { code, message } = await rejection(puppet({ heap: library }))
    expect(code).toBe('PUPPET')
    expect(message).toMatch(
      /does not come up under .*crashing\.so: it ended at its start \(status 9\)\nno memory today$/,
    )
  })

  test('can be aborted, and is gone', async () => {
    const controller = new AbortController()
    const p = await puppet({ heap: 'hoard', signal: controller.signal })
    controller.abort()
    await expect(p.close()).rejects.toMatchObject({ code: 'ABORTED' })
    expect(isAlive(p.pid)).toBe(false)
  })
})

test('a controller that is killed takes its puppets along, hung ones too, and the next one its folders', async () => {
  const begin = `
    import { puppet } from ${JSON.stringify(fileURLToPath(new URL('../../dist/index.js', import.meta.url)))}
    const p = await puppet({ heap: 'hoard', threads: 2 })`
  const hang = `
    const child = await p.fork(0)
    for (const t of [p.main, p.thread(0), child.main]) t.sleep(1e6).catch(() => {})
    console.log(p.pid, child.pid)`
  const env = { ...process.env, TMPDIR: join(folder, 'killed') }
  mkdirSync(env.TMPDIR)
  const controller = spawn(process.execPath, ['--input-type=module', '-e', begin + hang], {
    ...{ env, stdio: ['ignore', 'pipe', 'inherit'] },
  })
  const [line] = (await once(controller.stdout, 'data')) as [Buffer]
  const pids = String(line).trim().split(' ').map(Number)
  expect(pids.map(isAlive)).toEqual([true, true])
  const gone = once(controller, 'exit')
  controller.kill('SIGKILL')
  await gone
  await until(() => !pids.some(isAlive), 'the end of the puppets')
  expect(readdirSync(env.TMPDIR)).not.toEqual([])
  execFileSync(process.execPath, ['--input-type=module', '-e', `${begin}; await p.close()`], { env })
  expect(readdirSync(env.TMPDIR)).toEqual([])
})

describe('a heap in this process', () => {
  test('gives blocks, and refuses what would end us', async () => {
    const heap = await loadHeap('simple')
    const a = heap.malloc(100)
    heap.write(a, 'hello')
    expect(heap.usableSize(a)).toBeGreaterThanOrEqual(100)
    const b = heap.realloc(a, 100_000)
    expect(String(heap.read(b, 5))).toBe('hello')
    expect(Number(heap.stats()?.uordblks ?? 0n) + Number(heap.stats()?.hblkhd ?? 0n)).toBeGreaterThan(0)
    heap.free(b)
    expect(() => heap.free(b)).toThrow(/is no live block of simple here/)
    expect(() => heap.free(0x10n)).toThrow(/free: 0x10 is no live block/)
    expect(() => heap.malloc(-1)).toThrow(/malloc: expected a whole number of bytes/)
    heap.free(0n)
  })

  test('that wants static thread-local storage says so, and names the puppet', async ({ skip }) => {
    const source =
      'static __thread char big[1 << 20] __attribute__((tls_model("initial-exec"))); void *malloc(unsigned long n) { return n > 9 ? (void *)0 : big; } void free(void *p) { (void)p; }'
    const library = await compile(folder, { name: 'static-tls.so', source, flags: ['-shared', '-fPIC'] })
    const { code, message, hint } = await rejection(loadHeap(library))
    if (message === '') skip('this libc has room')
    expect([code, hint]).toEqual(['HEAP_LIBRARY', `start a process under it: await puppet({ heap: '${library}' })`])
    expect(message).toMatch(/cannot be opened in a running process: it wants thread-local storage/)
  })

  test.each(['system', 'default', 'hoard:slack=8'])('%s is none to be loaded', async (name) => {
    expect((await rejection(loadHeap(name))).code).toBe('USAGE')
  })
})
