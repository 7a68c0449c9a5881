/** What package.json promises: entry points that exist once built, exact locks, scripts that work, nothing fetched behind one's back. */

import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { typescriptImports } from './imports.ts'
import { repositoryFiles, root, textOf } from './tree.ts'

interface Package {
  version: string
  type: string
  license: string
  engines: Record<string, string>
  bin: Record<string, string>
  exports: Record<string, string | Record<string, string>>
  files: string[]
  scripts: Record<string, string>
  dependencies: Record<string, string>
  devDependencies: Record<string, string>
}

interface Lock {
  packages: Record<string, Partial<Package> & { integrity?: string; resolved?: string }>
}

const pack = JSON.parse(textOf('package.json')) as Package
const lock = JSON.parse(textOf('package-lock.json')) as Lock

describe('package.json', () => {
  test('is an ES module for Node 20 and later', () => {
    expect(pack).toMatchObject({ name: 'alloc8', type: 'module', license: 'Apache-2.0', engines: { node: '>=20' } })
  })

  test('names entry points that the build makes', () => {
    const targets = Object.values(pack.exports).flatMap((each) =>
      typeof each === 'string' ? [each] : Object.values(each),
    )
    for (const target of [...targets, ...Object.values(pack.bin)]) {
      const [before = '', after] = target.split('*')
      const there =
        after === undefined
          ? existsSync(root + target)
          : readdirSync(root + before).some((file) => file.endsWith(after))
      expect(there, target).toBe(true)
    }
  })

  test('has a program that says its version', () => {
    const program = root + pack.bin['alloc8']
    expect(execFileSync(process.execPath, [program, '--version'], { encoding: 'utf8' }).trim()).toBe(pack.version)
    expect(textOf(pack.bin['alloc8'] ?? '').startsWith('#!/usr/bin/env node\n')).toBe(true)
  })

  test('has the words that the README uses, each of them a file that is there', () => {
    const words = [
      'build',
      'build:debug',
      'build:cmake',
      'test',
      'test:asan',
      'test:tsan',
      'test:long',
      'bench',
      'check',
      'format',
      'demo',
    ]
    expect(Object.keys(pack.scripts)).toEqual(expect.arrayContaining(words))
    const files = Object.values(pack.scripts).flatMap((line) => line.match(/\bscripts\/\S+/g) ?? [])
    expect(files.filter((file) => !existsSync(root + file))).toEqual([])
  })
})

describe('installing', () => {
  test('builds, and runs nothing else of ours', () => {
    expect(pack.scripts['install']).toBe('node scripts/build-native.mjs')
    const lifecycle = Object.keys(pack.scripts).filter((name) =>
      /^(?:pre|post)|^(?:dependencies|prepublish)/.test(name),
    )
    expect(lifecycle).toEqual(['prepare'])
    expect(pack.scripts['prepare']).toBe('node scripts/build-lib.mjs')
  })

  test('downloads nothing in its own steps', () => {
    for (const script of ['build-native', 'build-lib', 'built', 'conformance', 'sources'].map(
      (name) => `scripts/${name}.mjs`,
    )) {
      const modules = typescriptImports(textOf(script))
      expect(
        modules.filter(
          (name) =>
            !/^(?:node:(?:child_process|fs|module|path|url)|\.\/(?:sources|built|conformance)\.mjs)$/.test(name),
        ),
      ).toEqual([])
      expect(textOf(script)).not.toMatch(/\bfetch\b|\bcurl\b|\bwget\b|https?:/)
    }
  })

  test('takes exactly what the lock names', () => {
    const own = lock.packages['']
    expect({ ...own?.dependencies }).toEqual(pack.dependencies)
    expect({ ...own?.devDependencies }).toEqual(pack.devDependencies)
    expect(own?.version).toBe(pack.version)
    for (const name of Object.keys({ ...pack.dependencies, ...pack.devDependencies })) {
      const entry = lock.packages[`node_modules/${name}`]
      expect(entry?.version, name).toMatch(/^\d+\.\d+\.\d+/)
    }
    const loose = Object.entries(lock.packages).filter(
      ([path, entry]) => path !== '' && !entry.integrity?.startsWith('sha512-'),
    )
    expect(loose.map(([path]) => path)).toEqual([])
    // npm itself says whether the locked versions are within package.json's ranges; it fails where one is not.
    execFileSync('npm', ['ls', '--package-lock-only', '--json'], { cwd: root, stdio: 'pipe' })
  })
})

describe('the package that would be published', () => {
  test('has all that building needs, and no tests', () => {
    const args = ['pack', '--dry-run', '--json', '--ignore-scripts']
    const [packed] = JSON.parse(execFileSync('npm', args, { cwd: root, encoding: 'utf8', stdio: 'pipe' })) as [
      { files: { path: string }[] },
    ]
    const inside = packed.files.map((file) => file.path)
    const needed = repositoryFiles(
      (path) =>
        /^(?:cmake|native|schema|scripts|lib)\//.test(path) ||
        ['binding.gyp', 'CMakeLists.txt', 'LICENSE', 'CHANGELOG.md'].includes(path),
    )
    expect(needed.length).toBeGreaterThan(100)
    expect(needed.filter((path) => !inside.includes(path))).toEqual([])
    expect(inside.filter((path) => /^(?:test|examples|build|node_modules)/.test(path))).toEqual([])
    expect(inside).toContain(pack.bin['alloc8'])
  })

  test('lists only what is there', () => {
    for (const entry of pack.files) {
      expect(
        existsSync(root + entry) && (!statSync(root + entry).isDirectory() || readdirSync(root + entry).length > 0),
        entry,
      ).toBe(true)
    }
  })
})
