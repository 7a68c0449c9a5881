/** Suites in a file: `alloc8.config.ts`, found, loaded and checked. */

export { checkConfig, defineConfig } from './check.ts'
export { CONFIG_NAMES, findConfig, type LoadedConfig, loadConfig } from './load.ts'
export type { Suggest } from './shape.ts'
