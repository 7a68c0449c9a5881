/** In the reader's browser: saves the result that the page was made from as JSON. */

/// <reference lib="dom" />
/// <reference lib="dom.iterable" />

/** Lets a button save the result. */
export function download(): void {
  const button = document.getElementById('save')
  const island = document.getElementById('result')
  if (button === null || island === null) return
  button.addEventListener('click', () => {
    const text = `${JSON.stringify(JSON.parse(island.textContent ?? ''), null, 2)}\n`
    const link = document.createElement('a')
    link.href = URL.createObjectURL(new Blob([text], { type: 'application/json' }))
    link.download = 'alloc8-compare.json'
    link.click()
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000)
  })
  button.hidden = false
}
