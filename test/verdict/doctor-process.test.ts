/** `doctor({ pid })` on real processes: whose malloc each has, how sure that is, and that it goes on meanwhile. */

import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { readElf } from '../../lib/binding/elf.ts'
import { nativeFile } from '../../lib/binding/native.ts'
import { processAllocator } from '../../lib/doctor/index.ts'
import { heaps, type ProcessAllocator } from '../../lib/index.ts'
import { compile, lackingCompiler, lackingKernel } from '../support/compile.ts'
import { pythonPath, scratch, until } from '../support/launching.ts'
import { findTool, lackingTool, requireOrSkip } from '../support/needs.ts'
import { schemaProblems } from '../support/schema.ts'

const folder = scratch()
afterAll(folder.remove)

const started: ChildProcess[] = []
afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL')
})

/** Starts a program that prints a line when it is ready and then waits; looks at it. */
async function look(command: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<ProcessAllocator> {
  return processAllocator(await start(command, env))
}

async function start([program = '', ...args]: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<number> {
  const child = spawn(program, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'inherit'] })
  started.push(child)
  await new Promise((resolve, reject) => {
    child.stdout?.once('data', resolve)
    child.once('exit', () => reject(new Error(`${program} has ended`)))
    child.once('error', reject)
  })
  return child.pid ?? 0
}

/** A program that says that it is ready and waits. `before` is run first, at the start of main. */
const waits = (before = '', declarations = '') => `
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
${declarations}
int main(int count, char **arguments) {
  (void)count; (void)arguments;
  free(malloc(100));
  ${before}
  if (write(1, "ready\\n", 6) != 6) return 1;
  sleep(100);
  return 0;
}
`

const program = (name: string, before = '', flags: readonly string[] = [], compiler?: string) =>
  compile(folder.path, { name, source: waits(before), flags, ...(compiler === undefined ? {} : { compiler }) })

async function libraryOf(name: string): Promise<string> {
  const path = (await heaps()).heaps.find((heap) => heap.name === name)?.path
  if (path == null) throw new Error(`${name} is not installed`)
  return path
}

/** A malloc that hands out pieces of one array. */
const ownMalloc = `
#include <stddef.h>
static char memory[1 << 22];
static size_t used;
void *malloc(size_t size) { size_t at = used; used += (size + 31) & ~(size_t)15; return memory + at; }
void free(void *p) { (void)p; }
`

const exactly = "the order is the loader's own list"
const workedOut = 'the order was worked out'

/** A program that opens a library with a malloc, its argument, and that library. */
async function openingLater(): Promise<[program: string, library: string]> {
  const library = await compile(folder.path, { name: 'liblate.so', source: ownMalloc, flags: ['-shared', '-fPIC'] })
  const source = waits('if (dlopen(arguments[1], RTLD_NOW) == NULL) return 2;', '#include <dlfcn.h>')
  return [await compile(folder.path, { name: 'opens-late', source }), library]
}

/** A program that writes over its environment, as those do that show their state in ps. */
function overwriting(): Promise<string> {
  const over = 'for (char **each = environ; *each; each++) memset(*each, 120, strlen(*each));'
  return compile(folder.path, { name: 'overwrites', source: waits(over, 'extern char **environ;') })
}

