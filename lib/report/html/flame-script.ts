/** The script of a flame graph's page: the functions of `browser/` as their own text. */

import { flame, flameChoice, flameColours, flameKeys, flameParts, flameSearch, flameText } from './browser/flame.ts'
import { drawFlame } from './browser/flame-draw.ts'
import { amountText, bytesText, sampleBounds } from './browser/flame-numbers.ts'
import { flameTree } from './browser/flame-tree.ts'
import { theme } from './browser/theme.ts'

const helpers = [
  flameTree,
  drawFlame,
  amountText,
  flameParts,
  flameKeys,
  flameText,
  flameChoice,
  flameSearch,
  flameColours,
]

/** The script, without its element. No part of it closes one: `</` stands nowhere in it. */
export const flameScript = [
  "'use strict';",
  ...[bytesText, sampleBounds, ...helpers, flame, theme].map(String),
  `theme();flame({${helpers.map(({ name }) => name).join(',')}});`,
].join('\n')
