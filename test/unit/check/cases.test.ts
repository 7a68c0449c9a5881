/** The cases of the kit as their sources describe them, and the choice among them. */

import { expect, test } from 'vitest'
import { conformanceCases } from '../../../lib/api/check.ts'
import { readComment } from '../../../lib/check/cases.ts'

test('an opening comment has a text and values', () => {
  const { text, values } = readComment(
    '// Holds\n// well.\n// @standard C23\n// @standard POSIX\nint main;\n// no more',
  )
  expect(text).toBe('Holds well.')
  expect(values('standard')).toEqual(['C23', 'POSIX'])
  expect(values('link')).toEqual([])
})

test('every case says what it expects and by which standard; the one that only starts is the first', () => {
  const cases = conformanceCases()
  expect(cases[0]?.id).toBe('start/runs')
  expect(cases.filter(({ explanation, standard }) => explanation === '' || standard === '')).toEqual([])
  expect(new Set(cases.map(({ id }) => id)).size).toBe(cases.length)
})

test('a selection names groups and cases that there are', () => {
  expect(conformanceCases({ groups: ['errno'], cases: ['align/tiny-malloc'] }).map(({ group }) => group)).toContain(
    'errno',
  )
  expect(() => conformanceCases({ groups: ['colour'] })).toThrow(/--group.*colour/)
  expect(() => conformanceCases({ cases: ['align/none'] })).toThrow(/align\/tiny/)
})
