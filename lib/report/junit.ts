/** What JUnit reports have in common: text that XML can hold. */

/** Characters that XML 1.0 has no way to write, halves of surrogate pairs among them. */
const UNWRITABLE = /[^\t\n\r -\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu

/** A text without what XML has no way to write. */
export const writable = (text: string) => text.replace(UNWRITABLE, '\ufffd')
