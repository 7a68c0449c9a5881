/** `alloc8 build`: from a source to a library that is in effect, and everything that can go wrong on the way. */

import { execFile } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, describe, expect, test } from 'vitest'
import { dynamicSymbols, neededLibraries } from '../repo/exports.ts'
import { codeBlocks } from '../repo/markdown.ts'
import { alloc8, cliPath, gone, start, started, uniqueMarker } from '../support/cli.ts'
import { scratch } from '../support/launching.ts'
import { lackingTool, requireOrSkip } from '../support/needs.ts'
import { runUnder } from '../support/run-under.ts'
import { schemaProblems } from '../support/schema.ts'

const run = promisify(execFile)
const template = join(import.meta.dirname, '../../lib/author/template')
const outside = join(import.meta.dirname, 'outside')
const folder = scratch()
afterAll(folder.remove)

const lacking = lackingTool(process.env['CXX'] || 'c++', 'g++')
let count = 0

/** A folder of its own with this source in it. */
function sourceFolder(source: string, name = 'heap.cpp'): string {
  const place = join(folder.path, `source${++count}`)
  mkdirSync(place)
  writeFileSync(join(place, name), source)
  return place
}

/** The smallest heap that works, with more in it where that is asked. */
const heapWith = (body = '', before = '') => `
#include <alloc8/alloc8.h>
${before}
class Heap {
  alloc8::Lock lock_;
  char* at_ = nullptr;
  std::size_t left_ = 0;
 public:
  ${body}
  void* malloc(std::size_t size) { return memalign(16, size); }
  void free(void*) {}
  void* memalign(std::size_t alignment, std::size_t size) {
    alloc8::LockGuard guard(lock_);
    const std::size_t need = size + alignment + 16;
    if (need > left_) {
      left_ = need > (std::size_t{1} << 24) ? need : std::size_t{1} << 24;
      at_ = static_cast<char*>(alloc8::pages::map(left_, 4096));
      if (at_ == nullptr) return left_ = 0, nullptr;
    }
    const auto block = (reinterpret_cast<std::uintptr_t>(at_) + 16 + alignment - 1) / alignment * alignment;
    reinterpret_cast<std::size_t*>(block)[-1] = size;
    left_ -= block + size - reinterpret_cast<std::uintptr_t>(at_);
    at_ = reinterpret_cast<char*>(block + size);
    return reinterpret_cast<void*>(block);
  }
  std::size_t getSize(void* p) { return static_cast<std::size_t*>(p)[-1]; }
  void lock() { lock_.lock(); }
  void unlock() { lock_.unlock(); }
};
using Redirect = alloc8::HeapRedirect<Heap>;
ALLOC8_REDIRECT(Redirect);
`

