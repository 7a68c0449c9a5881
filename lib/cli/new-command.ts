/** `alloc8 new`: the project of a new heap. */

import { Command } from 'commander'
import { create } from '../api/author.ts'
import { paletteFor } from './terminal.ts'

/** The command. */
export function newCommand(): Command {
  return new Command('new')
    .description('Write the project of a new heap: a class that works, its build, a test and a README.')
    .argument('<name>', 'of the heap and its folder')
    .addHelpText(
      'after',
      `
Examples:
  alloc8 new my-heap
  cd my-heap && alloc8 build my_heap.cpp && alloc8 run --heap ./libmy_heap.so -- ls`,
    )
    .action((name: string) => {
      const { files, className } = create(name)
      const { dim } = paletteFor(process.stdout)
      process.stdout.write(`${name}/: ${files.join(', ')}\n`)
      const source = files.find((file) => file.endsWith('.cpp') && !file.includes('/')) ?? ''
      const library = `lib${source.replace(/\.cpp$/, '.so')}`
      process.stdout.write(
        dim(
          `the class ${className} works as it is:\n` +
            `  cd ${name} && alloc8 build ${source} && alloc8 run --heap ./${library} -- ls\n`,
        ),
      )
    })
}
