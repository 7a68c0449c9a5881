/** What stands under each picture for those who see such a one for the first time. */

import { html, type Markup, type Part } from './markup.ts'

/** An explanation that is folded until somebody asks for it. */
export function howToRead(...sentences: readonly Part[]): Markup {
  return html`<details class="howto"><summary>How to read this</summary>${sentences.filter((each) => each !== null).map((each) => html`<p>${each}</p>`)}</details>`
}
