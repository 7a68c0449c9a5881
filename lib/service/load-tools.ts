/**
 * The tools that are usually taken to put a service under load, and where one gets them: a load that is missing is
 * found before the first run, and the error says what to install.
 */

import { parse } from 'shell-quote'
import { Alloc8Error } from '../errors.ts'
import { type PreparedTarget, prepareTarget } from '../launch/run.ts'

/** Debian's package for each; of those that Debian lacks, how else one comes by them. */
const packages: Readonly<Record<string, string>> = {
  wrk: 'wrk',
  ab: 'apache2-utils',
  hey: 'hey',
  siege: 'siege',
  httperf: 'httperf',
  h2load: 'nghttp2-client',
  bombardier: 'bombardier',
  slowhttptest: 'slowhttptest',
  tsung: 'tsung',
  jmeter: 'jmeter',
  'redis-benchmark': 'redis-tools',
  'redis-cli': 'redis-tools',
  pgbench: 'postgresql',
  psql: 'postgresql-client',
  sysbench: 'sysbench',
  mysqlslap: 'mariadb-client',
  mariadb: 'mariadb-client',
  memcslap: 'libmemcached-tools',
  memaslap: 'libmemcached-tools',
  iperf3: 'iperf3',
  dnsperf: 'dnsperf',
  curl: 'curl',
}

const elsewhere: Readonly<Record<string, string>> = {
  autocannon: 'npm install --save-dev autocannon, and run it as npx autocannon or node_modules/.bin/autocannon',
  memtier_benchmark: 'build it from https://github.com/RedisLabs/memtier_benchmark (no package of Debian 12 has it)',
  wrk2: 'build it from https://github.com/giltene/wrk2 (no package of Debian 12 has it)',
  vegeta: 'go install github.com/tsenart/vegeta/v12@latest (no package of Debian 12 has it)',
  oha: 'cargo install oha (no package of Debian 12 has it)',
  k6: 'see https://grafana.com/docs/k6/latest/set-up/install-k6/ (no package of Debian 12 has it)',
}

/** How to get a load tool, or null for one that is not known. */
export function installHint(tool: string): string | null {
  const known = packages[tool]
  return known === undefined ? (elsewhere[tool] ?? null) : `install it: apt-get install ${known}`
}

/** The load as a program that exists, or the error that names what is missing. */
export function findLoad(words: readonly string[], context: { cwd: string; env: NodeJS.ProcessEnv }): PreparedTarget {
  const [tool = ''] = words
  try {
    return prepareTarget(words, context)
  } catch (error) {
    throw error instanceof Alloc8Error ? missingLoad(tool, error) : error
  }
}

/**
 * Looks for well-known tools among the commands of a text for the shell. Other words are the shell's business: they may
 * be functions, or made up on the way.
 */
export function checkLoadText(text: string, context: { cwd: string; env: NodeJS.ProcessEnv }): void {
  for (const tool of commandWords(text)) {
    if (installHint(tool) !== null) findLoad([tool], context)
  }
}

/** What stands where a shell expects a command: first, or behind an operator; assignments are passed over. */
function commandWords(text: string): string[] {
  const words: string[] = []
  let expected = true
  for (const entry of parse(text, (name) => `$${name}`)) {
    if (typeof entry !== 'string') expected = 'op' in entry && !/[<>]/.test(entry.op) && entry.op !== 'glob'
    else if (expected && !/^\w+=/.test(entry)) {
      words.push(entry)
      expected = false
    }
  }
  return words
}

function missingLoad(tool: string, cause: Alloc8Error): Alloc8Error {
  return new Alloc8Error(cause.code, `load: ${cause.message}`, { hint: installHint(tool) ?? cause.hint, cause })
}
