/**
 * Allocators that Debian does not package: found where someone has built and installed them. None has options in the
 * environment that bear on a comparison, and none says its version; the file's name may.
 */

import type { Family } from '../family.ts'

function family(name: string, libraries: readonly string[]): Family {
  return {
    name,
    libraries,
    fileName: new RegExp(`^(${libraries.map((library) => library.replace(/\.so$/, '')).join('|')})[\\w.-]*\\.so`),
    debianPackage: null,
    passing: { kind: 'each' },
    booleans: ['1', '0'],
    tunables: [],
    evidence: () => [],
    version: () => null,
  }
}

export const snmalloc = family('snmalloc', ['libsnmallocshim.so'])
export const rpmalloc = family('rpmalloc', ['librpmallocwrap.so', 'librpmalloc.so'])
export const hardenedMalloc = family('hardened_malloc', ['libhardened_malloc.so', 'libhardened_malloc-light.so'])
export const mesh = family('mesh', ['libmesh.so', 'libmesh64.so'])
/** `hoard` alone is ours. */
export const hoard = family('upstream-hoard', ['libhoard.so'])
