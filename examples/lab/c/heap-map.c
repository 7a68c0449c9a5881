/*
 * A map of the heap in letters: every block by its address, `A` to `C` of three threads, small where it was freed
 * since, and for a forked child the same letters with its own blocks as `Z`. A row is a KiB, a letter sixteen bytes;
 * rows in which no block begins are left out.
 */

#include <pthread.h>

#include "lab.h"

enum { THREADS = 3, BLOCKS = 24, CHILD_BLOCKS = 12, ALL = THREADS * BLOCKS + CHILD_BLOCKS, CELL = 16, CELLS = 64 };

static struct block {
  uintptr_t address;
  size_t size;
  char owner;
  int live;
} blocks[ALL];
static int count;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t drawn;

static void allocate(char owner, int index) {
  static const size_t sizes[] = {24, 48, 100, 200};
  size_t size = sizes[index % (int)COUNT(sizes)];
  blocks[count++] = (struct block){number(malloc(size)), size, owner, 1};
}

/* Every third block of an owner goes. */
static void free_some(char owner) {
  int seen = 0;
  for (int i = 0; i < count; ++i)
    if (blocks[i].owner == owner && seen++ % 3 == 1) {
      free((void*)blocks[i].address);
      blocks[i].live = 0;
    }
}

static void* work(void* argument) {
  char owner = (char)(intptr_t)argument;
  pthread_mutex_lock(&lock);
  for (int i = 0; i < BLOCKS; ++i) allocate(owner, i);
  free_some(owner);
  pthread_mutex_unlock(&lock);
  pthread_barrier_wait(&drawn);
  pthread_barrier_wait(&drawn);
  return NULL;
}

/* A live block wins over one that was there before it. */
static char letter_at(uintptr_t from) {
  char found = '.';
  for (int i = 0; i < count; ++i) {
    if (blocks[i].address >= from + CELL || blocks[i].address + blocks[i].size <= from) continue;
    if (blocks[i].live) return blocks[i].owner;
    found = (char)(blocks[i].owner + 'a' - 'A');
  }
  return found;
}

static int draw(const char* title) {
  say("map of the %s, process %d:", title, getpid());
  int rows = 0;
  uintptr_t row = 0;
  for (;;) {
    /* The next row in which a block begins. */
    uintptr_t next = UINTPTR_MAX;
    uintptr_t inside = 0;
    for (int i = 0; i < count; ++i) {
      uintptr_t begins = blocks[i].address / (CELL * CELLS) * (CELL * CELLS);
      if (begins <= row || begins >= next) continue;
      next = begins;
      inside = blocks[i].address;
    }
    if (next == UINTPTR_MAX) break;
    row = next;
    char text[CELLS + 1] = "";
    for (int cell = 0; cell < CELLS; ++cell) text[cell] = letter_at(row + (uintptr_t)cell * CELL);
    struct mapping around = mapping_of((void*)inside);
    say("  %#14lx |%s| %s", (unsigned long)row, text, mapping_name(&around));
    ++rows;
  }
  return rows;
}

static int child(void) {
  for (int i = 0; i < CHILD_BLOCKS; ++i) allocate('Z', i);
  return draw("child") == 0;
}

int main(void) {
  pthread_t threads[THREADS];
  pthread_barrier_init(&drawn, NULL, THREADS + 1);
  for (int i = 0; i < THREADS; ++i) pthread_create(&threads[i], NULL, work, (void*)(intptr_t)('A' + i));
  pthread_barrier_wait(&drawn);
  int rows = draw("parent");
  int end = in_child("child", child);
  pthread_barrier_wait(&drawn);
  for (int i = 0; i < THREADS; ++i) pthread_join(threads[i], NULL);

  int live = 0;
  for (int i = 0; i < count; ++i) {
    live += blocks[i].live;
    if (blocks[i].live) free((void*)blocks[i].address);
  }
  say("blocks: %d, live: %d, rows: %d", count, live, rows);
  return !(end == 0 && rows > 0);
}
