// What the launcher costs: the time that it adds around a target, and whether the peak memory that it reports of a
// small target is what the kernel says of that target alone.

import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { cleanEnvironment, compile, median, product } from './tools.mjs'

const target = '/bin/true'
const env = cleanEnvironment()

/** Runs a program and takes its time; `report` is what it wrote to its descriptor 3. */
function timed(file, args) {
  const started = process.hrtime.bigint()
  const done = spawnSync(file, args, { env, stdio: ['ignore', 'ignore', 'inherit', 'pipe'] })
  const tookNs = Number(process.hrtime.bigint() - started)
  if (done.status !== 0) throw new Error(`${file} ended with ${done.status ?? done.signal}`, { cause: done.error })
  return { tookNs, report: String(done.output[3]) }
}

function underLauncher(launcher) {
  const { tookNs, report } = timed(launcher, ['--report-fd', '3', '--', target, 'true'])
  return { tookNs, ...JSON.parse(report) }
}

/** Time: `true` through the launcher and by itself, started by this Node in turn. */
export function launcherRows(runs = 200) {
  const launcher = product('alloc8-launch')
  const [direct, launched, around] = [[], [], []]
  for (let run = 0; run < runs; run++) {
    direct.push(timed(target, []).tookNs)
    const { tookNs, wallNs } = underLauncher(launcher)
    launched.push(tookNs)
    around.push(tookNs - wallNs)
  }
  const extra = (median(launched) - median(direct)) / 1e6
  const note = `${extra.toFixed(2)} ms more; ${(median(around) / 1e6).toFixed(2)} ms outside the target's own wall time`
  return [
    {
      what: `starting and ending \`true\` through alloc8-launch, median of ${runs}`,
      value: median(launched),
      unit: 'ns',
      against: 'without it',
      reference: median(direct),
      budget: null,
      note,
    },
  ]
}

/** Peak memory: what the launcher reports of `true`, and what a parent as small as a C program gets hears of it. */
export function memoryRows(folder, runs = 20) {
  const launcher = product('alloc8-launch')
  const parent = path.join(folder, 'small-parent')
  compile('cc', ['-O2', '-static', '-o', parent, 'test/support/small-parent.c'])
  const [reported, alone] = [[], []]
  for (let run = 0; run < runs; run++) {
    reported.push(underLauncher(launcher).peakRssBytes)
    const { stdout, status } = spawnSync(parent, [target], { env, encoding: 'utf8' })
    if (status !== 0) throw new Error(`small-parent ended with ${status}`)
    alone.push(Number(stdout) * 1024)
  }
  const away = Math.abs(median(reported) - median(alone)) / 2 ** 20
  return [
    {
      what: `peak memory of \`true\` under alloc8-launch, median of ${runs}`,
      value: median(reported),
      unit: 'bytes',
      against: "the kernel's figure for `true` alone",
      reference: median(alone),
      budget: null,
      note: `${away.toFixed(2)} MiB apart; budget 1 MiB`,
    },
  ]
}
