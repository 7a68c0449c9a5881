/**
 * In the reader's browser: the switch between light and dark. Each function in this folder is put into the page as its
 * own text, so that it may use nothing but what a page has.
 */

/// <reference lib="dom" />
/// <reference lib="dom.iterable" />

/** Lets a button go round the system's choice, light and dark, and remembers which. */
export function theme(): void {
  const button = document.getElementById('theme')
  if (button === null) return
  const choices = ['system', 'light', 'dark']
  let choice = 'system'
  try {
    choice = localStorage.getItem('alloc8-theme') ?? choice
  } catch {
    // A page from a file may have no storage; then it starts with the system's choice.
  }
  const show = () => {
    if (choice === 'light' || choice === 'dark') document.documentElement.dataset['theme'] = choice
    else delete document.documentElement.dataset['theme']
    button.textContent = `Theme: ${choice}`
  }
  button.addEventListener('click', () => {
    choice = choices[(choices.indexOf(choice) + 1) % choices.length] ?? 'system'
    try {
      localStorage.setItem('alloc8-theme', choice)
    } catch {
      // It holds as long as the page is open.
    }
    show()
  })
  button.hidden = false
  show()
}
