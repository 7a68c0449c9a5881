/**
 * In the reader's browser: the tree that a flame graph draws, made anew for each choice of threads, numbers and direction.
 * Twenty thousand stacks take a fraction of a second, because frames are numbers in flat arrays.
 */

/** The page's data: a tree of calls from the program's start on, and stacks that end in its nodes. */
export interface FlameData {
  /** What one sample stands for where none was taken. */
  none: number
  /** Name, place and colour's number of each function. */
  functions: [name: string, place: string, hue: number][]
  /** Of each node: its parent's position, which is lower, -1 for the root; and its function's. */
  parents: number[]
  names: number[]
  threads: [pid: number, text: string][]
  /** Node, thread, then the numbers of `numbers`. */
  stacks: number[][]
}

/** What the reader has chosen. */
export interface FlameChoice {
  number: 'liveBytes' | 'allocatedBytes' | 'liveBlocks' | 'allocatedBlocks'
  /** Positions in `threads`; null: all. */
  threads: Set<number> | null
  /** The allocating functions stand at the root. */
  inverted: boolean
}

/** A tree with sums; children of a node stand by their size. */
export interface FlameTree {
  parents: number[]
  names: number[]
  values: number[]
  /** In bytes squared, of the bytes in the choice; 0 for blocks. */
  variances: number[]
  own: number[]
  samples: number[]
  children: number[][]
  depths: number[]
  /** Where each begins, in the value's unit from the left. */
  starts: number[]
  deepest: number
}

/** Makes the tree for a choice. */
export function flameTree(data: FlameData, choice: FlameChoice): FlameTree {
  const columns = {
    allocatedBytes: [2, 3, 8],
    liveBytes: [4, 5, 9],
    allocatedBlocks: [6, -1, 8],
    liveBlocks: [7, -1, 9],
  }
  const [value = 0, variance = 0, samples = 0] = columns[choice.number]
  const tree: FlameTree = {
    parents: choice.inverted ? [-1] : data.parents,
    names: choice.inverted ? [data.names[0] ?? 0] : data.names,
    values: [],
    variances: [],
    own: [],
    samples: [],
    children: [],
    depths: [],
    starts: [],
    deepest: 0,
  }
  const grow = () => {
    for (const list of [tree.values, tree.variances, tree.own, tree.samples]) {
      while (list.length < tree.parents.length) list.push(0)
    }
  }
  const add = (node: number, stack: number[]) => {
    tree.values[node] = (tree.values[node] ?? 0) + (stack[value] ?? 0)
    tree.variances[node] = (tree.variances[node] ?? 0) + (variance < 0 ? 0 : (stack[variance] ?? 0))
    tree.samples[node] = (tree.samples[node] ?? 0) + (stack[samples] ?? 0)
  }
  const known = new Map<number, number>()
  const childOf = (parent: number, name: number) => {
    const key = parent * data.functions.length + name
    const found = known.get(key) ?? tree.parents.push(parent) - 1
    if (found === tree.names.length) tree.names.push(name)
    known.set(key, found)
    return found
  }
  grow()
  for (const stack of data.stacks) {
    if ((choice.threads !== null && !choice.threads.has(stack[1] ?? -1)) || !((stack[value] ?? 0) > 0)) continue
    let node = stack[0] ?? 0
    if (!choice.inverted) {
      add(node, stack)
      tree.own[node] = (tree.own[node] ?? 0) + (stack[value] ?? 0)
      continue
    }
    let at = 0
    add(0, stack)
    for (; node > 0; node = data.parents[node] ?? 0) {
      at = childOf(at, data.names[node] ?? 0)
      if (tree.values.length < tree.parents.length) grow()
      add(at, stack)
    }
    tree.own[at] = (tree.own[at] ?? 0) + (stack[value] ?? 0)
  }
  if (!choice.inverted) {
    for (let node = tree.parents.length - 1; node > 0; node--) {
      const parent = tree.parents[node] ?? 0
      for (const list of [tree.values, tree.variances, tree.samples])
        list[parent] = (list[parent] ?? 0) + (list[node] ?? 0)
    }
  }
  place(tree)

  /** Parents stand before their children. */
  function place(on: FlameTree): void {
    for (let node = 0; node < on.parents.length; node++) {
      on.children.push([])
      const parent = on.parents[node] ?? -1
      on.depths.push(parent < 0 ? 0 : (on.depths[parent] ?? 0) + 1)
      if (!((on.values[node] ?? 0) > 0)) continue
      on.deepest = Math.max(on.deepest, on.depths[node] ?? 0)
      if (parent >= 0) on.children[parent]?.push(node)
    }
    on.starts = on.parents.map(() => 0)
    for (const [node, children] of on.children.entries()) {
      children.sort((a, b) => (on.values[b] ?? 0) - (on.values[a] ?? 0))
      let start = on.starts[node] ?? 0
      for (const child of children) {
        on.starts[child] = start
        start += on.values[child] ?? 0
      }
    }
  }
  return tree
}