describe('a heap that compiles', () => {
  test('is in effect, needs libc alone, and what was built is said', async ({ skip }) => {
    requireOrSkip(skip, lacking)
    const cwd = sourceFolder(readFileSync(join(template, 'my_heap.cpp'), 'utf8'), 'my_heap.cpp')
    writeFileSync(join(cwd, 'my_heap.h'), readFileSync(join(template, 'my_heap.h'), 'utf8'))
    const { status, stdout, stderr } = await alloc8(['build', 'my_heap.cpp'], { cwd })
    expect([status, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(/^\.\/libmy_heap\.so: \d+ KiB, .+\ntry it: alloc8 run --heap \.\/libmy_heap\.so -- ls\n$/)
    const library = join(cwd, 'libmy_heap.so')
    expect(neededLibraries(library).filter((name) => !/^(?:libc\.so\.6|ld-linux.*)$/.test(name))).toEqual([])
    expect((await runUnder(library, ['ls', '/'])).result.verdict.state).toBe('active')
    expect(readdirSync(cwd).sort()).toEqual(['libmy_heap.so', 'my_heap.cpp', 'my_heap.h'])
  })

  test('with thread hooks, in the header form, and without optimisation', async ({ skip }) => {
    requireOrSkip(skip, lacking)
    const output = join(folder.path, 'libhooked.so')
    await built([join(outside, 'heap.cpp'), '-o', output, '--debug', '--', '-DHOOKS', '-DLEAN'])
    expect(dynamicSymbols(output)).not.toContainEqual(expect.objectContaining({ name: 'pthread_create', weak: true }))
    expect(dynamicSymbols(output)).toContainEqual(expect.objectContaining({ name: 'pthread_create', defined: true }))
    const { result } = await runUnder(output, ['ls', '/'])
    expect([result.verdict.state, result.threads]).toEqual(['active', { begun: 1, ended: 1 }])
    const header = join(folder.path, 'libheader.so')
    await built([join(outside, 'header_form.cpp'), '-o', header])
    expect((await runUnder(header, ['ls', '/'])).result.verdict.state).toBe('active')
  })

  test('with a prefix', async ({ skip }) => {
    requireOrSkip(skip, lacking)
    const output = join(folder.path, 'libprefixed.so')
    await built([join(outside, 'heap.cpp'), '-o', output, '--prefix', 'my', '--', '-DLEAN'])
    const names = dynamicSymbols(output)
      .filter((symbol) => symbol.defined)
      .map((symbol) => symbol.name)
    expect(names).toContain('my_malloc')
    expect(names.filter((name) => !name.startsWith('my_'))).toEqual([])
  })

  test('with warnings as errors, which are about its own code', async ({ skip }) => {
    requireOrSkip(skip, lacking)
    const cwd = sourceFolder(heapWith())
    await built([join(cwd, 'heap.cpp'), '-o', join(cwd, 'lib.so'), '--', '-Werror', '-Wmissing-declarations'])
    const wrong = sourceFolder(heapWith('int odd(int unused) { return 1; }'))
    const refused = await alloc8(['build', join(wrong, 'heap.cpp'), '-o', join(wrong, 'lib.so'), '--', '-Werror'])
    expect([refused.status, refused.stderr]).toEqual([1, expect.stringContaining('unused')])
  })

  test('as JSON, with what allocates inside it', async ({ skip }) => {
    requireOrSkip(skip, lacking)
    const source = heapWith('void report() { printf("x"); }', '#include <cstdio>\n#include <new>\n// printf("no")')
    const cwd = sourceFolder(source)
    const { status, stdout, stderr } = await alloc8(['build', 'heap.cpp', '--json', '-'], { cwd })
    expect(status).toBe(0)
    const result = JSON.parse(stdout)
    expect(schemaProblems('build', result)).toEqual([])
    expect(result).toMatchObject({
      output: join(cwd, 'libheap.so'),
      warnings: [{ file: 'heap.cpp', line: 11, message: expect.stringContaining('printf') }],
    })
    expect(stderr).toContain(
      'heap.cpp:11: warning: printf may allocate a buffer: inside a heap it calls the heap again\n',
    )
  })

  async function built(args: string[]) {
    const { status, stderr } = await alloc8(['build', ...args])
    expect([status, stderr.replace(/^.*warning:.*\n/gm, '')]).toEqual([0, ''])
  }
})

describe('a heap that does not', () => {
  test('shows all of the compiler’s words, and leaves no library', async ({ skip }) => {
    requireOrSkip(skip, lacking)
    const cwd = sourceFolder(heapWith('int first = nonsense;\n  int second = rubbish;'))
    const { status, stdout, stderr } = await alloc8(['build', 'heap.cpp'], { cwd })
    expect([status, stdout]).toEqual([1, ''])
    expect(stderr).toMatch(/^alloc8: .+ ended with status 1:\nheap\.cpp:/)
    expect(stderr).toMatch(/\bnonsense\b.*\n.*\brubbish\b/s)
    expect(readdirSync(cwd)).toEqual(['heap.cpp'])
  })

  test('is told what needs the C++ runtime, and how to have it', async ({ skip }) => {
    requireOrSkip(skip, lacking)
    const cwd = sourceFolder(
      heapWith(
        'std::mutex second_;\n void both() { std::lock_guard guard(second_); }\n __attribute__((used)) void use() { both(); }',
        '#include <mutex>',
      ),
    )
    const refused = await alloc8(['build', 'heap.cpp'], { cwd })
    expect(refused.status).toBe(1)
    expect(refused.stderr).toMatch(/refers to the C\+\+ runtime \(std::__throw_system_error.*`-- -lstdc\+\+`/s)
    expect(await alloc8(['build', 'heap.cpp', '--', '-lstdc++'], { cwd })).toMatchObject({ status: 0, stderr: '' })
    expect((await runUnder(join(cwd, 'libheap.so'), ['ls', '/'])).result.verdict.state).toBe('active')
  })
})

describe('what is asked for wrongly', () => {
  test.for([
    [['nowhere.cpp'], /^alloc8: nowhere\.cpp: expected a C\+\+ source of a heap, got no such file\n/],
    [['/'], /^alloc8: \/: expected a C\+\+ source of a heap, got a folder\n/],
    [['--', '-O1'], /^alloc8: <source\.\.\.>: expected at least one C\+\+ source, got none\n/],
    [['heap.cpp', '--prefix', '2x'], /^alloc8: prefix: expected a word .*, got "2x"\n/],
    [['heap.cpp', '-o', '/usr'], /^alloc8: output: expected a file, got "the folder \/usr"\n/],
    [
      ['heap.cpp', '-o', './heap.cpp'],
      /^alloc8: output: expected another file than the sources, got "\.\/heap\.cpp"\n/,
    ],
    [[], /missing required argument 'source'/],
  ] as const)('%j', async ([args, words]) => {
    const { status, stderr } = await alloc8(['build', ...args], { cwd: sourceFolder(heapWith()) })
    expect(status).toBe(2)
    expect(stderr).toMatch(words)
  })

  test('no compiler of that name, none at all, and one with words of its own', async ({ skip }) => {
    const cwd = sourceFolder(heapWith())
    const absent = await alloc8(['build', 'heap.cpp'], { cwd, env: { CXX: 'no-such-compiler' } })
    expect([absent.status, absent.stderr]).toEqual([
      2,
      'alloc8: CXX: expected a C++ compiler, got "no-such-compiler", which is not found\n  name a program on the PATH, or unset CXX\n',
    ])
    const none = await alloc8(['build', 'heap.cpp'], { cwd, env: { CXX: undefined, PATH: cwd } })
    expect([none.status, none.stderr]).toEqual([
      2,
      expect.stringMatching(/^alloc8: expected a C\+\+ compiler on the PATH/),
    ])
    requireOrSkip(skip, lacking)
    const words = await alloc8(['build', 'heap.cpp'], { cwd, env: { CXX: '/usr/bin/env c++' } })
    expect([words.status, words.stderr]).toEqual([0, ''])
  })

  test('a folder that is not there', async ({ skip }) => {
    requireOrSkip(skip, lacking)
    const cwd = sourceFolder(heapWith())
    const { status, stderr } = await alloc8(['build', 'heap.cpp', '-o', 'nowhere/libheap.so'], { cwd })
    expect([status, stderr]).toEqual([2, expect.stringMatching(/nowhere\/libheap\.so: cannot be written \(ENOENT\)\n/)])
  })
})

test('Ctrl-C ends the compiler and what it has started', async () => {
  const marker = uniqueMarker()
  const cwd = sourceFolder(heapWith())
  const compiler = join(cwd, 'compiler')
  const hangs = `bash -c 'while :; do sleep 0.05; done' ${marker} ${marker}`
  writeFileSync(compiler, `#!/bin/bash\n[ "$1" = --version ] && exec echo slow 1\n${hangs} &\nwait\n`)
  chmodSync(compiler, 0o755)
  const running = start(['build', 'heap.cpp'], { cwd, env: { CXX: compiler } })
  await started(marker)
  running.signalGroup('SIGINT')
  expect(await running.end).toMatchObject({ status: 130, stderr: 'alloc8: the build was stopped\n' })
  await gone(marker)
  expect(existsSync(join(cwd, 'libheap.so'))).toBe(false)
})

describe('alloc8 new', () => {
  test('writes a project whose CMake build and test work at once', async ({ skip }) => {
    requireOrSkip(skip, lacking ?? lackingTool('cmake', 'cmake'))
    const cwd = join(folder.path, 'new')
    mkdirSync(cwd)
    const { status, stdout, stderr } = await alloc8(['new', 'test'], { cwd })
    expect([status, stderr]).toEqual([0, ''])
    const files = ['.gitignore', 'CMakeLists.txt', 'README.md', 'test.cpp', 'test.h', 'test/program.cpp']
    expect(stdout).toBe(
      `test/: ${files.join(', ')}\nthe class TestHeap works as it is:\n` +
        '  cd test && alloc8 build test.cpp && alloc8 run --heap ./libtest.so -- ls\n',
    )
    const project = join(cwd, 'test')
    for (const file of files) expect(readFileSync(join(project, file), 'utf8')).not.toMatch(/my[-_]heap|MyHeap/)
    const cmake = join(import.meta.dirname, '../../cmake')
    await run('cmake', ['-S', project, '-B', join(project, 'build'), `-Dalloc8_DIR=${cmake}`])
    await run('cmake', ['--build', join(project, 'build'), '--parallel', '2'])
    await run('ctest', ['--test-dir', join(project, 'build'), '--output-on-failure'])
    // The test is one: without the heap it fails.
    await expect(run(join(project, 'build/program'))).rejects.toThrow(/not so: library != nullptr/)
    const again = await alloc8(['new', 'test'], { cwd })
    expect([again.status, again.stderr]).toEqual([
      2,
      expect.stringMatching(/expected a new or empty folder, got one with something in it\n {2}choose another name/),
    ])
  })

  test('writes a README whose commands work', async ({ skip }) => {
    requireOrSkip(skip, lacking)
    const cwd = join(folder.path, 'readme')
    mkdirSync(cwd)
    await alloc8(['new', 'my-heap'], { cwd })
    writeFileSync(join(cwd, 'alloc8'), `#!/bin/sh\nexec ${process.execPath} ${cliPath} "$@"\n`, { mode: 0o755 })
    const project = join(cwd, 'my-heap')
    const [first, second] = codeBlocks(readFileSync(join(project, 'README.md'), 'utf8'))
    expect(first?.text).toContain('alloc8 compare')
    expect(second?.text).toContain('cmake -B build && cmake --build build && ctest --test-dir build')
    const env = { ...process.env, PATH: `${cwd}:${process.env['PATH']}` }
    const { stdout } = await run('bash', ['-eu', '-c', first?.text ?? ''], { cwd: project, env })
    expect(stdout).toMatch(/libmy_heap\.so +active/)
  })

  test.for(['', '..', 'a b', 'a/b', '-x', '2fast', 'ünder', 'a--b'])('refuses the name %j', async (name) => {
    const cwd = join(folder.path, `names${++count}`)
    mkdirSync(cwd)
    const { status, stderr } = await alloc8(['new', '--', name], { cwd })
    expect([status, stderr]).toEqual([
      2,
      `alloc8: name: expected letters and digits with - or _ between, as in my-heap, got ${JSON.stringify(name)}\n`,
    ])
    expect(readdirSync(cwd)).toEqual([])
  })
})
