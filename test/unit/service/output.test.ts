/** What programs print: lines across chunks, and a bounded end. */

import { expect, test } from 'vitest'
import { ProgramOutput, tailLimit } from '../../../lib/service/output.ts'

const listening = () => {
  const output = new ProgramOutput()
  const lines: string[] = []
  output.listen((line) => lines.push(line))
  return { output, lines }
}

test('lines are whole though chunks cut them, and those of one stream are not cut by the other', () => {
  const { output, lines } = listening()
  output.push(Buffer.from('rea'), 'stdout')
  output.push(Buffer.from('warning\n'), 'stderr')
  output.push(Buffer.from('dy\r\nnext'), 'stdout')
  // What has not ended is shown as far as it is there.
  expect(lines).toEqual(['rea', 'warning', 'ready', '', 'next'])
  output.listen(null)
  output.push(Buffer.from('\nmore\n'), 'stdout')
  expect(lines).toHaveLength(5)
})

test('a character that chunks cut is whole', () => {
  const { output, lines } = listening()
  const bytes = Buffer.from('größe\n')
  for (const byte of bytes) output.push(Buffer.from([byte]), 'stdout')
  expect(lines.at(-1)).toBe('größe')
  expect(output.tail()).toBe('größe\n')
})

test('a line without an end is searched in its first 64 KiB only', () => {
  const { output, lines } = listening()
  for (let at = 0; at < 100; at++) output.push(Buffer.alloc(4096, 'x'), 'stdout')
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(tailLimit + 4096)
})

test('the end is kept, and no more; the memory of a chunk may be used again', () => {
  const output = new ProgramOutput()
  const chunk = Buffer.alloc(1000)
  for (let at = 0; at < 500; at++) {
    chunk.fill(at % 2 === 0 ? 'a' : 'b')
    output.push(chunk, at % 3 === 0 ? 'stderr' : 'stdout')
  }
  const tail = output.tail()
  expect(tail).toHaveLength(tailLimit)
  expect(tail.slice(-2000)).toBe('a'.repeat(1000) + 'b'.repeat(1000))
  output.push(Buffer.alloc(tailLimit * 2, 'ä'), 'stdout')
  expect(output.tail()).toMatch(/^ä+$/)
})
