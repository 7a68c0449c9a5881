/**
 * Numbers of samples in words, in the reader's browser and in texts: an amount with its interval, also for sums that are
 * made while the page is looked at. Each function in this folder is put into the page as its own text.
 */

/** Bytes as 12.3 MiB. */
export function bytesText(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB']
  let unit = 0
  let value = bytes
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1024
    unit++
  }
  return `${unit === 0 ? Math.round(value) : Number(value.toPrecision(3))} ${units[unit]}`
}

/**
 * The 95 % interval of a sum of samples, as lib/stats has it exactly: here Garwood's limits by the cube root of Wilson
 * and Hilferty, which differ from them by less than one in a hundred from four samples on. `none` is what one sample
 * stands for.
 */
export function sampleBounds(value: number, variance: number, none: number): [low: number, high: number] {
  if (!(value > 0)) return [0, none * 3.689]
  if (!(variance > 0)) return [value, value]
  const count = (value * value) / variance
  const limit = (shape: number, z: number) => Math.max(0, 1 - 1 / (9 * shape) + z / (3 * Math.sqrt(shape))) ** 3 * shape
  return [(limit(count, -1.95996) / count) * value, (limit(count + 1, 1.95996) / count) * value]
}

/** An amount of bytes with its interval: 12.3 MiB [10.1 MiB, 15.2 MiB]; without one where it is exact. */
export function amountText(value: number, variance: number, none: number): string {
  const [low, high] = sampleBounds(value, variance, none)
  return low === high ? bytesText(value) : `${bytesText(value)} [${bytesText(low)}, ${bytesText(high)}]`
}
