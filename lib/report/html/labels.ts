/** Puts names beside points so that they do not cover each other: the first of a few places that is free. */

/** A name in a picture: where its point is, in pixels of the narrowest width at which it is shown. */
export interface Placing {
  x: number
  y: number
  text: string
}

/** Where a name goes relative to its point. */
export interface Place {
  dx: number
  dy: number
  anchor: 'start' | 'middle' | 'end'
}

/** A rectangle in pixels. */
interface Box {
  left: number
  right: number
  top: number
  bottom: number
}

const LETTER = 7
const RISE = 14

const PLACES: readonly Place[] = [
  { dx: 10, dy: 4, anchor: 'start' },
  { dx: -10, dy: 4, anchor: 'end' },
  { dx: 0, dy: -11, anchor: 'middle' },
  { dx: 0, dy: 20, anchor: 'middle' },
  { dx: 9, dy: -9, anchor: 'start' },
  { dx: 9, dy: 17, anchor: 'start' },
  { dx: -9, dy: -9, anchor: 'end' },
  { dx: -9, dy: 17, anchor: 'end' },
]

function boxOf({ x, y, text }: Placing, { dx, dy, anchor }: Place): Box {
  const width = text.length * LETTER
  const from = x + dx - (anchor === 'end' ? width : anchor === 'middle' ? width / 2 : 0)
  return { left: from, right: from + width, top: y + dy - RISE + 3, bottom: y + dy + 3 }
}

const overlap = (a: Box, b: Box) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom

/** A place for each name, in order; null for one that fits nowhere within `width` and `height`. */
export function placeLabels(names: readonly Placing[], width: number, height: number): (Place | null)[] {
  const taken: Box[] = names.map(({ x, y }) => ({ left: x - 6, right: x + 6, top: y - 6, bottom: y + 6 }))
  return names.map((name, index) => {
    const free = PLACES.find((place) => {
      const box = boxOf(name, place)
      if (box.left < -4 || box.right > width + 12 || box.top < 0 || box.bottom > height) return false
      return taken.every((other, at) => at === index || !overlap(box, other))
    })
    if (free === undefined) return null
    taken.push(boxOf(name, free))
    return free
  })
}
