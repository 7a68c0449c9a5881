/** Which points are worth a choice where two things count, such as time and memory. */

/** A point of which less is better in both directions. */
export interface Point {
  x: number
  y: number
}

/**
 * The positions of the points of which no other is as good in both and better in one (Pareto's set), in their order.
 * Equal points stand or fall together.
 */
export function paretoSet(points: readonly Point[]): number[] {
  const beats = (a: Point, b: Point) => a.x <= b.x && a.y <= b.y && (a.x < b.x || a.y < b.y)
  return points.flatMap((point, index) => (points.some((other) => beats(other, point)) ? [] : [index]))
}
