/*
 * What a write past the end of a block damages, and who notices when. Two threads have blocks of 24 bytes; one writes
 * 1, 8, 16 and 64 bytes too many. Each time it is a child that does so and then frees its block, frees the next one,
 * and goes on allocating; how far it came is left in memory that it shares with its parent.
 */

#include <pthread.h>
#include <sys/mman.h>

#include "lab.h"

enum { BLOCKS = 16, SIZE = 24, WINDOW = 128 };

static unsigned char* mine[BLOCKS];
static unsigned char* others[BLOCKS];
static unsigned char *block, *next;
static size_t too_many;

/* How far a child came. */
enum stage { WRITING, FREEING, FREEING_NEXT, GOING_ON, DONE };
static const char* const stages[] = {"while it was written", "when the block was freed",
                                     "when the next block was freed", "while going on", "never"};
static volatile enum stage* stage;

static void* other_thread(void* argument) {
  for (int i = 0; i < BLOCKS; ++i) others[i] = malloc(SIZE);
  return argument;
}

/* The two of our blocks that lie closest, in `block` and `next`. */
static uintptr_t find_neighbours(void) {
  uintptr_t least = UINTPTR_MAX;
  for (int a = 0; a < BLOCKS; ++a)
    for (int b = 0; b < BLOCKS; ++b) {
      if (number(mine[b]) <= number(mine[a]) || number(mine[b]) - number(mine[a]) >= least) continue;
      least = number(mine[b]) - number(mine[a]);
      block = mine[a];
      next = mine[b];
    }
  return least;
}

static int corrupt(void) {
  *stage = WRITING;
  unsigned char before[WINDOW];
  memcpy(before, block, WINDOW);
  memset(block, 'X', SIZE + too_many);
  int changed = 0;
  for (uintptr_t i = 0; i < SIZE && next + i < block + WINDOW; ++i) changed += next[i] != before[next + i - block];
  show_bytes("before", before, 64);
  show_bytes("after ", block, 64);
  say("  bytes of the next block that changed: %d", changed);
  *stage = FREEING;
  free(block);
  *stage = FREEING_NEXT;
  free(next);
  *stage = GOING_ON;
  void* later[32];
  for (size_t i = 0; i < COUNT(later); ++i) later[i] = malloc(SIZE);
  for (size_t i = 0; i < COUNT(later); ++i) free(later[i]);
  *stage = DONE;
  return 0;
}

int main(void) {
  stage = mmap(NULL, sizeof *stage, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (stage == MAP_FAILED) return 1;
  for (int i = 0; i < BLOCKS; ++i) mine[i] = memset(malloc(SIZE), 'a' + i, SIZE);
  pthread_t thread;
  pthread_create(&thread, NULL, other_thread, NULL);
  pthread_join(thread, NULL);

  uintptr_t gap = find_neighbours();
  say("nearest blocks of one thread: %lu bytes apart", (unsigned long)gap);
  uintptr_t nearest = UINTPTR_MAX;
  for (int a = 0; a < BLOCKS; ++a)
    for (int b = 0; b < BLOCKS; ++b)
      if (distance(mine[a], others[b]) < nearest) nearest = distance(mine[a], others[b]);
  say("nearest block of the other thread: %lu bytes away%s", (unsigned long)nearest,
      nearest < WINDOW ? ", within reach" : "");

  static const size_t amounts[] = {1, 8, 16, 64};
  for (size_t i = 0; i < COUNT(amounts); ++i) {
    char what[64];
    too_many = amounts[i];
    snprintf(what, sizeof what, "%zu too many", too_many);
    say("%s:", what);
    int end = in_child(what, corrupt);
    say("%s: noticed %s%s", what, stages[*stage], end == -SIGALRM ? ", by a hang" : "");
  }
  for (int i = 0; i < BLOCKS; ++i) {
    free(mine[i]);
    free(others[i]);
  }
  say("the parent is unharmed");
  return 0;
}
