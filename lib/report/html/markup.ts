/**
 * HTML out of templates that escape: what is put into one is text, unless it is markup made by another. So no heap's
 * name, output or path can become an element or an attribute, and nobody has to remember to escape.
 */

/** Text that is HTML already. Only `html` and `trusted` make it. */
export class Markup {
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  toString(): string {
    return this.#text
  }
}

/** What may be put into a template; nothing is shown of null, undefined and false. */
export type Part = Markup | string | number | null | undefined | false | readonly Part[]

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

/** Characters that HTML has no way to write: controls but for tab and line feed, and halves of surrogate pairs. */
const UNWRITABLE = /(?![\n\t])\p{Cc}|\p{Cs}/gu

/** Text as HTML shows it, for contents and for attributes in quotes. */
export function escapeHtml(text: string): string {
  return text.replace(UNWRITABLE, '\ufffd').replace(/[&<>"']/g, (sign) => ENTITIES[sign] ?? '')
}

function shown(part: Part): string {
  if (part === null || part === undefined || part === false) return ''
  if (typeof part === 'object') return part instanceof Markup ? part.toString() : part.map(shown).join('')
  return escapeHtml(String(part))
}

/** HTML from a template: `html`<td title="${text}">${text}</td>``. Attributes must be in quotes. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  return new Markup(strings.map((text, index) => text + shown(parts[index])).join(''))
}

/** Text of ours that is HTML, CSS or a script as it stands. Never anything that came from outside. */
export function trusted(text: string): Markup {
  return new Markup(text)
}

/** A value as JSON in a `<script type="application/json">`: no `<` could end the element or open a comment. */
export function jsonIsland(value: unknown): Markup {
  const hex = (sign: string) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`
  return new Markup(JSON.stringify(value).replace(/[<>&\u2028\u2029]/g, hex))
}
