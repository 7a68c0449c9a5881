/** The types of sources.mjs, for the tests that build as the product is built. */

export function sourcesOf(product: string): string[]
export function groupOf(name: string): string[]
export function flagsOf(kind: string, step: 'compile' | 'link' | 'libraries'): string[]
export const products: Record<string, { kind: string; groups: string[]; sources: string[] }>
