/** How facts are written: addresses and sizes, the same in all experiments. */

/** `0x7f…`. */
export function hex(address: bigint): string {
  return `0x${address.toString(16)}`
}

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const

/** `48 B`, `1.5 KiB`, `2 MiB`: three digits at most behind which nothing is hidden that would matter. */
export function sizeText(bytes: number): string {
  let value = Math.abs(bytes)
  let unit = 0
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024
    ++unit
  }
  const digits = Number.isInteger(value) || value >= 100 ? value.toFixed(0) : value.toFixed(1).replace(/\.0$/, '')
  return `${bytes < 0 ? '-' : ''}${digits} ${units[unit]}`
}

/** A part of a whole, from 0 to 1, in words that stay the same where a measurement varies a little. */
export function partText(share: number): string {
  if (share >= 1) return 'all'
  if (share >= 0.95) return 'nearly all'
  if (share >= 0.75) return 'most'
  if (share >= 0.4) return 'about half'
  if (share >= 0.05) return 'a part'
  return share > 0 ? 'hardly any' : 'none'
}
