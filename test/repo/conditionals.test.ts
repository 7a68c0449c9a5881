/** Platform code stays in its folders: no name of a system or a compiler in a conditional elsewhere. */

import { describe, expect, test } from 'vitest'
import { conditionalViolations, guardViolations, platformQuestions, systemFolders } from './conditionals.ts'
import { repositoryFiles, textOf } from './tree.ts'

const nativeFiles = repositoryFiles((path) => /^native\/.*\.(?:h|hpp|c|cc|cpp)$/.test(path))

describe('the repository', () => {
  test('names systems and compilers in conditionals only where the house has them', () => {
    expect(nativeFiles.flatMap((path) => conditionalViolations(path, textOf(path)))).toEqual([])
  })

  test('every .cpp in a folder of a system refuses other systems before anything else', () => {
    const bodies = nativeFiles.filter((path) => path.endsWith('.cpp') && systemFolders(path).length > 0)
    expect(bodies.length).toBeGreaterThan(10)
    expect(bodies.flatMap((path) => guardViolations(path, textOf(path)))).toEqual([])
  })

  test('only lib/platform.ts asks which system this is', () => {
    const files = repositoryFiles((path) => path.startsWith('lib/') && path.endsWith('.ts'))
    const asking = files.filter((path) => platformQuestions(textOf(path)).length > 0)
    expect(asking).toEqual(['lib/platform.ts'])
  })
})

describe('the checker of conditionals', () => {
  test.each([
    ['native/interpose/exports.cpp', '#ifdef __linux__'],
    ['native/interpose/exports.cpp', '#if defined(X) && \\\n  !defined(__APPLE__)'],
    ['native/interpose/exports.cpp', '#if A\n#elif defined _WIN32\n#endif'],
    ['native/interpose/exports.cpp', '  #  ifndef   __unix__'],
    ['native/interpose/exports.cpp', '#if __GLIBC__ > 2'],
    ['native/interpose/exports.cpp', '#if __GLIBC_PREREQ(2, 34)'],
    ['native/interpose/exports.cpp', '#if TARGET_OS_IPHONE'],
    ['native/interpose/exports.cpp', '#if _POSIX_C_SOURCE >= 200112L'],
    ['native/interpose/exports.cpp', '#ifdef __FreeBSD__'],
    ['native/interpose/exports.cpp', '#if __has_include(<unistd.h>)'],
    ['native/interpose/linux/exports.cpp', '#ifdef __GLIBC__'],
    ['native/interpose/linux/exports.cpp', '#ifdef __APPLE__'],
    ['native/interpose/glibc/exports.cpp', '#ifdef __ANDROID__'],
    ['native/base/list.h', '#ifdef __GNUC__'],
    ['native/base/list.h', '#if __clang_major__ > 14'],
    ['native/base/list.h', '#if defined(_MSC_VER)'],
    ['native/base/linux/list.h', '#if __has_attribute(copy)'],
    ['native/base/list.h', '#if __has_feature(address_sanitizer)'],
    ['native/other/base/compiler.h', '#ifdef __GNUC__'],
  ])('refuses, in %s, %j', (path, text) => {
    expect(conditionalViolations(path, `${text}\n`)).toHaveLength(1)
  })

  test.each([
    ['native/interpose/linux/exports.cpp', '#ifdef __linux__'],
    ['native/interpose/glibc/exports.cpp', '#if defined(__linux__) && defined(__GLIBC__)'],
    ['native/interpose/musl/exports.cpp', '#if defined(__linux__) && !defined(__GLIBC__)'],
    ['native/interpose/macos/deep/exports.cpp', '#ifdef __APPLE__'],
    ['native/interpose/posix/exports.cpp', '#if __has_include(<unistd.h>)'],
    ['native/base/compiler.h', '#ifdef __GNUC__'],
    ['native/include/alloc8/detail/compiler.h', '#if __has_attribute(copy)'],
    ['native/interpose/exports.cpp', '// #ifdef __linux__\n/*\n#ifdef __linux__\n*/\n#define SYSTEM "__linux__"'],
    ['native/interpose/exports.cpp', '#if defined(__x86_64__)\n#ifndef ALLOC8_PAGE_SIZE\n#if my_linux_flag'],
  ])('allows, in %s, %j', (path, text) => {
    expect(conditionalViolations(path, `${text}\n`)).toEqual([])
  })

  test('wants the guard first, whole, and of its own folder', () => {
    const guard = (name: string) =>
      `// Why.\n\n#if !defined(${name})\n#error "for ${name}"\n#endif\n\n#include <unistd.h>\n`
    const path = 'native/platform/linux/files.cpp'
    expect(guardViolations(path, guard('__linux__'))).toEqual([])
    expect(guardViolations(path, '#ifndef __linux__\n#error "no"\n#endif\n')).toEqual([])
    expect(guardViolations('native/platform/files.cpp', '')).toEqual([])
    expect(guardViolations('native/interpose/glibc/fork.cpp', guard('__linux__'))).toEqual([])
    expect(guardViolations(path, guard('__APPLE__'))).toHaveLength(1)
    expect(guardViolations(path, `#include <unistd.h>\n${guard('__linux__')}`)).toHaveLength(1)
    expect(guardViolations(path, '// #if !defined(__linux__)\n// #error "no"\n// #endif\n')).toHaveLength(1)
    expect(guardViolations(path, '#if !defined(__linux__)\n#endif\n')).toHaveLength(1)
    expect(guardViolations(path, '')).toHaveLength(1)
  })
})

describe('the checker of TypeScript', () => {
  test.each([
    'if (process.platform === "linux") run()',
    'process["arch"]',
    'globalThis.process.platform',
    'process?.platform',
    'const { platform: os } = process',
    'const { arch } = process',
    "import { platform } from 'node:os'",
    "import { arch as machine } from 'os'",
    "import os from 'node:os'\nos.type()",
    "import * as system from 'node:os'\nsystem.platform()",
    "import { platform } from 'node:process'",
    'process.report.getReport()',
  ])('sees %j', (text) => {
    expect(platformQuestions(text)).toHaveLength(1)
  })

  test.each([
    '// process.platform',
    'const text = "process.platform"',
    "import { platform } from '../platform.ts'\nplatform().arch",
    "import { tmpdir, cpus } from 'node:os'",
    'const process_platform = other.platform',
    'process.env.arch',
  ])('lets pass %j', (text) => {
    expect(platformQuestions(text)).toEqual([])
  })
})
