// Builds what ships (the addon, the preload libraries, the launcher, the workloads) with node-gyp into build/Release.
//
//   node scripts/build-native.mjs [--debug]
//
// Node's headers: the folder that npm's configuration names (nodedir), else those beside this Node, as its own archives
// and most packages have them; only without either does node-gyp look for them itself.

import { spawnSync } from 'node:child_process'
import { existsSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { builtForExec } from './built.mjs'
import { buildConformance } from './conformance.mjs'
import { products } from './sources.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))

function headersFolder() {
  const configured = process.env.npm_config_nodedir
  if (configured) return configured
  const beside = path.resolve(path.dirname(process.execPath), '..')
  return existsSync(path.join(beside, 'include/node/node_api.h')) ? beside : undefined
}

function nodeGyp() {
  try {
    return createRequire(import.meta.url).resolve('node-gyp/bin/node-gyp.js')
  } catch {
    // A package installed without its development dependencies: npm brings a node-gyp for install scripts.
    return process.env.npm_config_node_gyp
  }
}

if (builtForExec('build/Release/alloc8-launch')) process.exit(0)
if (process.platform !== 'linux') {
  console.error(`alloc8: no native part for ${process.platform} yet; Linux with glibc is supported`)
  process.exit(0)
}
const gyp = nodeGyp()
if (!gyp) {
  console.error('alloc8: node-gyp was not found; run `npm install` in this folder first')
  process.exit(1)
}
// A debug build goes beside the other; `rebuild` would remove that.
const debug = process.argv.includes('--debug')
// Only what has changed: `npm install` has built it a moment ago where CI or a newcomer builds.
const args = [gyp, 'configure', 'build', ...(debug ? ['--debug'] : []), '--silent', '-j', '2']
const headers = headersFolder()
if (headers) args.push(`--nodedir=${headers}`)
const done = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' })
if (done.status !== 0) {
  console.error(
    'alloc8: the native part did not build. It needs g++ 11 or newer, make and python3 (Debian: apt-get install g++ make python3).',
  )
  process.exit(1)
}
// gyp copies each program out of its folder into the one above, where workloads have nothing to do.
for (const [name, { kind }] of Object.entries(products)) {
  if (kind === 'workload') rmSync(path.join(root, 'build', debug ? 'Debug' : 'Release', name), { force: true })
}
if (!buildConformance(path.join(root, 'build', debug ? 'Debug' : 'Release', 'conformance'))) process.exit(1)
if (debug)
  console.log('built into build/Debug; ALLOC8_NATIVE_DIR=build/Debug makes the command line and the tests use it')
