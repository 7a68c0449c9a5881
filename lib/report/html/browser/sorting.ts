/** In the reader's browser: sorts a table by the column whose title is pressed. */

/// <reference lib="dom" />
/// <reference lib="dom.iterable" />

/** Makes buttons of the titles of columns that can be sorted. */
export function sorting(): void {
  const sort = (head: HTMLTableCellElement) => {
    const table = head.closest('table')
    const body = table?.tBodies[0]
    if (table === null || body === undefined) return
    const isUp = head.getAttribute('aria-sort') !== 'ascending'
    for (const other of table.querySelectorAll('[aria-sort]')) other.removeAttribute('aria-sort')
    head.setAttribute('aria-sort', isUp ? 'ascending' : 'descending')
    const isNumber = head.dataset['sort'] === 'number'
    const keyed = [...body.rows].map((row) => {
      const field = row.cells[head.cellIndex]
      const own = field?.querySelector('.name')?.textContent ?? field?.textContent ?? ''
      const value = field?.dataset['value']
      return { row, text: own, number: value === undefined || value === '' ? Number.NaN : Number(value) }
    })
    keyed.sort((a, b) => {
      if (!isNumber) return a.text.localeCompare(b.text, 'en', { numeric: true }) * (isUp ? 1 : -1)
      // What has no number stands below, whichever way the others go.
      if (Number.isNaN(a.number) || Number.isNaN(b.number))
        return Number(Number.isNaN(a.number)) - Number(Number.isNaN(b.number))
      return (a.number - b.number) * (isUp ? 1 : -1)
    })
    body.append(...keyed.map(({ row }) => row))
  }
  for (const head of document.querySelectorAll<HTMLTableCellElement>('th[data-sort]')) {
    const title = head.querySelector('.title')
    if (title === null) continue
    const button = document.createElement('button')
    button.type = 'button'
    button.textContent = title.textContent
    title.replaceWith(button)
    button.addEventListener('click', () => sort(head))
  }
}
