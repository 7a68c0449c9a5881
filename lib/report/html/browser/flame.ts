/** In the reader's browser: what a flame graph does with mouse and keyboard, with its search and its filters. */

/// <reference lib="dom" />
/// <reference lib="dom.iterable" />

import type { drawFlame, FlameBox, FlameView } from './flame-draw.ts'
import type { amountText } from './flame-numbers.ts'
import type { FlameChoice, FlameData, FlameTree, flameTree } from './flame-tree.ts'

/** The parts of the page. */
export interface FlameParts {
  data: FlameData
  frame: HTMLElement
  canvas: HTMLCanvasElement
  form: HTMLFormElement
  detail: HTMLElement
  found: HTMLElement
}

/** Its helpers are passed in, because the text of a function keeps no imports. */
export interface FlameHelpers {
  flameTree: typeof flameTree
  drawFlame: typeof drawFlame
  amountText: typeof amountText
  flameParts: typeof flameParts
  flameKeys: typeof flameKeys
  flameText: typeof flameText
  flameChoice: typeof flameChoice
  flameSearch: typeof flameSearch
  flameColours: typeof flameColours
}

/** The parts; null where the page lacks one. */
export function flameParts(): FlameParts | null {
  const frame = document.getElementById('flame')
  const canvas = frame?.querySelector('canvas') ?? null
  const form = document.querySelector<HTMLFormElement>('#choice')
  const detail = document.getElementById('detail')
  const found = document.getElementById('found')
  if (frame === null || canvas === null || form === null || detail === null || found === null) return null
  const data = JSON.parse(document.getElementById('stacks')?.textContent ?? 'null') as FlameData
  return { data, frame, canvas, form, detail, found }
}

/** Where a key leads from a node: to callers, callees and neighbours; null where it is no key of ours. */
export function flameKeys(tree: FlameTree, from: number, key: string, upwards: boolean): number | null {
  const parent = tree.parents[from] ?? -1
  const siblings = tree.children[parent] ?? [from]
  const at = siblings.indexOf(from)
  const deeper = tree.children[from]?.[0] ?? from
  const outer = parent < 0 ? from : parent
  if (key === (upwards ? 'ArrowUp' : 'ArrowDown')) return deeper
  if (key === (upwards ? 'ArrowDown' : 'ArrowUp')) return outer
  if (key === 'ArrowLeft') return siblings[Math.max(0, at - 1)] ?? from
  if (key === 'ArrowRight') return siblings[Math.min(siblings.length - 1, at + 1)] ?? from
  return key === 'Home' ? 0 : null
}

/** What is said of a node: its function, where it is, its numbers. */
export function flameText(
  data: FlameData,
  tree: FlameTree,
  node: number,
  amount: (value: number, variance: number) => string,
): [name: string, place: string, numbers: string] {
  const [name = '', place = ''] = data.functions[tree.names[node] ?? 0] ?? []
  const value = tree.values[node] ?? 0
  const share = (of: number) => `${Number(((value / Math.max(of, 1e-9)) * 100).toPrecision(3))} %`
  const parent = tree.parents[node] ?? -1
  const own = tree.own[node] ?? 0
  const numbers = [
    amount(value, tree.variances[node] ?? 0),
    `${share(tree.values[0] ?? 0)} of all`,
    ...(parent > 0 ? [`${share(tree.values[parent] ?? 0)} of the box it stands on`] : []),
    ...(own > 0 && own < value ? [`${Number(((own / value) * 100).toPrecision(3))} % by itself`] : []),
    `${(tree.samples[node] ?? 0).toLocaleString('en')} samples`,
  ]
  return [name, place, numbers.join(', ')]
}

/** What the form says. */
export function flameChoice(form: HTMLFormElement, data: FlameData): FlameChoice {
  const value = (name: string) => (form.elements.namedItem(name) as HTMLSelectElement).value
  const [kind = '', which = ''] = value('who').split(':')
  const threads = data.threads.flatMap(([pid], at) => (Number(which) === (kind === 'pid' ? pid : at) ? [at] : []))
  const inverted = (form.elements.namedItem('inverted') as HTMLInputElement).checked
  return { number: value('number') as FlameChoice['number'], threads: kind === '' ? null : new Set(threads), inverted }
}

/** The functions that a text finds, by name or file, and what they hold: of matches within matches the outermost. */
export function flameSearch(
  data: FlameData,
  tree: FlameTree,
  text: string,
): { matches: Set<number>; sum: number; variance: number } {
  const finds = (words: string) => words.toLowerCase().includes(text)
  const found = data.functions.flatMap(([name, place], at) => (finds(name) || finds(place) ? [at] : []))
  const matches = new Set(text === '' ? [] : found)
  let sum = 0
  let variance = 0
  const waiting = matches.size === 0 ? [] : [0]
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if (matches.has(tree.names[node] ?? -1)) {
      sum += tree.values[node] ?? 0
      variance += tree.variances[node] ?? 0
      continue
    }
    for (const child of tree.children[node] ?? []) waiting.push(child)
  }
  return { matches, sum, variance }
}

/** The page's colours, which change with its theme. */
export function flameColours(): FlameView['colours'] {
  const style = getComputedStyle(document.documentElement)
  const colour = (name: string) => style.getPropertyValue(name).trim()
  const [ink, paper] = [colour('--ink'), colour('--card')]
  return { paper, ink, mark: ink, markInk: paper, dark: style.colorScheme === 'dark' }
}

