/** Our heaps preloaded by hand, with settings that no command line has checked: programs run as without them. */

import { expect, test } from 'vitest'
import { testHeaps } from '../support/heaps.ts'
import { type End, runWith } from '../support/run-with.ts'

const own = new Set(['simple', 'multiarena', 'arena', 'hoard'])
const heaps = testHeaps().filter(({ name }) => own.has(name))

const most = ['9223372036854775807', '18446744073709551615', '8589934591g', '1000000g']
const values = ['0', '1', '-1', 'x', '', '0x10', '1=2', ...most]
const keys: Record<string, string[]> = {
  arena: ['chunk', 'shared'],
  multiarena: ['arena_max', 'top_pad', 'mmap_threshold', 'trim_threshold'],
}

/** What a shell with children says and writes where the heap has these settings. */
function ran(name: string, library: string | null, settings: string): Promise<End> {
  const script = 'for i in 1 2 3; do printf %70000s x | wc -c; done | sort; ls /usr'
  const set = `ALLOC8_${name.toUpperCase()}=${settings}`
  const preload = library === null ? [] : [`LD_PRELOAD=${library}`]
  return runWith(null, ['env', set, ...preload, 'sh', '-c', script])
}

test('all heaps of ours are here', () => expect(new Set(heaps.map(({ name }) => name))).toEqual(own))

test.each(heaps)(
  '$name takes no harm from settings out of range, of no kind or of no name',
  async ({ name, library }) => {
    const expected = await ran(name, null, '')
    expect(expected).toMatchObject({ status: 0, stderr: '' })
    const known = keys[name] ?? []
    const each = values.map((value) => known.map((key) => `${key}=${value}`).join(':'))
    for (const settings of [...new Set(each), 'nothing=1', ':::=:=1:', 'a'.repeat(5000)]) {
      expect(await ran(name, library, settings), settings).toEqual(expected)
    }
  },
)
