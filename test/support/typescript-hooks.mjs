// Lets a plain `node --import` run our TypeScript: tests that kill a whole controller need one in a process of its own.

import { readFileSync } from 'node:fs'
import { register } from 'node:module'
import { fileURLToPath } from 'node:url'
import typescript from 'typescript'

if (process.env.ALLOC8_HOOKS_REGISTERED === undefined) {
  process.env.ALLOC8_HOOKS_REGISTERED = '1'
  register(import.meta.url)
}

export async function load(url, context, next) {
  if (!url.endsWith('.ts')) return next(url, context)
  const { outputText } = typescript.transpileModule(readFileSync(fileURLToPath(url), 'utf8'), {
    compilerOptions: { target: 'ES2022', module: 'ESNext', verbatimModuleSyntax: true },
  })
  return { format: 'module', source: outputText, shortCircuit: true }
}
