/** PostgreSQL under the probe: a cluster in a folder of its own, one server a run, pgbench over a socket. */

import { execFile, execFileSync } from 'node:child_process'
import { chmodSync, existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { RunOptions } from '../../lib/api/run.ts'
import { nativeFile } from '../../lib/binding/native.ts'
import type { LauncherHandle } from '../../lib/launch/launch.ts'
import { becoming, findUser } from '../../lib/service/user.ts'
import { until } from '../support/launching.ts'
import { lackingNobody, lackingTool } from '../support/needs.ts'
import { type Observed, runUnder } from '../support/run-under.ts'

const run = promisify(execFile)
const setup = fileURLToPath(new URL('../../examples/services/postgres/setup.sh', import.meta.url))
const isRoot = () => process.getuid?.() === 0

/** Debian keeps each version's programs in a folder of its own. */
function tools(): string {
  const versions = readdirSync('/usr/lib/postgresql').sort((a, b) => Number(a) - Number(b))
  return `/usr/lib/postgresql/${versions.at(-1)}/bin`
}

/** What the machine lacks, or null. As root the server runs as another user, who must be able to load the probe. */
export function lackingPostgres(): string | null {
  const lacking = lackingTool('pgbench', 'postgresql')
  return lacking ?? (isRoot() ? lackingNobody(nativeFile('liballoc8-probe.so')) : null)
}

/** Makes the cluster. */
export function preparePostgres(folder: string): void {
  chmodSync(folder, 0o755)
  execFileSync('sh', [setup, tools(), join(folder, 'cluster'), '1'], { stdio: 'ignore' })
}

/** One server, under a load of four sessions, ended as a service manager ends it. */
export async function servePostgres(heap: string, folder: string, more: Partial<RunOptions>): Promise<Observed> {
  const cluster = join(folder, 'cluster')
  const user = isRoot() ? findUser('postgres') : null
  const server = [join(tools(), 'postgres'), '-D', join(cluster, 'data'), '-h', '', '-k', cluster]
  const abort = new AbortController()
  let launcher: LauncherHandle | undefined
  const ended = runUnder(heap, user === null ? server : [...becoming(user), ...server], {
    ...more,
    sessionGroup: user?.group,
    timeoutMs: 300_000,
    signal: abort.signal,
    onStart: (handle) => {
      launcher = handle
    },
  })
  ended.catch(() => {})
  try {
    await until(() => existsSync(join(cluster, '.s.PGSQL.5432')), 'the socket of postgres')
    const said = await bench(cluster)
    // SIGTERM would wait for the clients that are connected.
    launcher?.kill('SIGINT')
    const observed = await ended
    return { ...observed, stdout: said }
  } catch (error) {
    abort.abort(error)
    await ended.catch(() => {})
    throw error
  }
}

/** What pgbench says that is the same each time. The server may be starting still. */
async function bench(cluster: string): Promise<string> {
  const words = ['-h', cluster, '-U', 'bench', '-n', '-c', '4', '-t', '50', 'postgres']
  for (let attempt = 0; ; attempt++) {
    try {
      const { stdout } = await run(join(tools(), 'pgbench'), words)
      return (stdout.match(/^number of .*$/gm) ?? []).filter((line) => !line.includes('threads')).join('\n')
    } catch (error) {
      if (attempt > 20 || !/starting up|refused/.test(String(error))) throw error
      await new Promise((resolve) => setTimeout(resolve, 200))
    }
  }
}
