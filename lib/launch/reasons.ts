/** Why a verdict is what it is, and what to do about it: one entry for each code, so that no reason stands alone. */

import type { Reason, ReasonCode } from '../types.ts'

const advice: Record<ReasonCode, string> = {
  'static-executable': 'nothing can be preloaded into it: link it dynamically, or link the heap in',
  'secure-exec':
    'the loader ignores LD_PRELOAD for a program with more rights than its caller: run a copy without them',
  'own-malloc':
    'no preloaded library comes before it: build the program without, or choose its allocator by its own options',
  suspected:
    'blocks that it hands out never reach the heap: build the program without it, or read the numbers as those of both',
  sanitizer: 'a sanitizer brings a malloc of its own: build the program without it',
  'wrong-elf-class': 'use a heap of its class, or a build of the program for this one',
  'other-libc': 'the heaps here are built for glibc: use a build of the program for glibc',
  'not-an-elf': 'run the program that interprets it',
  'library-not-loaded': "the loader's own message on stderr says why",
  'bound-elsewhere': 'see which library brings that in, and leave it out',
  'preload-in-front': 'take it out of LD_PRELOAD, or let it come behind the heap',
  'mis-versioned-exports':
    'export the entry points without versions: a version node binds references of others past them',
  'missing-entry-points': 'blocks of two heaps are mixed: add the entry points to the library',
  'deep-bind':
    'RTLD_DEEPBIND makes a library look into itself and what it needs first: open it without, where the program lets you',
  'own-namespace':
    'dlmopen loads a libc of its own, into which nothing is preloaded: use dlopen, where the program lets you',
  'late-unseen': 'where it matters, let the program end by itself or by a signal that it handles',
  'library-unseen':
    'an allocator inside it would not show: start the program in that folder, or let it name the whole path',
  audited: 'for a clear answer, run it without LD_AUDIT',
  'preload-dropped': 'pass LD_PRELOAD on to it (sudo, env -i and service managers drop it), or start it through alloc8',
  'session-dropped': 'pass ALLOC8_SESSION on to it, so that it can be seen',
  'other-root': "put alloc8's libraries and the session folder at the same paths inside that folder (mount --bind)",
  'not-run': 'let the comparison run',
  'not-witnessed':
    'see its stderr; a record cannot be written by another user, inside a container or on a full disk, and goes with its folder',
  'witness-unreadable': 'a full disk, a kill while it was written, or a target that writes there can be the cause',
  'journal-full':
    'what is missing can have had any heap: give each process less to start and to open, or its disk more room',
}

/** A reason with what to do about it. */
export function reasonFor(code: ReasonCode, message: string): Reason {
  return { code, message, advice: advice[code] }
}
