// The switch of the fault library: ALLOC8_FAULT names what is wrong with the heap, `KIND` or `KIND:ENTRY`. Without it
// the heap is right, so that a program which fails under a fault fails because of it.
#pragma once

// What is wrong in one entry point.
#define ENTRY_FAULTS(X)                                                     \
  X(zero_null, "zero-null")           /* no bytes are null */               \
  X(zero_shared, "zero-shared")       /* all blocks of no bytes are one */  \
  X(eight_off, "eight-off")           /* addresses are 8 modulo 16 */       \
  X(tiny_eight_off, "tiny-eight-off") /* the same below 16 bytes only */    \
  X(half_aligned, "half-aligned")     /* half of the alignment asked for */ \
  X(huge_unaligned, "huge-unaligned") /* none from 4 MiB up */              \
  X(foreign, "foreign")               /* blocks that are not the heap's */  \
  X(errno_kept, "errno-kept")         /* a refusal without ENOMEM */        \
  X(limit_errno, "limit-errno")       /* the same where memory runs out */  \
  X(limit_aborts, "limit-aborts")     /* no memory ends the program */      \
  X(wraps, "wraps")                   /* a size near SIZE_MAX is small */   \
  X(short_usable, "short-usable")     /* usable size a byte less */         \
  X(long_usable, "long-usable")       /* usable size 40 bytes more */       \
  X(forgets, "forgets")               /* realloc copies nothing */          \
  X(null_often, "null-often")         /* every 97th is null */              \
  X(shaves, "shaves")                 /* a block shorter than asked for */  \
  X(null_instead, "null-instead")     /* a plain new that gives null */     \
  X(no_handler, "no-handler")         /* the new_handler is not asked */    \
  X(handler_once, "handler-once")     /* the new_handler is asked once */   \
  X(passes_on, "passes-on")           /* nothrow lets exceptions out */     \
  X(swapped, "swapped")               /* size and alignment exchanged */    \
  X(lost, "lost")                     /* what is freed goes to libc */      \
  X(leaks, "leaks")                   /* what is freed is not */            \
  X(reads_null, "reads-null")         /* null is looked at */               \
  X(clobbers, "clobbers")             /* errno is another afterwards */     \
  X(dirty, "dirty")                   /* calloc does not clear */           \
  X(cuts, "cuts")                     /* sizes lose their upper 32 bits */

// What is wrong with the whole heap.
// A line each, which the formatter would not leave so.
// clang-format off
#define HEAP_FAULTS(X) \
  X(crashes, "crashes-at-load") \
  X(alignment_kept, "alignment-not-rounded") \
  X(small_refused, "refuses-small-alignments") \
  X(tiny_shrunk, "shrinks-to-tiny-eight-off") \
  X(aligned_multiple, "aligned-alloc-wants-multiples") \
  X(alignment_error, "alignment-error") \
  X(careless, "careless-alignment") \
  X(realloc_old_size, "realloc-copies-old-size") \
  X(realloc_page, "realloc-copies-a-page") \
  X(realloc_frees, "realloc-fails-freeing") \
  X(realloc_zero, "realloc-zero-keeps") \
  X(realloc_zero_leaks, "realloc-zero-leaks") \
  X(realloc_copies, "realloc-always-copies") \
  X(realloc_aligned, "realloc-of-aligned") \
  X(realloc_shrink, "realloc-shrinks-badly") \
  X(realloc_large, "realloc-of-large-loses") \
  X(realloc_unaligned, "realloc-large-eight-off") \
  X(realloc_same, "realloc-same-size-clears") \
  X(array_wraps, "reallocarray-wraps") \
  X(calloc_wraps, "calloc-wraps") \
  X(calloc_large, "calloc-dirty-large") \
  X(calloc_touches, "calloc-touches") \
  X(calloc_other, "calloc-dirty-of-others") \
  X(usable_null, "usable-of-null") \
  X(usable_moves, "usable-changes") \
  X(given_twice, "given-twice") \
  X(foreign_ends, "foreign-blocks-end") \
  X(abort_own, "abort-is-its-own") \
  X(exit_own, "exit-is-its-own") \
  X(no_lock, "no-lock") \
  X(mapping_each, "mapping-per-block") \
  X(many_blocks, "no-more-than-300000-blocks") \
  X(keeps_all, "keeps-all") \
  X(keeps_large, "keeps-large") \
  X(fragments, "fragments") \
  X(thread_leak, "leaks-at-thread-exit") \
  X(thread_arena, "arena-per-thread") \
  X(thread_ends, "thread-ends-early") \
  X(thread_blocks, "thread-blocks-die") \
  X(cross_free, "cross-free-corrupts") \
  X(cross_realloc, "cross-realloc-loses") \
  X(cross_usable, "cross-usable-wrong") \
  X(first_free, "first-free-crashes") \
  X(deep_stack, "deep-stack") \
  X(many_threads, "no-more-than-64-threads") \
  X(fork_unlocked, "fork-without-handlers") \
  X(fork_late, "fork-handlers-late") \
  X(fork_first, "fork-handlers-at-first-malloc") \
  X(fork_thread, "fork-unlocked-in-threads") \
  X(fork_births, "fork-locked-by-thread-births") \
  X(fork_depth, "fork-broken-from-depth-6") \
  X(fork_shared, "shared-with-children") \
  X(child_free, "child-cannot-free") \
  X(child_thread, "child-cannot-start-threads") \
  X(child_exit, "child-exit-aborts") \
  X(child_large, "child-loses-large-blocks") \
  X(child_many, "child-frees-1000") \
  X(child_grandchild, "grandchild-cannot-free") \
  X(atfork_reversed, "atfork-reversed") \
  X(atfork_kept, "atfork-never-unregistered") \
  X(interrupted, "interrupted") \
  X(mask, "changes-signal-mask") \
  X(handler, "takes-sigsegv") \
  X(abort_hangs, "catches-sigabrt") \
  X(sigterm, "ignores-sigterm") \
  X(alt_stack, "takes-alternate-stack") \
  X(sigchld, "ignores-sigchld") \
  X(sigpipe, "ignores-sigpipe") \
  X(descriptor, "keeps-a-descriptor") \
  X(break_own, "break-is-its-own") \
  X(reserves, "reserves-at-start") \
  X(reserves_data, "reserves-data") \
  X(bootstrap, "bootstrap-unknown") \
  X(early, "early-blocks-forgotten") \
  X(ends, "ends-with-destructor") \
  X(late_end, "ends-with-exit-handler") \
  X(exit_status, "exit-status-of-children-lost") \
  X(exit_thread, "exit-from-thread-aborts") \
  X(quick, "quick-exit-aborts") \
  X(closed_files, "needs-standard-files") \
  X(large_environment, "reads-small-environments") \
  X(prints, "prints") \
  X(mallinfo_empty, "mallinfo-empty") \
  X(mallinfo_grows, "mallinfo-never-falls") \
  X(mallinfo_large, "mallinfo-without-large") \
  X(mallinfo_wraps, "mallinfo-wraps") \
  X(info_open, "malloc-info-unclosed") \
  X(info_options, "malloc-info-takes-options") \
  X(info_empty, "malloc-info-empty") \
  X(trim_crash, "malloc-trim-frees") \
  X(trim_claims, "malloc-trim-claims") \
  X(trim_result, "malloc-trim-answers-7") \
  X(mallopt_zero, "mallopt-refuses") \
  X(stats_stdout, "malloc-stats-to-stdout") \
  X(stats_hang, "statistics-abort-with-threads") \
  X(slow_class, "overlaps-one-size") \
  X(large_overlap, "overlaps-large") \
  X(aligned_overlap, "overlaps-aligned") \
  X(sized_lost, "free-sized-lost") \
  X(aligned_sized_lost, "free-aligned-sized-lost") \
  X(sized_null, "free-sized-reads-null")

