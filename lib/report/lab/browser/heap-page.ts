/** In the reader's browser: what a heap map does with mouse and keyboard, with its time and its colours. */

/// <reference lib="dom" />
/// <reference lib="dom.iterable" />

import type { drawHeap } from './heap-draw.ts'
import type { columnOf, firstAbove, HeapMapData, HeapModel, heapModel } from './heap-model.ts'
import type { HeapRows, heapRows, rowOf } from './heap-rows.ts'
import type { blockAt, blockWords, HeapPaint, heapBytes, heapPaint, liveSums, pageWords } from './heap-words.ts'

/** The parts of the page. */
export interface HeapParts {
  data: HeapMapData
  frame: HTMLElement
  canvas: HTMLCanvasElement
  form: HTMLFormElement
  detail: HTMLElement
  state: HTMLElement
  legend: HTMLElement
}

/** Its helpers are passed in, because the text of a function keeps no imports. */
export interface HeapHelpers {
  columnOf: typeof columnOf
  heapModel: typeof heapModel
  firstAbove: typeof firstAbove
  heapRows: typeof heapRows
  rowOf: typeof rowOf
  drawHeap: typeof drawHeap
  blockAt: typeof blockAt
  blockWords: typeof blockWords
  heapBytes: typeof heapBytes
  heapPaint: typeof heapPaint
  liveSums: typeof liveSums
  pageWords: typeof pageWords
  heapParts: typeof heapParts
  heapLegend: typeof heapLegend
  nextBlock: typeof nextBlock
  pageColours: typeof pageColours
  playing: typeof playing
}

/** The parts; null where the page lacks one. */
export function heapParts(): HeapParts | null {
  const byId = (id: string) => document.getElementById(id)
  const [frame, form, detail, state, legend] = ['map', 'choice', 'detail', 'state', 'legend'].map(byId)
  const canvas = frame?.querySelector('canvas') ?? null
  if (!frame || !canvas || !(form instanceof HTMLFormElement) || !detail || !state || !legend) return null
  const data = JSON.parse(byId('blocks')?.textContent ?? 'null') as HeapMapData
  return { data, frame, canvas, form, detail, state, legend }
}

