// Four threads with a seed each, for about half a second or as long as they are told: random malloc, calloc, realloc,
// memalign, posix_memalign and free; content, alignment, usable size and zeroed memory are checked at every step,
// overlap shows as lost content.
// @standard C23 7.24.3
// @stress CONFORMANCE_STRESS_MS
#include <malloc.h>

#include "../threads.h"

enum { threads = 4, blocks = 300, steps = 40000 };

typedef struct {
  unsigned char* block;
  size_t size;
  size_t seed;
} Shadow;

static void allocate(Random* random, Shadow* shadow, size_t step) {
  size_t size = 1 + random_size(random, step % 200 ? 5000 : 600000), alignment = size < 16 ? 8 : 16;
  void* block = NULL;
  switch (random_below(random, 4)) {
    case 0:
      block = calloc(1, size);
      CHECK_BLOCK(block);
      CHECK_FILLED(block, size, 0);
      break;
    case 1:
      alignment = (size_t)16 << random_below(random, 9);
      block = memalign(alignment, size);
      break;
    case 2:
      alignment = (size_t)16 << random_below(random, 5);
      CHECK_EQUAL(posix_memalign(&block, alignment, size), 0);
      break;
    default: block = malloc(size); break;
  }
  CHECK_BLOCK(block);
  CHECK_ALIGNED(block, alignment);
  CHECK_AT_LEAST(malloc_usable_size(block), size);
  *shadow = (Shadow){block, size, step};
  pattern_fill(block, size, step);
}

static void resize(Random* random, Shadow* shadow, size_t step) {
  size_t size = 1 + random_size(random, step % 200 ? 5000 : 600000);
  unsigned char* block = realloc(shadow->block, size);
  CHECK_BLOCK(block);
  CHECK_PATTERN(block, size < shadow->size ? size : shadow->size, shadow->seed);
  *shadow = (Shadow){block, size, step};
  pattern_fill(block, size, step);
}

// What the threads' seeds begin with: CONFORMANCE_STRESS_SEED, else 0. The runner's message names it.
static uint64_t seed;

// When to end, 0 where a number of steps decides.
static long end_ms;

static int goes_on(size_t step) {
  if (step <= steps) return 1;
  // The clock is read now and then only.
  return end_ms != 0 && (step % 1024 != 0 || now_ms() < end_ms);
}

static void* body(void* argument) {
  Random random = {seed + (uintptr_t)argument};
  Shadow shadows[blocks];
  memset(shadows, 0, sizeof shadows);
  for (size_t step = 1; goes_on(step); step++) {
    Shadow* shadow = &shadows[random_below(&random, blocks)];
    CHECK_PATTERN(shadow->block, shadow->size, shadow->seed);
    if (shadow->block && random_below(&random, 3) == 0) {
      resize(&random, shadow, step);
    } else {
      free(shadow->block);
      *shadow = (Shadow){NULL, 0, 0};
      if (random_below(&random, 4)) allocate(&random, shadow, step * threads + (size_t)argument);
    }
  }
  for (size_t i = 0; i < blocks; i++) {
    CHECK_PATTERN(shadows[i].block, shadows[i].size, shadows[i].seed);
    free(shadows[i].block);
  }
  return NULL;
}

int main(void) {
  const char* seed_text = getenv("CONFORMANCE_STRESS_SEED");
  if (seed_text) seed = strtoull(seed_text, NULL, 10);
  const char* told = getenv("CONFORMANCE_STRESS_MS");
  long run_ms = told ? atol(told) : 0;
  if (run_ms > 0) end_ms = now_ms() + run_ms;
  deadline(40 + (unsigned)(run_ms / 1000));
  pthread_t thread[threads];
  for (size_t i = 0; i < threads; i++) thread[i] = thread_start(body, (void*)(i + 1));
  for (size_t i = 0; i < threads; i++) thread_join(thread[i]);
  return 0;
}
