/** The script of a heap map's page: the functions of `browser/` as their own text. */

import { theme } from '../html/browser/theme.ts'
import { drawHeap } from './browser/heap-draw.ts'
import { columnOf, firstAbove, heapModel } from './browser/heap-model.ts'
import { heapLegend, heapPage, heapParts, nextBlock, pageColours, playing } from './browser/heap-page.ts'
import { heapRows, rowOf } from './browser/heap-rows.ts'
import { blockAt, blockWords, heapBytes, heapPaint, liveSums, pageWords } from './browser/heap-words.ts'

const helpers = [
  ...[columnOf, heapModel, firstAbove, heapRows, rowOf, drawHeap, blockAt, blockWords, heapBytes, heapPaint],
  ...[liveSums, pageWords, heapParts, heapLegend, nextBlock, pageColours, playing],
]

/** The script, without its element. No part of it closes one: `</` stands nowhere in it. */
export const heapMapScript = [
  "'use strict';",
  ...[...helpers, heapPage, theme].map(String),
  `theme();heapPage({${helpers.map(({ name }) => name).join(',')}});`,
].join('\n')
