/**
 * The page's script: the functions of `browser/` as their own text. They are compiled with everything else, so that
 * no file is read when a report is made and none has to be built on its own.
 */

import { download } from './browser/download.ts'
import { filtering } from './browser/filtering.ts'
import { drawRuns, runs, valueText } from './browser/runs.ts'
import { sorting } from './browser/sorting.ts'
import { theme } from './browser/theme.ts'

const helpers = [valueText, drawRuns]
const started = [theme, sorting, filtering, runs, download]

/** The script, without its element. No part of it closes one: `</` stands nowhere in it. */
export const script = [
  "'use strict';",
  ...[...helpers, ...started].map(String),
  ...started.map(({ name }) => `${name}();`),
].join('\n')
