/** Checks results against the JSON Schemas that ship in schema/. */

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'

const folder = join(import.meta.dirname, '../../schema')

let validator: Ajv2020 | undefined

/** What is wrong with a result by the schema of that name; nothing is []. */
export function schemaProblems(name: string, result: unknown): string[] {
  validator ??= load()
  const validate = validator.getSchema(`urn:alloc8:schema:${name}:1`)
  if (validate === undefined) throw new Error(`schema/ has no ${name}.json`)
  if (validate(result)) return []
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath}: ${message}`)
}

function load(): Ajv2020 {
  const ajv = new Ajv2020({ allErrors: true, strict: true, allowUnionTypes: true })
  for (const file of readdirSync(folder)) ajv.addSchema(JSON.parse(readFileSync(join(folder, file), 'utf8')))
  return ajv
}
