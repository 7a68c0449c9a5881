/**
 * A controller in a process of its own, to be killed: launches the shell script in argv[2], with a lifeline where
 * argv[3] is `lifeline`, and prints what came of it.
 */

import { shell } from './launching.ts'

const [script = '', lifeline] = process.argv.slice(2)
const result = await shell(script, {
  stdout: 'inherit',
  stderr: 'inherit',
  lifeline: lifeline === 'lifeline',
  killTree: lifeline === 'lifeline',
  detached: lifeline === 'lifeline',
})
console.log(`ended ${result.exitCode} ${result.signal}`)
