/**
 * Checks data from outside against a shape and names the first place that is wrong, with what was expected and what
 * stands there. A shape is a function, so that the compiler checks it against the type that it stands for.
 */

/** What is wrong: where, as `cells[3].runs[0]`, and what. */
export interface Misfit {
  path: string
  expected: string
  found: unknown
}

/** Null where the value fits. */
export type Shape = (value: unknown, path: string) => Misfit | null

const when =
  (expected: string, fits: (value: unknown) => boolean): Shape =>
  (found, path) =>
    fits(found) ? null : { path, expected, found }

export const text = when('a text', (value) => typeof value === 'string')
export const flag = when('true or false', (value) => typeof value === 'boolean')
export const number = when('a number', (value) => typeof value === 'number' && Number.isFinite(value))
/** A number that is not below 0. */
export const amount = when('a number not below 0', (value) => typeof value === 'number' && value >= 0)
/** A whole number that is not below 0. */
export const count = when(
  'a whole number not below 0',
  (value) => Number.isSafeInteger(value) && (value as number) >= 0,
)

/** One of a few values. */
export const oneOf = (...values: readonly unknown[]): Shape =>
  when(values.map((value) => JSON.stringify(value)).join(' or '), (value) => values.includes(value))

/** Null, or what the shape says. */
export const nullable =
  (shape: Shape): Shape =>
  (value, path) => {
    const misfit = value === null ? null : shape(value, path)
    return misfit === null || misfit.path !== path ? misfit : { ...misfit, expected: `${misfit.expected}, or null` }
  }

/** Absent, or what the shape says. */
export const optional =
  (shape: Shape): Shape =>
  (value, path) =>
    value === undefined ? null : shape(value, path)

/** A list, each item of the shape. */
export const list =
  (item: Shape, least = 0): Shape =>
  (value, path) => {
    if (!Array.isArray(value)) return { path, expected: 'a list', found: value }
    if (value.length < least) return { path, expected: `a list of at least ${least}`, found: value }
    for (const [index, each] of value.entries()) {
      const misfit = item(each, `${path}[${index}]`)
      if (misfit !== null) return misfit
    }
    return null
  }

/** A list of as many items as there are shapes. */
export const tuple =
  (...items: readonly Shape[]): Shape =>
  (value, path) => {
    if (!Array.isArray(value) || value.length !== items.length) {
      return { path, expected: `a list of ${items.length}`, found: value }
    }
    for (const [index, shape] of items.entries()) {
      const misfit = shape(value[index], `${path}[${index}]`)
      if (misfit !== null) return misfit
    }
    return null
  }

/** An object with these members at least: others may be there, because later versions add some. */
export const object =
  <T>(members: { [K in keyof T]-?: Shape }): Shape =>
  (value, path) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      return { path, expected: 'an object', found: value }
    }
    for (const [name, shape] of Object.entries<Shape>(members)) {
      const at = path === '' ? name : `${path}.${name}`
      const misfit = shape((value as Record<string, unknown>)[name], at)
      if (misfit !== null) return misfit
    }
    return null
  }
