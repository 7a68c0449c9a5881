/** Whether a requested heap was in effect, and why not. */

/** Whether the requested heap was in effect. */
export type VerdictState = 'active' | 'partial' | 'inactive'

/** Why a verdict is what it is: what was seen, and what to do about it. */
export interface Reason {
  code: ReasonCode
  message: string
  advice: string
}

/** The closed list of reasons. */
export type ReasonCode =
  | 'static-executable'
  | 'secure-exec'
  | 'own-malloc'
  | 'suspected'
  | 'sanitizer'
  | 'wrong-elf-class'
  | 'other-libc'
  | 'not-an-elf'
  | 'library-not-loaded'
  | 'bound-elsewhere'
  | 'preload-in-front'
  | 'mis-versioned-exports'
  | 'missing-entry-points'
  | 'deep-bind'
  | 'own-namespace'
  | 'late-unseen'
  | 'library-unseen'
  | 'audited'
  | 'preload-dropped'
  | 'session-dropped'
  | 'other-root'
  | 'not-run'
  | 'not-witnessed'
  | 'witness-unreadable'
  | 'journal-full'

/**
 * One process image: what its entry points were bound to. Paths are null where the loader found nothing. One that left
 * no record has no bindings; its `pid` is 0 where only its parent is known (a shell that `system` or `popen` started).
 */
export interface ProcessVerdict {
  pid: number
  ppid: number
  executable: string
  state: VerdictState
  reasons: Reason[]
  bindings: Record<string, string | null>
}

/** The verdict on a whole run: the worst of its processes. */
export interface Verdict {
  state: VerdictState
  reasons: Reason[]
  processes: ProcessVerdict[]
}
