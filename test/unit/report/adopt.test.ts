/** Lines to copy must do what they say, whatever is in a path or a value; a real shell is asked where there is one. */

import { execFileSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { type AdoptPlace, adoptions, adoptText, shellWord } from '../../../lib/report/index.ts'
import type { ResolvedHeap } from '../../../lib/types.ts'
import { plain80 } from './fixtures.ts'

const heap: ResolvedHeap = {
  name: 'jemalloc',
  kind: 'found',
  path: '/usr/lib/libjemalloc.so.2',
  version: '5.3.0',
  tunables: [],
  spec: 'jemalloc:narenas=2',
  preload: ['/usr/lib/libjemalloc.so.2'],
  env: [{ name: 'MALLOC_CONF', value: 'narenas:2', join: ',' }],
}

/** Everything that some format or shell treats as special. */
const nasty = `a b'c"d$e\\f\`g%h&i;j*k~l!m#n(o)p<q>r|s?t{u}v[w]`

function linesOf(place: AdoptPlace, from: ResolvedHeap, command: string[]): string {
  return adoptions(from, command).find((adoption) => adoption.place === place)?.text ?? ''
}

/** What a shell makes of a line: the words and the variable that a program under it sees. */
function asShell(line: string): string[] {
  const out = execFileSync('/bin/sh', ['-c', line], { encoding: 'utf8', env: { PATH: process.env['PATH'] } })
  return out.split('\0').slice(0, -1)
}

const print = ['/bin/sh', '-c', 'printf "%s\\0" "$CONF" "$@"', 'sh']
const nastyHeap = { ...heap, preload: [], env: [{ name: 'CONF', value: nasty, join: null }] }

describe('adoptions', () => {
  test('the four places', () => {
    expect(adoptText(heap, ['node', 'server.js', '--port', '80'], plain80)).toMatchInlineSnapshot(`
      "To keep jemalloc:narenas=2:
        in a shell
          LD_PRELOAD=/usr/lib/libjemalloc.so.2 MALLOC_CONF=narenas:2 node server.js --port 80
        in a Dockerfile (the library must be in the image)
          ENV LD_PRELOAD="/usr/lib/libjemalloc.so.2"
          ENV MALLOC_CONF="narenas:2"
        in a systemd unit
          [Service]
          Environment="LD_PRELOAD=/usr/lib/libjemalloc.so.2"
          Environment="MALLOC_CONF=narenas:2"
        in the scripts of package.json
          "start": "LD_PRELOAD=/usr/lib/libjemalloc.so.2 MALLOC_CONF=narenas:2 node server.js --port 80"
      "
    `)
  })

  test('a shell gives the program the same words and values', () => {
    const line = linesOf('shell', nastyHeap, [...print, nasty, '', 'x=y', '-n'])
    expect(asShell(line)).toEqual([nasty, nasty, '', 'x=y', '-n'])
  })

  test('a script in package.json does too, after JSON', () => {
    const text = linesOf('package.json', nastyHeap, [...print, nasty])
    const scripts = JSON.parse(`{${text}}`) as Record<string, string>
    expect(asShell(scripts['start'] ?? '')).toEqual([nasty, nasty])
  })

  test('a program whose name holds = is not taken for an assignment', () => {
    expect(linesOf('shell', nastyHeap, ['a=b', 'c=d'])).toMatch(/ 'a=b' c=d$/)
  })

  test('a Dockerfile and a unit escape what they treat as special, and nothing else', () => {
    const special = { ...nastyHeap, env: [{ name: 'CONF', value: 'a b"c$d\\e%f\'g', join: null }] }
    expect(linesOf('dockerfile', special, ['x'])).toBe('ENV CONF="a b\\"c\\$d\\\\e%f\'g"')
    expect(linesOf('systemd', special, ['x'])).toBe('[Service]\nEnvironment="CONF=a b\\"c$d\\\\e%%f\'g"')
  })

  test('several libraries go into one variable, in order', () => {
    const two = { ...heap, preload: ['/a.so', '/b.so'], env: [] }
    expect(linesOf('shell', two, ['x'])).toBe("LD_PRELOAD='/a.so /b.so' x")
    expect(adoptions(two, ['x'], 'OTHER_PRELOAD')[0]?.text).toBe("OTHER_PRELOAD='/a.so /b.so' x")
  })

  test('the program untouched needs nothing', () => {
    const untouched = { ...heap, spec: 'default', preload: [], env: [] }
    expect(adoptions(untouched, ['x'])).toEqual([])
    expect(adoptText(untouched, ['x'], plain80)).toBe('To keep default, change nothing: it is the program as it is.\n')
  })
})

test.each([
  ['plain-word_1.0/x:y=z,w@v+%', 'plain-word_1.0/x:y=z,w@v+%'],
  ['', "''"],
  ['two words', "'two words'"],
  ["it's", "'it'\\''s'"],
  ['~', "'~'"],
  ['line\nbreak', "'line\nbreak'"],
])('shellWord(%j)', (word, quoted) => {
  expect(shellWord(word)).toBe(quoted)
})
