// The page contract: how a heap gets memory from the system without naming a system. Linked in with the interposer.
//
// All functions keep errno, take no lock of ours and allocate nothing; they may be called before main, inside dlsym,
// between fork and exec, and in a signal handler.

#pragma once

#include <cstddef>

#include "alloc8/detail/compiler.h"

namespace alloc8::pages {

// The system's page size in bytes, read at run time (4, 16 or 64 KiB).
ALLOC8_HIDDEN std::size_t size() noexcept;

// Maps `bytes` zeroed bytes at a multiple of `alignment` (a power of two). Null when the system has no more. Both are
// rounded up to pages.
ALLOC8_HIDDEN void* map(std::size_t bytes, std::size_t alignment) noexcept;

// Gives a mapping, or whole pages of one, back to the system.
ALLOC8_HIDDEN void unmap(void* p, std::size_t bytes) noexcept;

// Drops the contents of whole pages: they read as zero next time and cost no memory until then.
ALLOC8_HIDDEN void purge(void* p, std::size_t bytes) noexcept;

// Addresses without memory behind them, at a multiple of `alignment`: whoever touches one gets SIGSEGV. Null when there
// are none.
ALLOC8_HIDDEN void* reserve(std::size_t bytes, std::size_t alignment) noexcept;

// Puts zeroed memory behind whole reserved pages, or makes protected ones usable again; false when the system has no
// more, and then they are as they were.
ALLOC8_HIDDEN bool commit(void* p, std::size_t bytes) noexcept;

// Makes whole pages of a mapping addresses without memory again; false when the system cannot, and then they are as
// they were.
ALLOC8_HIDDEN bool uncommit(void* p, std::size_t bytes) noexcept;

// Makes whole pages inaccessible and keeps what is in them, until commit(); false when the system cannot (each
// protected range splits a mapping, and a process may have only so many).
ALLOC8_HIDDEN bool protect(void* p, std::size_t bytes) noexcept;

}  // namespace alloc8::pages

namespace alloc8 {

// Writes one line to standard error without allocating and aborts: for a corrupt heap, which must not go on.
[[noreturn]] ALLOC8_HIDDEN void fatal(const char* message, const void* address = nullptr) noexcept;

}  // namespace alloc8
