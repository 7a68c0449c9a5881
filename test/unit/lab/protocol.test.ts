/** The bytes between a puppet and us: both sides name the same commands, and what is sent is what is read. */

import { describe, expect, test } from 'vitest'
import {
  decodeMessage,
  encodeRequest,
  layout,
  meetings,
  messageBytes,
  ops,
  PROTOCOL_VERSION,
} from '../../../lib/lab/protocol.ts'
import { textOf } from '../../repo/tree.ts'

const header = textOf('native/puppet/protocol.h')

describe('the two sides', () => {
  test('have the same commands under the same numbers', () => {
    const listed = [...header.matchAll(/^ {2}X\((\d+), (\w+)\)/gm)].map(([, number, name]) => [name, Number(number)])
    expect(listed.length).toBeGreaterThan(30)
    expect(Object.fromEntries(listed)).toEqual(ops)
    expect(new Set(Object.values(ops)).size).toBe(listed.length)
  })

  test('have the same version and sizes', () => {
    expect(header).toContain(`kProtocolVersion = ${PROTOCOL_VERSION};`)
    expect(header).toContain(`kMeetings = ${meetings.count};`)
    const sizes = Object.fromEntries(
      [...header.matchAll(/static_assert\(sizeof\((\w+)\) == (\d+)/g)].map(([, name = '', size]) => [
        name.toLowerCase(),
        Number(size),
      ]),
    )
    const { died, ...others } = layout
    expect(sizes).toEqual({ ...others, died: 24 })
    expect(died).toBe(24 + 8 * 64)
  })
})

describe('a request', () => {
  const options = { sequence: 7, repeat: 3, timed: true, meeting: { place: 130, parties: 2 } }

  test('has its head, its commands and their data', () => {
    const bytes = encodeRequest(
      [
        { op: 'malloc', args: [64n] },
        { op: 'write', args: [{ command: 0, offset: -8 }], data: Buffer.from('abc') },
        { op: 'sbrk', args: [-1n] },
      ],
      options,
    )
    expect([...new Uint32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + 28))]).toEqual([
      3 * layout.command + 3,
      ...[7, 3, 3, 1, 130, 2],
    ])
    const second = bytes.subarray(layout.request + layout.command)
    expect([second.readUInt16LE(0), second.readUInt16LE(2), second.readUInt32LE(4)]).toEqual([ops.write, 1, 3])
    expect([second.readUInt32LE(8), second.readInt32LE(12)]).toEqual([0, -8])
    expect(bytes.subarray(layout.request + 2 * layout.command).readBigUInt64LE(8)).toBe((1n << 64n) - 1n)
    expect(bytes.subarray(-3).toString()).toBe('abc')
  })

  test('that is larger than a message may be says so', () => {
    const data = Buffer.alloc(2 ** 27)
    const command = { op: 'write', args: [0n], data } as const
    expect(() => encodeRequest([command, command, command], options)).toThrow(
      /expected at most 268435456 bytes.*got 402653328/,
    )
  })
})

describe('a message', () => {
  const reply = (kind: number, results: number, body: Buffer) => {
    const head = Buffer.alloc(layout.reply)
    for (const [at, value] of [body.length, 9, kind, results].entries()) head.writeUInt32LE(value, 4 * at)
    return Buffer.concat([head, body])
  }

  test('is whole when its length says so', () => {
    const bytes = reply(2, 0, Buffer.alloc(10))
    expect(messageBytes(bytes.subarray(0, 31))).toBeNull()
    expect(messageBytes(bytes)).toBe(42)
  })

  test('gives values, errors, times and bytes by position', () => {
    const body = Buffer.alloc(2 * layout.result + 2, 0)
    body.writeBigUInt64LE(0x7f00n, 0)
    body.writeUInt32LE(12, layout.result + 8)
    body.writeUInt32LE(2, layout.result + 12)
    body.writeBigUInt64LE(55n, layout.result + 16)
    body.write('hi', 2 * layout.result)
    const message = decodeMessage(reply(2, 2, body))
    if (message.kind !== 'done') throw new Error(message.kind)
    const { values, errors, ns, data } = message.results
    expect([message.sequence, ...values, ...errors, ...ns]).toEqual([9, 0x7f00n, 0n, 0, 12, 0, 55])
    expect([...data].map(([at, bytes]) => [at, bytes.toString()])).toEqual([[1, 'hi']])
  })

  test.each([
    ['of an unknown kind', reply(9, 0, Buffer.alloc(0))],
    ['with fewer results than it says', reply(2, 2, Buffer.alloc(layout.result))],
    ['that is a hello of another length', reply(1, 0, Buffer.alloc(8))],
    ['that is a death of another length', reply(3, 0, Buffer.alloc(8))],
  ])('%s is an error that says what to do', (_, bytes) => {
    expect(() => decodeMessage(bytes)).toThrow(/a puppet said something of kind \d with \d+ bytes/)
  })
})
