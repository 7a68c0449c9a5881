#!/usr/bin/env node
/**
 * Starts the command line. It is loaded from here, with nothing before it, because Node has many files open at once
 * while it loads modules: where fewer are allowed, somebody must be there to say so.
 */

import { closeSync, openSync } from 'node:fs'

/** It takes some sixty. */
const enoughFiles = 100

/** Whether so few files may be open that this can have been the cause: Node says of some then that they are not there. */
function isOutOfFiles(): boolean {
  const opened: number[] = []
  try {
    while (opened.length < enoughFiles) opened.push(openSync('/dev/null', 'r'))
    return false
  } catch {
    return true
  } finally {
    for (const file of opened) closeSync(file)
  }
}

/** Ends the process once what it has written is out: a configuration's timers and connections must not keep it. */
async function end(): Promise<never> {
  const streams = [process.stdout, process.stderr]
  await Promise.all(streams.map((stream) => new Promise<void>((done) => stream.write('', () => done()))))
  process.exit()
}

try {
  const { main } = await import('./program.ts')
  process.exitCode = await main(process.argv)
  await end()
} catch (error) {
  if (!isOutOfFiles()) throw error
  process.stderr.write('alloc8: too many open files: its own modules cannot be loaded\n')
  process.stderr.write('  raise the limit of open files: ulimit -n 1024\n')
  process.exitCode = 125
}
