/** In the reader's browser: shows only the workloads, heaps, metrics and verdicts that are chosen. */

/// <reference lib="dom" />
/// <reference lib="dom.iterable" />

/** Lets the form narrow the page. What does not say what it is about, in one of the ways to filter, stays. */
export function filtering(): void {
  const form = document.querySelector<HTMLFormElement>('#filters')
  const shown = document.getElementById('shown')
  if (form === null || shown === null) return
  const selects = [...form.querySelectorAll<HTMLSelectElement>('select[data-filter]')]
  const isWanted = (element: HTMLElement) =>
    selects.every(({ value, dataset }) => {
      const own = element.dataset[dataset['filter'] ?? '']
      return value === '' || own === undefined || own === value
    })
  const apply = () => {
    for (const element of document.querySelectorAll<HTMLElement>('[data-row],figure[data-workload]')) {
      element.toggleAttribute('hidden', !isWanted(element))
    }
    for (const section of document.querySelectorAll<HTMLElement>('section.metric')) {
      section.hidden = section.querySelector('tbody tr:not([hidden])') === null
    }
    const rows = [...document.querySelectorAll('section.metric tbody tr')]
    const left = rows.filter((row) => !row.hasAttribute('hidden')).length
    shown.textContent = left === rows.length ? '' : `${left} of ${rows.length} rows shown`
  }
  form.addEventListener('change', apply)
  form.addEventListener('submit', (event) => event.preventDefault())
  form.addEventListener('reset', () => setTimeout(apply))
  form.hidden = false
}
