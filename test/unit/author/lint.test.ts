/** What is found in a heap's source, and what is not code. */

import { describe, expect, test } from 'vitest'
import { codeOf, warningsIn } from '../../../lib/author/lint.ts'

const found = (text: string) => warningsIn('a.h', text).map(({ line, message }) => `${line} ${message.split(' ')[0]}`)

describe('what allocates', () => {
  test.each([
    ['printf("x");', ['1 printf']],
    ['int a;\n  std::fprintf (stderr, "x");', ['2 std::fprintf']],
    ['auto* p = new Node{};', ['1 new']],
    ['auto* p = new std::thread;', ['1 new']],
    ['std::string name;\nstd::vector<int> list;', ['1 std::string', '2 std::vector']],
    ['std::cerr << 1;', ['1 std::cerr']],
    ['auto* p = new (std::nothrow) Node; ::malloc(3); std::free(p);', ['1 new', '1 ::malloc']],
    ['puts("a"); strdup(b);', ['1 puts', '1 strdup']],
  ])('%j', (text, expected) => expect(found(text)).toEqual(expected))
})

describe('what does not', () => {
  test.each([
    '// printf("x")',
    '/* new Node\nprintf() */',
    'const char* text = "new Node printf(";',
    'const char* raw = R"x(printf("a") new Node)x";',
    '::new (place) Node{};',
    'void* p = Super::malloc(3); heap->malloc(4); MyHeap::calloc(1, 2);',
    'new (place) Node;',
    'void* operator new(std::size_t);',
    '#include <new>\n#include "printf.h"',
    'int renew = 3; new_size(4); snprintf(a, 1, b);',
    "char quote = '\"'; int x; // printf(\n char other = '\"';",
    "int big = 1'000'000; // new Node",
    '// a comment goes on \\\nprintf("x");',
  ])('%j', (text) => expect(found(text)).toEqual([]))
})

test('places stay where they are', () => {
  const text = '/* a\nb */ int x; // c\nconst char* s = "d\\"e"; int y;\n#include "f.h"\n'
  const code = codeOf(text)
  expect(code.length).toBe(text.length)
  for (const word of ['int x', 'int y', '#include "f.h"']) expect(code.indexOf(word)).toBe(text.indexOf(word))
  expect(code).not.toMatch(/[abcd] |"d/)
})