/** The page's colours, which change with its theme. */
export function pageColours(): {
  paper: string
  ink: string
  soft: string
  rule: string
  faint: string
  isDark: boolean
} {
  const style = getComputedStyle(document.documentElement)
  const colour = (name: string) => {
    const text = style.getPropertyValue(name).trim()
    return text.length === 4 ? text.replace(/[^#]/g, '$&$&') : text
  }
  const [paper = '', ink = '', soft = '', rule = '', faint = ''] = [
    '--card',
    '--ink',
    '--soft',
    '--rule',
    '--faint',
  ].map(colour)
  return { paper, ink, soft, rule, faint, isDark: style.colorScheme === 'dark' }
}

/** Fills the legend; entries with a key are buttons. */
export function heapLegend(place: HTMLElement, paint: HeapPaint, only: number, choose: (key: number) => void): void {
  const most = 24
  const shown = paint.legend.slice(0, most).map(({ colour, text, key }) => {
    const entry = document.createElement(key < 0 ? 'span' : 'button')
    const swatch = document.createElement('i')
    swatch.style.background = paint.palette[colour] ?? ''
    entry.append(swatch, text)
    if (entry instanceof HTMLButtonElement) {
      entry.type = 'button'
      entry.setAttribute('aria-pressed', String(key === only))
      entry.addEventListener('click', () => choose(key === only ? -1 : key))
    }
    return entry
  })
  if (paint.legend.length > most) shown.push(document.createElement('span'))
  const last = shown.at(-1)
  if (paint.legend.length > most && last)
    last.textContent = `and ${paint.legend.length - most} more, the colours again from the first`
  place.replaceChildren(...shown)
}

/** The next block in a direction that is to be seen at a time; the same where there is none. */
export function nextBlock(model: HeapModel, from: number, step: number, time: number, freed: boolean): number {
  for (let block = from + step; block >= 0 && block < model.data.count; block += step) {
    if ((model.age[block] ?? 0) > time || (model.data.processes[model.process[block] ?? 0]?.[1] ?? 0) > time) continue
    if (freed || (model.freed[block] ?? 0) > time) return block
  }
  return from
}

/** Lets time pass, from its start where it is over, for eight seconds or until it is stopped. */
export function playing(button: HTMLButtonElement, slider: HTMLInputElement, changed: () => void): void {
  let since = 0
  let began = 0
  let on = false
  const set = (now: boolean) => {
    on = now
    button.textContent = on ? 'Stop' : 'Play'
  }
  const step = (now: number) => {
    if (!on) return
    if (since === 0) since = now
    const most = Number(slider.max)
    const time = began + ((now - since) / 8000) * most
    slider.value = String(Math.min(most, Math.round(time)))
    changed()
    if (time >= most) set(false)
    else requestAnimationFrame(step)
  }
  button.addEventListener('click', () => {
    set(!on)
    since = 0
    began = Number(slider.value) >= Number(slider.max) ? 0 : Number(slider.value)
    if (on) requestAnimationFrame(step)
  })
}

/** Starts it. One function, because all that it does is about the state that its handlers share. */
export function heapPage(helpers: HeapHelpers): void {
  const parts = helpers.heapParts()
  const context = parts?.canvas.getContext('2d') ?? null
  if (parts === null || context === null) return
  const { data, frame, canvas, form, detail, state, legend } = parts
  const model = helpers.heapModel(data, helpers.columnOf)
  const rowHeight = 20
  // Browsers stop at some 16 million pixels.
  const mostRows = 800_000
  const [leastLevel, mostLevel] = [6, 40]
  const field = (name: string) => form.elements.namedItem(name) as HTMLInputElement
  const slider = field('time')
  let rows: HeapRows
  let paint: HeapPaint
  let colours = helpers.pageColours()
  const view = { level: mostLevel, only: -1, selected: -1, waiting: false, time: data.last, gutter: 78 }

  const layOut = (level: number) =>
    helpers.heapRows(model, 2 ** level, mostRows, data.count === 0 || field('empty').checked)
  const headings = new Map<number, string>()
  const heading = (place: number) => {
    const known = headings.get(place)
    if (known !== undefined) return known
    const { start = 0, end = 0, label = '' } = model.places[place] ?? {}
    const text =
      place < 0
        ? (data.processes[-1 - place]?.[0] ?? '')
        : `0x${start.toString(16)}  ${label}, ${helpers.heapBytes(end - start)}`
    headings.set(place, text)
    return text
  }
  const mark = (block: number) => {
    const by = field('colour').value
    if (by === 'thread') return data.threadMarks[model.thread[block] ?? 0] ?? ''
    return by === 'process' ? (data.processMarks[model.process[block] ?? 0] ?? '') : ''
  }
  const draw = () => {
    view.waiting = false
    const began = performance.now()
    const [width, height] = [frame.clientWidth, frame.clientHeight]
    const density = window.devicePixelRatio || 1
    view.gutter = width < 600 ? 66 : 84
    canvas.width = Math.round(width * density)
    canvas.height = Math.round(height * density)
    canvas.style.width = `${width}px`
    canvas.style.height = `${height}px`
    helpers.drawHeap(
      context,
      model,
      rows,
      {
        ...{ width, height, density, top: frame.scrollTop, rowHeight, gutter: view.gutter, time: view.time },
        ...{ colours: paint.colours, palette: paint.palette, mark, heading, showFreed: field('freed').checked },
        ...{ selected: view.selected, ...colours },
      },
      helpers.firstAbove,
    )
    frame.dataset['drawMs'] = (performance.now() - began).toFixed(1)
  }
  const redraw = () => {
    if (!view.waiting) requestAnimationFrame(draw)
    view.waiting = true
  }
  const colour = () => {
    colours = helpers.pageColours()
    paint = helpers.heapPaint(model, field('colour').value, view.only, colours.isDark, colours.rule, helpers.heapBytes)
    helpers.heapLegend(legend, paint, view.only, (key) => {
      view.only = key
      colour()
    })
    redraw()
  }
  const tell = () => {
    view.time = Number(slider.value)
    const { blocks, bytes, freed } = helpers.liveSums(model, view.time)
    const of = `${Math.min(data.last, view.time + 1).toLocaleString('en')} of ${data.last.toLocaleString('en')}`
    const row = `1 row: ${helpers.heapBytes(rows.rowBytes)}${rows.isCut ? '; the map ends where there are more rows than a browser shows' : ''}`
    state.textContent =
      data.count === 0
        ? row
        : `After allocation ${of}: ${blocks.toLocaleString('en')} live blocks of ${helpers.heapBytes(bytes)}, ${freed.toLocaleString('en')} freed. ${row}.`
    redraw()
  }
  /** Another zoom, so that an address of a place stays where it is. */
  const zoomTo = (level: number, anchor?: { place: number; address: number; y: number }) => {
    const wanted = Math.max(leastLevel, Math.min(mostLevel, level))
    const made = layOut(wanted)
    if (made.isCut && wanted < view.level && rows !== undefined) return
    rows = made
    view.level = wanted
    const [spacer] = frame.getElementsByClassName('spacer')
    const total = rows.count * rowHeight
    if (spacer instanceof HTMLElement) spacer.style.height = `${total}px`
    frame.style.height = `${Math.min(total + 2, Math.max(260, window.innerHeight * 0.7))}px`
    if (anchor) frame.scrollTop = helpers.rowOf(rows, anchor.place, anchor.address) * rowHeight - anchor.y
    tell()
  }
  /** The place, the address and the height of what is at a point, or in the middle. */
  const under = (x: number, y: number) => {
    const row = Math.floor((y + frame.scrollTop) / rowHeight)
    const share = (x - view.gutter) / Math.max(1, frame.clientWidth - view.gutter - 8)
    const address = (rows.start[row] ?? 0) + Math.max(0, Math.min(0.999999, share)) * (rows.bytes[row] ?? 0)
    const inside = row < rows.count && (rows.bytes[row] ?? 0) > 0 && share >= 0 && share < 1
    return { place: rows.place[row] ?? -1, address: Math.floor(address), y: row * rowHeight - frame.scrollTop, inside }
  }
  const zoom = (by: number, x = frame.clientWidth / 2, y = frame.clientHeight / 2) => {
    const at = under(x, y)
    const { start, size } = model
    // What is selected is what zooming is about, where it can be seen.
    const placeOf = model.places.findIndex(({ from, to }) => view.selected >= from && view.selected < to)
    if (by < 0 && view.selected >= 0 && placeOf >= 0 && x === frame.clientWidth / 2) {
      const address = (start[view.selected] ?? 0) + (size[view.selected] ?? 0) / 2
      zoomTo(view.level + by, { place: placeOf, address, y: frame.clientHeight / 2 })
    } else zoomTo(view.level + by, at.place < 0 ? { place: 0, address: 0, y: 0 } : at)
  }
  const whole = () => {
    // The finest zoom at which everything is on the screen, or nearly so where there are many mappings.
    let [low, high] = [leastLevel, mostLevel]
    const room = Math.max(Math.max(260, window.innerHeight * 0.7) / rowHeight, layOut(mostLevel).count * 1.5)
    while (low < high) {
      const middle = (low + high) >> 1
      if (layOut(middle).count <= room) high = middle
      else low = middle + 1
    }
    zoomTo(low)
    frame.scrollTop = 0
  }
  const say = (first: string, second: string, third: string) => {
    for (const [at, text] of [first, second, third].entries()) {
      const line = detail.children[at]
      if (line) line.textContent = text
    }
  }
  const sayBlock = (block: number, place: number, address: number) => {
    const { label = '', start = 0, process = 0 } = model.places[place] ?? {}
    const page = helpers.pageWords(model, place, address, helpers.firstAbove)
    const where = `${data.processes[process]?.[0] ?? ''} ${label} 0x${start.toString(16)}+${(address - start).toString(16)}${page === '' ? '' : `, ${page}`}`
    if (block < 0) say(`0x${address.toString(16)}: no block`, '', where.trim())
    else say(...helpers.blockWords(model, block, helpers.heapBytes), where.trim())
  }
  const select = (block: number) => {
    view.selected = block
    const place = model.places.findIndex(({ from, to }) => block >= from && block < to)
    const address = model.start[block] ?? 0
    const y = helpers.rowOf(rows, place, address) * rowHeight
    if (y < frame.scrollTop) frame.scrollTop = y - rowHeight
    else if (y + rowHeight > frame.scrollTop + frame.clientHeight)
      frame.scrollTop = y + 2 * rowHeight - frame.clientHeight
    sayBlock(block, place, address)
    redraw()
  }
  const pointed = (event: MouseEvent) => {
    const { left, top } = canvas.getBoundingClientRect()
    const at = under(event.clientX - left, event.clientY - top)
    if (!at.inside) return -1
    const found = helpers.blockAt(model, at.place, at.address, view.time, helpers.firstAbove)
    const shown = found >= 0 && ((model.freed[found] ?? 0) > view.time || field('freed').checked) ? found : -1
    sayBlock(shown, at.place, at.address)
    return shown
  }

  canvas.addEventListener('mousemove', pointed)
  canvas.addEventListener('click', (event) => {
    view.selected = pointed(event)
    redraw()
  })
  frame.addEventListener(
    'wheel',
    (event) => {
      if (!event.ctrlKey && !event.metaKey) return
      event.preventDefault()
      const { left, top } = canvas.getBoundingClientRect()
      zoom(Math.sign(event.deltaY), event.clientX - left, event.clientY - top)
    },
    { passive: false },
  )
  frame.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const { key } = event
    const freed = field('freed').checked
    if (key === '+' || key === '=') zoom(-1)
    else if (key === '-') zoom(1)
    else if (key === '0') whole()
    else if (key === 'ArrowRight') select(helpers.nextBlock(model, view.selected, 1, view.time, freed))
    else if (key === 'ArrowLeft') select(helpers.nextBlock(model, Math.max(0, view.selected), -1, view.time, freed))
    else return
    event.preventDefault()
  })
  form.addEventListener('submit', (event) => event.preventDefault())
  form.addEventListener('change', (event) => {
    if (event.target === field('colour')) view.only = -1
    if (event.target === field('empty')) whole()
    colour()
  })
  slider.addEventListener('input', tell)
  document.getElementById('nearer')?.addEventListener('click', () => zoom(-1))
  document.getElementById('further')?.addEventListener('click', () => zoom(1))
  document.getElementById('whole')?.addEventListener('click', whole)
  const play = document.getElementById('play')
  if (play instanceof HTMLButtonElement) helpers.playing(play, slider, tell)
  frame.addEventListener('scroll', redraw)
  for (const element of [form, frame, detail, legend]) element.hidden = false
  for (const element of document.querySelectorAll<HTMLElement>('.of-time')) element.hidden = data.count === 0
  slider.max = String(data.last)
  slider.value = slider.max
  colours = helpers.pageColours()
  paint = helpers.heapPaint(model, 'thread', -1, colours.isDark, colours.rule, helpers.heapBytes)
  whole()
  colour()
  say(data.count === 0 ? 'Point at a page.' : 'Point at a block, or go to one with the arrow keys.', '', '')
  new ResizeObserver(redraw).observe(frame)
  new MutationObserver(colour).observe(document.documentElement, { attributeFilter: ['data-theme'] })
  matchMedia('(prefers-color-scheme:dark)').addEventListener('change', colour)
}
