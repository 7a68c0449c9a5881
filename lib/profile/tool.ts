/**
 * The symbolisers of the machine, which know every kind of debug information better than we ever would: LLVM's, which
 * is quick with large programs, else that of binutils.
 */

import { spawn } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { locateExecutable } from '../binding/executable.ts'

/** A function and a line; what is not known is null. */
export interface Place {
  function: string | null
  file: string | null
  line: number | null
}

/** What stands at an address: inlined functions first, the one that holds them last. Empty: nothing is known. */
export type Places = Map<number, Place[]>

/** A symboliser that is there. */
export interface Symboliser {
  kind: 'llvm' | 'binutils'
  path: string
}

/** Larger programs than Chromium take a minute to open; more means that it hangs. */
const longestMs = 120_000

/** A hostile program could have it write for ever. */
const mostOutput = 1 << 29

/** The best one on this machine; null where there is none. */
export function findSymboliser(): Symboliser | null {
  for (const name of ['llvm-symbolizer', ...versionedNames()]) {
    const path = located(name)
    if (path !== null) return { kind: 'llvm', path }
  }
  const path = located('addr2line')
  return path === null ? null : { kind: 'binutils', path }
}

/** Debian has it under its version where the package without one is not installed; the newest first. */
function versionedNames(): string[] {
  try {
    return readdirSync('/usr/bin')
      .flatMap((name) => /^llvm-symbolizer-(\d+)$/.exec(name)?.[1] ?? [])
      .sort((a, b) => Number(b) - Number(a))
      .map((version) => `/usr/bin/llvm-symbolizer-${version}`)
  } catch {
    return []
  }
}

function located(name: string): string | null {
  try {
    return locateExecutable(name).path
  } catch {
    return null
  }
}

/**
 * What is known of addresses in a file.
 * @throws an Error that says how the symboliser failed
 */
export async function askSymboliser(
  { kind, path }: Symboliser,
  file: string,
  addresses: readonly number[],
): Promise<Places> {
  const input = addresses.map((address) => `0x${address.toString(16)}\n`).join('')
  if (kind === 'llvm') {
    const options = ['--output-style=JSON', '--inlines', '--demangle', `--obj=${file}`]
    return readJsonAnswers(await runTool(path, options, input))
  }
  return readPlainAnswers(await runTool(path, ['-f', '-i', '-C', '-a', '-e', file], input), addresses)
}

function runTool(path: string, options: readonly string[], input: string): Promise<string> {
  // No debug information is fetched from the net.
  const env = { ...process.env, DEBUGINFOD_URLS: '', LC_ALL: 'C' }
  const child = spawn(path, options, { stdio: ['pipe', 'pipe', 'ignore'], env, timeout: longestMs })
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = []
    let length = 0
    child.stdout.on('data', (part: Buffer) => {
      parts.push(part)
      length += part.length
      if (length > mostOutput) child.kill('SIGKILL')
    })
    // One that ends without reading is told by its status.
    child.stdin.on('error', () => {})
    child.on('error', reject)
    child.on('close', (status, signal) => {
      if (status === 0) resolve(Buffer.concat(parts).toString('utf8'))
      else reject(new Error(signal === null ? `ended with status ${status}` : `was ended by ${signal}`))
    })
    child.stdin.end(input)
  })
}

/** Names of templates can fill a page; what comes after this says nothing more. */
const longestName = 4000

const known = (text: unknown): string | null =>
  typeof text !== 'string' || text === '' || text.startsWith('??') ? null : text.slice(0, longestName)

interface LlvmSymbol {
  FunctionName?: unknown
  FileName?: unknown
  Line?: unknown
}

/** LLVM's answers: an object a line. */
export function readJsonAnswers(text: string): Places {
  const places: Places = new Map()
  for (const line of text.split('\n')) {
    if (line === '') continue
    const answer = JSON.parse(line) as { Address?: unknown; Symbol?: unknown }
    const symbols = Array.isArray(answer.Symbol) ? (answer.Symbol as LlvmSymbol[]) : []
    places.set(Number(answer.Address), symbols.map(toPlace).filter(isPlace))
  }
  return places
}

function toPlace(symbol: LlvmSymbol): Place {
  const line = typeof symbol.Line === 'number' && symbol.Line > 0 ? symbol.Line : null
  return { function: known(symbol.FunctionName), file: line === null ? null : known(symbol.FileName), line }
}

const isPlace = (place: Place) => place.function !== null || place.file !== null

/** Binutils' answers: a line with the address, then for each place a line with the name and one with file and line. */
export function readPlainAnswers(text: string, addresses: readonly number[]): Places {
  const places: Places = new Map()
  const lines = text.split('\n')
  let next = 0
  let current: Place[] = []
  for (let at = 0; at < lines.length; ) {
    const line = lines[at] ?? ''
    if (/^0x[0-9a-f]+$/.test(line) && Number(line) === addresses[next]) {
      current = []
      places.set(addresses[next] ?? 0, current)
      next++
      at++
      continue
    }
    // A name may hold a line break: what no place follows is part of one.
    const [whole, file, number] = /^(.*):(\d+|\?)(?: \(discriminator \d+\))?$/.exec(lines[at + 1] ?? '') ?? []
    if (whole === undefined) {
      at++
      continue
    }
    const found = Number(number) > 0 ? Number(number) : null
    const place = { function: known(line), file: found === null ? null : known(file), line: found }
    if (isPlace(place)) current.push(place)
    at += 2
  }
  return places
}
