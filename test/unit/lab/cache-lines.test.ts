/** Lines are counted from addresses alone; a wrong count would be a wrong score of every heap. */

import { describe, expect, test } from 'vitest'
import { countLines } from '../../../lib/lab/cache-lines.ts'

describe('countLines', () => {
  test('two blocks in one line', () => {
    expect(countLines([[0x1000n], [0x1010n]], 16)).toEqual({
      lines: 1,
      shared: 1,
      matrix: [
        [1, 1],
        [1, 1],
      ],
      foreignNeighbours: 1,
    })
  })

  test('a block that reaches into the next line shares that one', () => {
    const count = countLines([[0x1030n], [0x1060n]], 48)
    expect(count).toMatchObject({ lines: 3, shared: 1 })
    expect(count.matrix).toEqual([
      [2, 1],
      [1, 2],
    ])
  })

  test('a block that ends where a line ends does not', () => {
    expect(countLines([[0x1000n], [0x1040n]], 64)).toMatchObject({ lines: 2, shared: 0, foreignNeighbours: 1 })
  })

  test('neighbours of one thread are not foreign, wherever they stand in the list', () => {
    const count = countLines([[0x1020n, 0x1000n], [0x2000n, 0x2020n], []], 32)
    expect(count).toMatchObject({ lines: 2, shared: 0, foreignNeighbours: 1 })
    expect(count.matrix[2]).toEqual([0, 0, 0])
  })
})
