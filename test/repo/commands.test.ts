/** The checker of shown commands, tried on samples: it must find what is wrong and pass what is right. */

import { describe, expect, test } from 'vitest'
import {
  commandProblems,
  commandsInHelp,
  examplesInHelp,
  optionsInHelp,
  type Surroundings,
  scriptOf,
  simpleCommands,
  useOf,
} from './commands.ts'
import { codeBlocks, headingAnchors, inlineCode, linkTargets, tableRows } from './markdown.ts'

const fence = '```'
const sample = `# Title of \`it\`

Text with [a link](native/README.md#the-map), \`[no](link.md)\` and ![a picture](a.png "title").

${fence}sh
npm run build   # a comment
alloc8 run --heap jemalloc -- \\
  ls | wc -l
${fence}

${fence}sh norun
npm test
${fence}

1. In a list:

   ${fence}console
   $ alloc8 heaps \\
     --json -
   name  kind
   $ true
   done
   ${fence}

${fence}ts
npm('no')
# no heading
[no](link.md)
${fence}

| a | b |
|---|---|
| \`x\` | y, z |
| \\| | |

## Title of it
[ref]: other.md
`

describe('reading Markdown', () => {
  const blocks = codeBlocks(sample)

  test('finds blocks, what they are for, and their scripts', () => {
    expect(blocks.map((block) => [block.info.join(' '), useOf(block), block.line])).toEqual([
      ['sh', 'run', 5],
      ['sh norun', 'check', 11],
      ['console', 'run', 17],
      ['ts', 'show', 25],
    ])
    expect(blocks.map(scriptOf).slice(0, 3)).toEqual([
      'npm run build   # a comment\nalloc8 run --heap jemalloc -- \\\n  ls | wc -l',
      'npm test',
      'alloc8 heaps \\\n  --json -\ntrue',
    ])
    expect(codeBlocks('```sh\nnever closed')).toEqual([{ info: ['sh'], text: 'never closed', line: 1 }])
    expect(codeBlocks('````md\n```sh\nx\n```\n````\n')).toEqual([{ info: ['md'], text: '```sh\nx\n```', line: 1 }])
  })

  test('finds links, headings, tables and code in text', () => {
    expect(linkTargets(sample)).toEqual(['native/README.md#the-map', 'a.png', 'other.md'])
    expect(headingAnchors(sample)).toEqual(['title-of-it', 'title-of-it-1'])
    expect(headingAnchors('# `alloc8`: a, b & c!')).toEqual(['alloc8-a-b--c'])
    expect(tableRows(sample)).toEqual([
      ['`x`', 'y, z'],
      ['\\|', ''],
    ])
    expect(inlineCode('`a` and ``b`` and `c d`')).toEqual(['a', 'c d'])
  })
})

describe('taking scripts apart', () => {
  test.each([
    ['ls -l', [['ls', '-l']]],
    ['a && b; c | d || e &', [['a'], ['b'], ['c'], ['d'], ['e']]],
    ['a "b c" \'d && e\'', [['a', 'b c', 'd && e']]],
    ['a > out.txt 2>&1', [['a', '2']]],
    ['a \\\n  b', [['a', 'b']]],
    ['# nothing\n\n', []],
    ['for i in 1 2; do a $i; done', [['a', '$i']]],
    ['sudo a', [['a']]],
    ['a *.c', [['a', '*.c']]],
  ])('%j', (script, words) => {
    expect(simpleCommands(script).map((command) => command.words)).toEqual(words)
  })

  test('keeps variables apart', () => {
    expect(simpleCommands('A=b LD_PRELOAD=build/x.so ls\nC=d')).toEqual([
      { variables: ['A=b', 'LD_PRELOAD=build/x.so'], words: ['ls'] },
      { variables: ['C=d'], words: [] },
    ])
  })
})

describe('reading help', () => {
  const help = `Usage: alloc8 [options] [command]

Options:
  -V, --version              the version
  --heap <heap>              a heap (default: "default")
  --no-aslr                  off
  --maybe [what]             perhaps
  -h, --help                 this

Commands:
  compare [options] <command...>  Compare
  run [options] <command...>  Run
  help [command]             display help

Examples:
  alloc8 heaps                       the allocators
  alloc8 run --heap a:b=1 -- ./x
`

  test('finds options, commands and examples', () => {
    expect(optionsInHelp(help)).toEqual([
      { names: ['-V', '--version'], takesValue: false },
      { names: ['--heap'], takesValue: true },
      { names: ['--no-aslr'], takesValue: false },
      { names: ['--maybe'], takesValue: false },
      { names: ['-h', '--help'], takesValue: false },
    ])
    expect(commandsInHelp(help)).toEqual(['compare', 'run'])
    expect(examplesInHelp(help)).toEqual(['alloc8 heaps', 'alloc8 run --heap a:b=1 -- ./x'])
  })
})

describe('checking commands', () => {
  const around: Surroundings = {
    exists: (path) => ['scripts', 'scripts/bench.mjs', 'native', 'test/unit', 'build/Release/lib.so'].includes(path),
    folders: ['scripts', 'native', 'test', 'build'],
    scripts: ['build', 'test', 'demo'],
    programs: ['vitest'],
    help: (command) =>
      command === ''
        ? 'Options:\n  -V, --version  v\n\nCommands:\n  run [options]  r\n  heaps  h\n'
        : '  --heap <heap>  h\n  --no-aslr  off\n  --json <file>  j\n',
  }
  const problems = (script: string) => simpleCommands(script).flatMap((command) => commandProblems(command, around))

  test.each([
    'npm run build && npm test',
    'npm run demo -- --blocks 3',
    'npm install',
    'npx vitest run test/unit -t name',
    'npx alloc8 run --heap jemalloc -- ./server --heapless',
    'alloc8 run --no-aslr --json=- ls --any',
    'alloc8 run --heap --odd -- x',
    'alloc8 --version',
    'alloc8 heaps --json -',
    'node scripts/bench.mjs --json out.json',
    'LD_PRELOAD=$PWD/build/Release/lib.so ls',
    'LD_PRELOAD=./build/Release/lib.so ls native',
    'cc -o prog prog.c && ./prog nativeish/x',
    'ls build/*.so',
  ])('passes %j', (script) => {
    expect(problems(script)).toEqual([])
  })

  test.each([
    ['npm run biuld', 'npm has no script biuld'],
    ['npm publish', 'npm publish is not known to this check'],
    ['npx jest', 'npm has not installed jest'],
    ['npx vitest run test/units', 'test/units does not exist'],
    ['alloc8 rum -- ls', 'alloc8 has no command rum'],
    ['alloc8', 'alloc8 has no command (none)'],
    ['alloc8 --heap x', 'alloc8 has no option --heap'],
    ['alloc8 run --heep jemalloc -- ls', 'alloc8 run has no option --heep'],
    ['npx alloc8 run --heap jemalloc --blocks=3 -- ls', 'alloc8 run has no option --blocks'],
    ['true && alloc8 heaps --gone | cat', 'alloc8 heaps has no option --gone'],
    ['node scripts/gone.mjs', 'scripts/gone.mjs does not exist'],
    ['LD_PRELOAD=./build/Release/gone.so ls', 'build/Release/gone.so does not exist'],
    ['cmake --prefix=native/gone', 'native/gone does not exist'],
  ])('refuses %j', (script, problem) => {
    expect(problems(script)).toEqual([problem])
  })
})
