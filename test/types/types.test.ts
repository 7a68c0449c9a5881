/** The public types are checked by `tsc`, from the sources and, here, from the declarations that ship. */

import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { describe, expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const shipped = join(root, 'dist/')
const source = join(import.meta.dirname, 'public.test-d.ts')

/** The tsconfig.json at the root, as tsc reads it. */
function configuration(): ts.ParsedCommandLine {
  const path = join(root, 'tsconfig.json')
  return ts.parseJsonConfigFileContent(ts.readConfigFile(path, ts.sys.readFile).config, ts.sys, dirname(path))
}

/** What tsc says of a text in this folder, as a user's project would see it: declarations of packages checked too. */
function complaints(text: string): string[] {
  const name = join(import.meta.dirname, 'consumer.ts')
  const options = { ...configuration().options, skipLibCheck: false, allowImportingTsExtensions: false, noEmit: true }
  const host = ts.createCompilerHost(options)
  const { readFile, fileExists, getSourceFile } = host
  host.fileExists = (path) => path === name || fileExists(path)
  host.readFile = (path) => (path === name ? text : readFile(path))
  host.getSourceFile = (path, version, ...rest) =>
    path === name ? ts.createSourceFile(path, text, version) : getSourceFile(path, version, ...rest)
  const program = ts.createProgram([name], options, host)
  // Only what is ours is checked, because Node's own declarations take their time.
  const ours = program.getSourceFiles().filter(({ fileName }) => fileName === name || fileName.startsWith(shipped))
  if (ours.length < 2) throw new Error(`alloc8 did not resolve into ${shipped}`)
  const found = ours.flatMap((file) => [
    ...program.getSyntacticDiagnostics(file),
    ...program.getSemanticDiagnostics(file),
  ])
  return found.map(
    ({ file, messageText }) => `${file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`,
  )
}

describe('the public types', () => {
  test('are part of what `tsc --noEmit` checks', () => {
    expect(configuration().fileNames).toContain(source)
  })

  test('hold for the declarations that ship, imported by the name of the package', () => {
    const text = (ts.sys.readFile(source) ?? '').replaceAll('../../lib/index.ts', 'alloc8')
    expect(text).toContain("from 'alloc8'")
    expect(complaints(text)).toEqual([])
  })

  test('are seen to fail', () => {
    const wrong = [
      "import { nothing, run } from 'alloc8'",
      "export const status: number = (await run({ command: ['ls'] })).exitCode",
      'nothing()',
    ]
    const found = complaints(wrong.join('\n'))
    expect(found).toHaveLength(2)
    expect(found.join('\n')).toMatch(
      /no exported member 'nothing'.*\n.*'number \| null' is not assignable to type 'number'/,
    )
  })
})