/** Starts it. */
export function flame(helpers: FlameHelpers): void {
  const parts = helpers.flameParts()
  const context = parts?.canvas.getContext('2d') ?? null
  if (parts === null || context === null) return
  const { data, frame, canvas, form, detail, found } = parts
  const row = 21
  let tree: FlameTree
  let boxes: FlameBox[] = []
  let search = ''
  let matches = new Set<number>()
  const state = { zoom: 0, selected: 0, hovered: -1, waiting: false, bytes: true, upwards: false }
  const field = (name: string) => form.elements.namedItem(name) as HTMLInputElement | HTMLSelectElement
  const isOn = (name: string) => (field(name) as HTMLInputElement).checked

  const amount = (value: number, variance: number) =>
    state.bytes ? helpers.amountText(value, variance, data.none) : `${Math.round(value).toLocaleString('en')} blocks`

  const say = (node: number) => {
    const [name, place, numbers] = helpers.flameText(data, tree, node, amount)
    const [first, second, third] = detail.children
    if (first) first.textContent = name
    if (second) second.textContent = place
    if (third) third.textContent = (tree.values[0] ?? 0) > 0 ? numbers : 'nothing was sampled here'
  }
  const draw = () => {
    state.waiting = false
    const [width, height] = [frame.clientWidth, frame.clientHeight]
    const density = window.devicePixelRatio || 1
    canvas.width = Math.round(width * density)
    canvas.height = Math.round(height * density)
    canvas.style.width = `${width}px`
    canvas.style.height = `${height}px`
    context.setTransform(density, 0, 0, density, 0, 0)
    boxes = helpers.drawFlame(context, tree, {
      ...state,
      width,
      height,
      top: frame.scrollTop,
      total: Math.max(height, (tree.deepest + 1) * row),
      row,
      found: (name) => matches.has(name),
      searching: search !== '',
      labels: (node) => data.functions[tree.names[node] ?? 0]?.[0] ?? '',
      hues: (name) => data.functions[name]?.[2] ?? 0,
      colours: helpers.flameColours(),
    })
  }
  const redraw = () => {
    if (!state.waiting) requestAnimationFrame(draw)
    state.waiting = true
  }
  const lookFor = () => {
    search = field('search').value.trim().toLowerCase()
    const hit = helpers.flameSearch(data, tree, search)
    matches = hit.matches
    const share = Number(((hit.sum / Math.max(tree.values[0] ?? 0, 1e-9)) * 100).toPrecision(3))
    found.textContent =
      search === ''
        ? ''
        : `${matches.size} ${matches.size === 1 ? 'function' : 'functions'}: ${amount(hit.sum, hit.variance)}, ${share} %`
    redraw()
  }
  const rebuild = () => {
    const wanted = helpers.flameChoice(form, data)
    tree = helpers.flameTree(data, wanted)
    state.bytes = wanted.number.endsWith('Bytes')
    state.upwards = isOn('upwards')
    state.zoom = 0
    state.selected = 0
    const [spacer] = frame.getElementsByClassName('spacer')
    const total = (tree.deepest + 1) * row
    if (spacer instanceof HTMLElement) spacer.style.height = `${total}px`
    frame.style.height = `${Math.min(total + 2, Math.max(240, window.innerHeight * 0.72))}px`
    frame.scrollTop = state.upwards ? total : 0
    say(0)
    lookFor()
  }
  const zoomTo = (node: number) => {
    state.zoom = node
    state.selected = node
    say(node)
    redraw()
  }
  const nodeAt = (event: MouseEvent) => {
    const { left, top } = canvas.getBoundingClientRect()
    const [x, y] = [event.clientX - left, event.clientY - top]
    const box = boxes.find((each) => x >= each.x && x < each.x + each.width && y >= each.y && y < each.y + row)
    return box?.node ?? -1
  }
  const showRow = (node: number) => {
    const depth = tree.depths[node] ?? 0
    const y = state.upwards ? (tree.deepest - depth) * row : depth * row
    if (y < frame.scrollTop) frame.scrollTop = y
    else if (y + row > frame.scrollTop + frame.clientHeight) frame.scrollTop = y + row - frame.clientHeight
  }

  form.addEventListener('submit', (event) => event.preventDefault())
  form.addEventListener('change', (event) => {
    if (event.target !== field('search')) rebuild()
  })
  field('search').addEventListener('input', lookFor)
  document.getElementById('whole')?.addEventListener('click', () => zoomTo(0))
  canvas.addEventListener('click', (event) => {
    const node = nodeAt(event)
    if (node >= 0) zoomTo(node)
  })
  canvas.addEventListener('mousemove', (event) => {
    const node = nodeAt(event)
    if (node === state.hovered) return
    state.hovered = node
    say(node < 0 ? state.selected : node)
    redraw()
  })
  canvas.addEventListener('mouseleave', () => {
    state.hovered = -1
    say(state.selected)
    redraw()
  })
  frame.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const next = helpers.flameKeys(tree, state.selected, event.key, state.upwards)
    if (next !== null) state.selected = next
    else if (event.key === 'Enter' || event.key === ' ') state.zoom = state.selected
    else if (event.key === 'Escape' || event.key === 'Backspace') {
      state.zoom = Math.max(0, tree.parents[state.zoom] ?? 0)
      state.selected = state.zoom
    } else return
    event.preventDefault()
    const outside = (tree.depths[state.selected] ?? 0) < (tree.depths[state.zoom] ?? 0)
    if (outside || event.key === 'Home') state.zoom = state.selected
    showRow(state.selected)
    say(state.selected)
    redraw()
  })
  frame.addEventListener('scroll', redraw)
  new ResizeObserver(redraw).observe(frame)
  new MutationObserver(redraw).observe(document.documentElement, { attributeFilter: ['data-theme'] })
  matchMedia('(prefers-color-scheme:dark)').addEventListener('change', redraw)
  form.hidden = false
  frame.hidden = false
  detail.hidden = false
  rebuild()
}
