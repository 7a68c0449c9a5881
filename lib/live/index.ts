/** What others may use of the view. */

export { onceText } from './once.ts'
export type { Paints } from './screen.ts'
export { showView, type ViewEnd } from './view.ts'
