// Exit handlers registered many times over (libc allocates their list) run in reverse order, allocate and free.
// @standard C23 7.24.4.2
#include "../check.h"

enum { handlers = 400 };

static int left = handlers;
static char* text;

static void handler(void) {
  left--;
  CHECK_FILLED(text, 100, left + 1);
  text = realloc(text, 100 + (size_t)left * 10);
  CHECK_BLOCK(text);
  memset(text, left, 100);
  if (left) return;
  free(text);
  free(malloc(300000));
}

int main(void) {
  for (int i = 0; i < handlers; i++) CHECK_EQUAL(atexit(handler), 0);
  CHECK_BLOCK(text = malloc(100));
  memset(text, handlers, 100);
  return 0;
}
