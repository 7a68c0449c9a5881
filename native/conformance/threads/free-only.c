// Two threads that only allocate and two that only free: memory that the latter free is used again by the former, so
// that 1.2 GB in all stay within 300 MiB.
// @standard C23 7.24.3
// @standard POSIX.1-2024, pthread_create()
#include "../machine.h"
#include "../threads.h"

enum { ring_size = 1024, items = 600000, item_bytes = 1000 };

typedef struct {
  _Atomic(char*) slot[ring_size];
} Ring;

static Ring rings[2];

static void* producer(void* argument) {
  Ring* ring = argument;
  for (size_t i = 0; i < items; i++) {
    char* block = malloc(item_bytes);
    CHECK_BLOCK(block);
    block[0] = block[item_bytes - 1] = (char)i;
    while (atomic_load_explicit(&ring->slot[i % ring_size], memory_order_acquire)) sched_yield();
    atomic_store_explicit(&ring->slot[i % ring_size], block, memory_order_release);
  }
  return NULL;
}

static void* consumer(void* argument) {
  Ring* ring = argument;
  for (size_t i = 0; i < items; i++) {
    char* block;
    while (!(block = atomic_exchange_explicit(&ring->slot[i % ring_size], NULL, memory_order_acquire))) sched_yield();
    CHECK_EQUAL(block[0], (char)i);
    CHECK_EQUAL(block[item_bytes - 1], (char)i);
    free(block);
  }
  return NULL;
}

int main(void) {
  deadline(40);
  pthread_t thread[4];
  for (int i = 0; i < 2; i++) {
    thread[i] = thread_start(producer, &rings[i]);
    thread[i + 2] = thread_start(consumer, &rings[i]);
  }
  for (int i = 0; i < 4; i++) thread_join(thread[i]);
  CHECK_AT_MOST(resident_bytes(), (size_t)300 << 20);
  return 0;
}
