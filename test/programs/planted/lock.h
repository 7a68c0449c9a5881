// One lock around the planted heap, held long enough that a fork meets it.
#pragma once

#include <pthread.h>

static pthread_mutex_t planted_lock = PTHREAD_MUTEX_INITIALIZER;

static inline void planted_enter(void) { pthread_mutex_lock(&planted_lock); }

static inline void planted_leave(void) {
  for (volatile int i = 0; i < 800; i++) continue;
  pthread_mutex_unlock(&planted_lock);
}

#define PLANTED_ENTER() planted_enter()
#define PLANTED_LEAVE() planted_leave()
