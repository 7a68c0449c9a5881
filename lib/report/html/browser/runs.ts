/** In the reader's browser: a card with every run of a cell, block by block, beside those of the baseline. */

/// <reference lib="dom" />
/// <reference lib="dom.iterable" />

/** What the card needs to know of a cell, as the page's JSON has it. */
interface RunsCell {
  workload: string
  heap: string
  metric: string
  unit: string
  runs: (number | null)[]
  partners: (number | null)[] | null
}

/** Makes the text of a number in a cell's unit. */
export function valueText(value: number, unit: string): string {
  const digits = (shown: number) =>
    shown >= 1000 ? Math.round(shown).toLocaleString('en') : String(Number(shown.toPrecision(3)))
  const scaled = (units: [string, number][]) => {
    const [name, size] = units.find(([, most]) => Math.abs(value) < most * 1000) ?? units[units.length - 1] ?? ['', 1]
    return `${digits(value / size)} ${name}`
  }
  if (unit === 'ns')
    return scaled([
      ['ns', 1],
      ['µs', 1e3],
      ['ms', 1e6],
      ['s', 1e9],
    ])
  if (unit === 'bytes')
    return scaled([
      ['B', 1],
      ['KiB', 2 ** 10],
      ['MiB', 2 ** 20],
      ['GiB', 2 ** 30],
    ])
  return digits(value)
}

/** Draws the runs as dots: blocks from left to right, values from below; the baseline's are rings. */
export function drawRuns(own: (number | null)[], beside: (number | null)[] | null, unit: string): SVGSVGElement {
  const make = (name: string, attributes: Record<string, string | number>, text?: string) => {
    const element = document.createElementNS('http://www.w3.org/2000/svg', name)
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value))
    if (text !== undefined) element.textContent = text
    return element
  }
  const numbers = [...own, ...(beside ?? [])].filter((value) => value !== null)
  const [least, most] = [Math.min(...numbers), Math.max(...numbers)]
  const room = Math.max(most - least, most * 0.002, 1e-9) * 0.08
  const top = 14
  const y = (value: number) => top + (1 - (value - least + room) / (most - least + 2 * room)) * 128
  const x = (block: number) => 20 + ((block + 0.5) / Math.max(1, own.length)) * 77
  const median = (values: (number | null)[]) => {
    const sorted = values.filter((value) => value !== null).sort((a, b) => a - b)
    return sorted.length === 0
      ? null
      : ((sorted[(sorted.length - 1) >> 1] ?? 0) + (sorted[sorted.length >> 1] ?? 0)) / 2
  }
  const svg = make('svg', { role: 'img' }) as SVGSVGElement
  const line = (values: (number | null)[], name: string) => {
    const middle = median(values)
    if (middle !== null) svg.append(make('line', { class: name, x1: '20%', x2: '97%', y1: y(middle), y2: y(middle) }))
  }
  const ends = numbers.length === 0 ? [] : least === most ? [most] : [most, least]
  for (const value of ends) {
    svg.append(make('text', { x: '18.5%', y: y(value) + 4, 'text-anchor': 'end' }, valueText(value, unit)))
  }
  line(own, 'median own')
  beside?.forEach((value, block) => {
    if (value !== null) svg.append(make('circle', { class: 'beside', cx: `${x(block) - 0.7}%`, cy: y(value), r: 3.5 }))
  })
  if (beside !== null) line(beside, 'median')
  own.forEach((value, block) => {
    if (value !== null) svg.append(make('circle', { class: 'dot', cx: `${x(block) + 0.7}%`, cy: y(value), r: 4 }))
    else svg.append(make('text', { class: 'lost', x: `${x(block)}%`, y: 140, 'text-anchor': 'middle' }, '✗'))
  })
  svg.append(make('text', { x: '20%', y: 166 }, 'block 1'))
  svg.append(make('text', { x: '97%', y: 166, 'text-anchor': 'end' }, String(own.length)))
  const middle = median(own)
  const found = own.filter((value) => value !== null)
  const words =
    middle === null
      ? 'no run gave a number'
      : `median ${valueText(middle, unit)}, lowest ${valueText(Math.min(...found), unit)}, highest ${valueText(Math.max(...found), unit)}`
  svg.setAttribute('aria-label', `${found.length} of ${own.length} runs: ${words}`)
  return svg
}

/** Shows the card while a row's picture is pointed at, focused or pressed. */
export function runs(): void {
  const cells = JSON.parse(document.getElementById('result')?.textContent ?? '{"cells":[]}').cells as RunsCell[]
  let card: HTMLElement | null = null
  let owner: HTMLElement | null = null
  const close = () => {
    card?.remove()
    owner?.setAttribute('aria-expanded', 'false')
    owner?.removeAttribute('aria-describedby')
    card = null
    owner = null
  }
  const paragraph = (key: string, text: string) => {
    const element = document.createElement('p')
    const sign = document.createElement('span')
    sign.className = key
    element.append(sign, text)
    return element
  }
  const open = (button: HTMLElement) => {
    if (owner === button) return
    close()
    const cell = cells[Number(button.dataset['cell'])]
    if (cell === undefined) return
    const first = cells.find(({ workload, metric }) => workload === cell.workload && metric === cell.metric)
    const beside = cell.partners ?? (first === undefined || first === cell ? null : first.runs)
    const made = document.createElement('div')
    made.className = `card ${[...(button.querySelector('.whisker')?.classList ?? [])].join(' ').replace('whisker', '')}`
    made.id = 'runs-card'
    const title = document.createElement('h4')
    title.textContent = button.querySelector('.hidden')?.textContent ?? ''
    const svg = drawRuns(cell.runs, beside, cell.unit)
    made.append(title, svg, paragraph('key own', svg.getAttribute('aria-label') ?? ''))
    if (beside !== null) made.append(paragraph('key', `the baseline in the same blocks`))
    button.parentElement?.append(made)
    // In a narrow window it would begin left of it.
    const { left } = made.getBoundingClientRect()
    if (left < 12) made.style.right = `${left - 12}px`
    button.setAttribute('aria-expanded', 'true')
    button.setAttribute('aria-describedby', made.id)
    card = made
    owner = button
  }
  for (const button of document.querySelectorAll<HTMLElement>('button.runs')) {
    const place = button.parentElement
    button.addEventListener('focus', () => open(button))
    button.addEventListener('click', () => open(button))
    button.addEventListener('blur', close)
    place?.addEventListener('mouseenter', () => open(button))
    place?.addEventListener('mouseleave', () => {
      if (document.activeElement !== button) close()
    })
  }
  document.addEventListener('keydown', ({ key }) => {
    if (key === 'Escape') close()
  })
}