describe('dynamic programs', () => {
  test("libc's malloc, and the process goes on", async () => {
    const pid = await start([await program('plain')])
    const result = processAllocator(pid)
    expect(schemaProblems('doctor-pid', result)).toEqual([])
    expect(result).toMatchObject({
      pid,
      name: 'plain',
      kind: 'process',
      executable: join(folder.path, 'plain'),
      linkage: 'dynamic',
      libc: 'glibc',
      allocator: 'glibc',
      heap: 'system',
      certainty: 'certain',
      others: [],
      warnings: [],
    })
    expect(result.evidence.join()).toContain(exactly)
    expect(readFileSync(`/proc/${pid}/status`, 'utf8')).toMatch(/^State:\tS.*[\s\S]*^TracerPid:\t0$/m)
  })

  test('preloaded heaps: ours and a found one, by name', async () => {
    const path = await program('preloaded')
    const own = await look([path], { LD_PRELOAD: nativeFile('liballoc8-multiarena.so') })
    expect(own).toMatchObject({ allocator: 'multiarena', heap: 'multiarena', certainty: 'certain' })
    const python = ['-c', 'import time; print("ready", flush=True); time.sleep(100)']
    const found = await look([pythonPath(), ...python], { LD_PRELOAD: await libraryOf('jemalloc') })
    expect(found).toMatchObject({ allocator: 'jemalloc', heap: 'jemalloc', certainty: 'certain', others: [] })
    expect(found.version).toMatch(/^5\./)
    expect(found.evidence[0]).toMatch(/libjemalloc\S+, which is preloaded and the first/)
  })

  test('redis-server, which is linked to jemalloc', async ({ skip }) => {
    requireOrSkip(skip, lackingTool('redis-server', 'redis-server'))
    const options = ['--port', '0', '--unixsocket', join(folder.path, 's'), '--dir', folder.path, '--save', '']
    expect(await look([findTool('redis-server') ?? '', ...options])).toMatchObject({
      name: 'redis-server',
      allocator: 'jemalloc',
      library: expect.stringContaining('libjemalloc'),
      certainty: 'certain',
    })
  })

  test('two heaps: the first in order, and the other behind it', async () => {
    const preload = `${await libraryOf('mimalloc')}:${await libraryOf('jemalloc')}`
    const result = await look([await program('two')], { LD_PRELOAD: preload })
    expect(result).toMatchObject({ allocator: 'mimalloc', others: [{ allocator: 'jemalloc', role: 'behind' }] })
  })

  test('a heap that is opened later serves nobody else', async () => {
    const [path, library] = await openingLater()
    expect(await look([path, library])).toMatchObject({
      allocator: 'glibc',
      certainty: 'certain',
      others: [{ allocator: 'unknown', library, role: 'apart', evidence: 'defines malloc and was opened later' }],
    })
  })

  test('a malloc of its own in the program', async () => {
    const path = await compile(folder.path, { name: 'own', source: ownMalloc + waits() })
    const jemalloc = await libraryOf('jemalloc')
    const result = await look([path], { LD_PRELOAD: jemalloc })
    expect(result).toMatchObject({
      allocator: 'unknown',
      library: path,
      heap: null,
      others: [{ allocator: 'jemalloc', role: 'behind' }],
    })
    expect(result.evidence[0]).toContain('comes before any library')
  })

  test('a malloc of its own that the program hides from its libraries', async () => {
    const flags = ['-fvisibility=hidden']
    const path = await compile(folder.path, { name: 'hidden', source: ownMalloc + waits(), flags })
    const result = await look([path])
    expect(result).toMatchObject({ allocator: 'unknown', library: path, certainty: 'certain' })
    expect(result.evidence[0]).toContain('does not offer to its libraries')
  })

  test('whether a stripped program has one cannot be told, unless it refers to that of a library', async () => {
    const flags = ['-fvisibility=hidden', '-s']
    const path = await compile(folder.path, { name: 'hidden-stripped', source: ownMalloc + waits(), flags })
    const result = await look([path])
    expect(result).toMatchObject({ allocator: 'glibc', certainty: 'suspected' })
    expect(result.evidence.join()).toMatch(
      /what links to malloc gets .*libc\.so\.6.*whether .* of its own cannot be told/,
    )
    const plain = await look([await program('plain-stripped', '', ['-s'])])
    expect(plain).toMatchObject({ allocator: 'glibc', certainty: 'certain' })
    expect(plain.evidence.join()).not.toContain('cannot be told')
  })

  test('by the number of a thread: the process is named', async () => {
    const source = waits(
      'pthread_create(&(pthread_t){0}, 0, body, 0);',
      [
        '#include <pthread.h>',
        'static void *body(void *unused) { (void)unused; pthread_setname_np(pthread_self(), "another"); sleep(100); return 0; }',
      ].join('\n'),
    ).replace('#include', '#define _GNU_SOURCE\n#include')
    const path = await compile(folder.path, { name: 'threaded', source, flags: ['-pthread'] })
    const pid = await start([path])
    const thread = Number(readdirSync(`/proc/${pid}/task`).find((number) => number !== String(pid)))
    const result = processAllocator(thread)
    expect(result).toMatchObject({ pid, name: 'threaded', allocator: 'glibc' })
    expect(result.evidence.at(-1)).toBe(`${thread} is the number of one of its threads`)
  })

  test('jemalloc linked in: certain by its symbols, suspected without them', async ({ skip }) => {
    const flags = ['-l:libjemalloc.a', '-lm', '-lpthread', '-ldl', '-lstdc++']
    requireOrSkip(skip, await lackingCompiler(folder.path, 'c', ...flags))
    const path = await program('inside', '', flags)
    expect(await look([path])).toMatchObject({ allocator: 'jemalloc', library: path, certainty: 'certain' })
    execFileSync('strip', ['-o', `${path}-stripped`, path])
    const stripped = await look([`${path}-stripped`])
    expect(stripped).toMatchObject({ allocator: 'jemalloc', certainty: 'suspected' })
    expect(stripped.evidence.join()).toContain('<jemalloc>')
  })

  test('a library that was replaced on disk since', async () => {
    const library = join(folder.path, 'libreplaced.so')
    copyFileSync(await libraryOf('jemalloc'), library)
    const pid = await start([await program('replaced')], { LD_PRELOAD: library })
    rmSync(library)
    expect(processAllocator(pid)).toMatchObject({
      library,
      libraryDeleted: true,
      warnings: [{ code: 'library-deleted', message: expect.stringContaining(library) }],
    })
  })

  test('a program whose file was removed', async () => {
    const path = await program('removed')
    const pid = await start([path])
    rmSync(path)
    expect(processAllocator(pid)).toMatchObject({ executable: path, allocator: 'glibc', certainty: 'certain' })
  })

  test('an environment that the program has written over: the memory tells', async () => {
    const path = await overwriting()
    const result = await look([path], { LD_PRELOAD: await libraryOf('jemalloc') })
    expect(result).toMatchObject({ allocator: 'jemalloc', certainty: 'certain' })
  })

  test('started through the loader', async () => {
    const path = await program('through')
    const result = await look([readElf(path)?.interpreter ?? '', path])
    expect(result).toMatchObject({ executable: path, allocator: 'glibc', linkage: 'dynamic' })
    expect(result.evidence.join()).toContain(workedOut)
  })

  test('chromium: an allocator inside a stripped program', async ({ skip }) => {
    requireOrSkip(skip, lackingTool('chromium', 'chromium'))
    const flags = ['--headless', '--no-sandbox', '--disable-gpu', `--user-data-dir=${join(folder.path, 'profile')}`]
    const child = spawn('chromium', [...flags, '--remote-debugging-port=0', 'about:blank'], {
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    started.push(child)
    let told = ''
    child.stderr.on('data', (chunk) => {
      told += chunk
    })
    await until(() => told.includes('DevTools listening'), 'chromium is ready')
    // Debian's command is a script that becomes the program.
    expect(readlinkSync(`/proc/${child.pid}/exe`)).toContain('chromium')
    const result = processAllocator(child.pid ?? 0)
    expect(result).toMatchObject({ allocator: 'PartitionAlloc', certainty: 'suspected', heap: null })
    child.kill('SIGTERM')
    await new Promise((resolve) => child.once('exit', resolve))
  })
})

describe('static programs and other libcs', () => {
  test('linked statically to glibc', async () => {
    const path = await program('static', '', ['-static'])
    expect(await look([path])).toMatchObject({
      linkage: 'static',
      libc: 'glibc',
      allocator: 'glibc',
      library: path,
      heap: null,
      warnings: [{ code: 'static' }],
    })
  })

  test('musl, both ways', async ({ skip }) => {
    requireOrSkip(skip, lackingTool('musl-gcc', 'musl-tools'))
    const fixed = await look([await program('musl-static', '', ['-static'], 'musl-gcc')])
    expect(fixed).toMatchObject({ linkage: 'static', libc: 'musl', allocator: 'musl', warnings: [{ code: 'static' }] })
    const loaded = await look([await program('musl', '', [], 'musl-gcc')])
    expect(loaded).toMatchObject({
      linkage: 'dynamic',
      libc: 'musl',
      allocator: 'musl',
      heap: null,
      warnings: [{ code: 'other-libc' }],
    })
  })

  test('a Go program', async ({ skip }) => {
    requireOrSkip(skip, lackingTool('go', 'golang-go'))
    const source =
      'package main\nimport ("fmt"; "time")\nfunc main() { fmt.Println("ready"); time.Sleep(time.Minute) }\n'
    const path = join(folder.path, 'gone')
    execFileSync('sh', ['-c', `printf '%s' "$1" > "$2.go" && go build -o "$2" "$2.go"`, 'sh', source, path], {
      env: { ...process.env, GOCACHE: join(folder.path, 'go-cache'), GO111MODULE: 'off', HOME: folder.path },
    })
    expect(await look([path])).toMatchObject({ linkage: 'static', allocator: 'Go runtime', certainty: 'certain' })
  })

  test('a 32-bit program', async ({ skip }) => {
    requireOrSkip(skip, await lackingCompiler(folder.path, 'c', '-m32'))
    const lacking = await lackingKernel(folder.path, '-m32')
    if (lacking !== null) skip(lacking)
    const result = await look([await program('narrow', '', ['-m32'])])
    expect(result).toMatchObject({ bits: 32, allocator: 'glibc', heap: null, warnings: [{ code: 'other-class' }] })
    expect(result.evidence.join()).toContain(exactly)
  })
})

describe("where a process's memory may not be read, as under Yama", () => {
  /** The process as it looks with everything but its memory. */
  function withoutMemory(pid: number): ProcessAllocator {
    const proc = mkdtempSync(join(folder.path, 'proc-'))
    mkdirSync(join(proc, String(pid)))
    for (const name of ['status', 'maps', 'environ']) {
      writeFileSync(join(proc, String(pid), name), readFileSync(`/proc/${pid}/${name}`))
    }
    for (const name of ['exe', 'root', 'cwd']) {
      symlinkSync(readlinkSync(`/proc/${pid}/${name}`), join(proc, String(pid), name))
    }
    return processAllocator(pid, proc)
  }

  /** What most of a few starts say: about one in 25 is laid out by the kernel so that the place misleads. */
  async function oftenest(look: () => Promise<ProcessAllocator>): Promise<ProcessAllocator> {
    const looks = [await look(), await look(), await look(), await look(), await look()]
    const alike = (one: ProcessAllocator) => looks.filter(({ allocator }) => allocator === one.allocator).length
    return looks.reduce((best, one) => (alike(one) > alike(best) ? one : best))
  }

  test('the order is worked out from the files and the environment', async () => {
    const path = await program('unreadable')
    const plain = withoutMemory(await start([path]))
    expect(plain).toMatchObject({ allocator: 'glibc', certainty: 'certain', warnings: [] })
    expect(plain.evidence.join()).toContain(workedOut)
    const preload = `${await libraryOf('mimalloc')}:${await libraryOf('jemalloc')}`
    expect(withoutMemory(await start([path], { LD_PRELOAD: preload }))).toMatchObject({
      allocator: 'mimalloc',
      certainty: 'certain',
      others: [{ allocator: 'jemalloc', role: 'behind' }],
    })
  })

  test('a preloaded heap whose name was written over is suspected by its place', async () => {
    const path = await overwriting()
    const environment = { LD_PRELOAD: await libraryOf('jemalloc') }
    const result = await oftenest(async () => withoutMemory(await start([path], environment)))
    expect(result).toMatchObject({
      allocator: 'jemalloc',
      certainty: 'suspected',
      warnings: [{ code: 'order-assumed', message: expect.stringContaining('root') }],
    })
  })

  test('a heap that was opened later is not taken for a preloaded one', async () => {
    const [path, library] = await openingLater()
    expect(await oftenest(async () => withoutMemory(await start([path, library])))).toMatchObject({
      allocator: 'glibc',
      certainty: 'suspected',
      others: [{ library, role: 'apart' }],
    })
  })
})

test('this very process', () => {
  const result = processAllocator(process.pid)
  expect(result).toMatchObject({ executable: process.execPath, kind: 'process', linkage: 'dynamic' })
})
