/* The functions of a heap in prefixed mode (detail/prefix.h), for C and C++: what a program includes that calls
   hoard_malloc beside the system's malloc. Each keeps the rules of libc's function of that name, errno included;
   NAME_malloc_lock and NAME_malloc_unlock hold the heap still, as is done across fork.

     #include <alloc8/prefixed.h>
     ALLOC8_DECLARE_PREFIXED(hoard)  */

#ifndef ALLOC8_PREFIXED_H
#define ALLOC8_PREFIXED_H

#include <stddef.h> /* NOLINT(modernize-deprecated-headers): C includes this file */

#if defined(__cplusplus)
#define ALLOC8_C_FUNCTION extern "C"
#define ALLOC8_NO_THROW noexcept
#else
#define ALLOC8_C_FUNCTION extern
#define ALLOC8_NO_THROW
#endif

#define ALLOC8_DECLARE_PREFIXED(P)                                                                       \
  ALLOC8_C_FUNCTION void* P##_malloc(size_t size) ALLOC8_NO_THROW;                                       \
  ALLOC8_C_FUNCTION void P##_free(void* p) ALLOC8_NO_THROW;                                              \
  ALLOC8_C_FUNCTION void P##_free_sized(void* p, size_t size) ALLOC8_NO_THROW;                           \
  ALLOC8_C_FUNCTION void P##_free_aligned_sized(void* p, size_t alignment, size_t size) ALLOC8_NO_THROW; \
  ALLOC8_C_FUNCTION void* P##_calloc(size_t count, size_t size) ALLOC8_NO_THROW;                         \
  ALLOC8_C_FUNCTION void* P##_realloc(void* p, size_t size) ALLOC8_NO_THROW;                             \
  ALLOC8_C_FUNCTION void* P##_reallocarray(void* p, size_t count, size_t size) ALLOC8_NO_THROW;          \
  ALLOC8_C_FUNCTION void* P##_memalign(size_t alignment, size_t size) ALLOC8_NO_THROW;                   \
  ALLOC8_C_FUNCTION void* P##_aligned_alloc(size_t alignment, size_t size) ALLOC8_NO_THROW;              \
  ALLOC8_C_FUNCTION int P##_posix_memalign(void** out, size_t alignment, size_t size) ALLOC8_NO_THROW;   \
  ALLOC8_C_FUNCTION void* P##_valloc(size_t size) ALLOC8_NO_THROW;                                       \
  ALLOC8_C_FUNCTION void* P##_pvalloc(size_t size) ALLOC8_NO_THROW;                                      \
  ALLOC8_C_FUNCTION size_t P##_malloc_usable_size(void* p) ALLOC8_NO_THROW;                              \
  ALLOC8_C_FUNCTION char* P##_strdup(const char* text) ALLOC8_NO_THROW;                                  \
  ALLOC8_C_FUNCTION char* P##_strndup(const char* text, size_t most) ALLOC8_NO_THROW;                    \
  ALLOC8_C_FUNCTION void P##_malloc_lock(void) ALLOC8_NO_THROW;                                          \
  ALLOC8_C_FUNCTION void P##_malloc_unlock(void) ALLOC8_NO_THROW;

#endif