// The functions that a fault can sit in.
#define ENTRIES(X) \
  X(malloc, "malloc") \
  X(calloc, "calloc") \
  X(realloc, "realloc") \
  X(reallocarray, "reallocarray") \
  X(memalign, "memalign") \
  X(aligned_alloc, "aligned-alloc") \
  X(posix_memalign, "posix-memalign") \
  X(valloc, "valloc") \
  X(pvalloc, "pvalloc") \
  X(strdup, "strdup") \
  X(twin, "twin") \
  X(cfree, "cfree") \
  X(plain_new, "new") \
  X(array_new, "new-array") \
  X(nothrow_new, "nothrow-new") \
  X(nothrow_array, "nothrow-new-array") \
  X(aligned_new, "aligned-new") \
  X(aligned_array, "aligned-new-array") \
  X(nothrow_aligned, "nothrow-aligned-new") \
  X(nothrow_aligned_array, "nothrow-aligned-new-array") \
  X(free, "free") \
  X(plain_delete, "delete") \
  X(array_delete, "delete-array") \
  X(sized_delete, "sized-delete") \
  X(sized_array, "sized-delete-array") \
  X(nothrow_delete, "nothrow-delete") \
  X(nothrow_array_delete, "nothrow-delete-array") \
  X(aligned_delete, "aligned-delete") \
  X(aligned_array_delete, "aligned-delete-array") \
  X(sized_aligned, "sized-aligned-delete") \
  X(sized_aligned_array, "sized-aligned-delete-array") \
  X(nothrow_aligned_delete, "nothrow-aligned-delete") \
  X(nothrow_aligned_array_delete, "nothrow-aligned-delete-array")
// clang-format on

#define NAMED(name, text) name,
enum class Kind { none, ENTRY_FAULTS(NAMED) HEAP_FAULTS(NAMED) };
enum class Entry { none, ENTRIES(NAMED) };
#undef NAMED

struct Switch {
  Kind kind;
  Entry entry;
};

// Read once; every reader finds the same.
extern Switch switch_value;
extern int switch_ready;
void switch_read();

inline const Switch& switch_now() {
  if (__atomic_load_n(&switch_ready, __ATOMIC_ACQUIRE) == 0) switch_read();
  return switch_value;
}

// Whether the heap has this fault. May be called from the first malloc of the process on; allocates nothing.
inline bool faulty(Kind kind) { return switch_now().kind == kind; }

// Whether it has this fault in this entry point.
inline bool faulty(Kind kind, Entry entry) {
  const Switch& now = switch_now();
  return now.kind == kind && now.entry == entry;
}
