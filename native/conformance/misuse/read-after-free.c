// A freed block is read when its memory may belong to another.
// @standard CWE-416, Use After Free
#include "harm.h"

int main(void) {
  static const char secret[] = "the secret of another block";
  static const size_t sizes[] = {48, 1000, 40000};
  for (size_t at = 0; at < sizeof sizes / sizeof *sizes; at++) {
    volatile char* block = harm_malloc(sizes[at]);
    free((void*)block);
    harm_reach();
    for (int i = 0; i < 50; i++) {
      char* other = harm_malloc(sizes[at]);
      memcpy(other, secret, sizeof secret);
      size_t same = 0;
      while (same < sizeof secret && block[same] == secret[same]) same++;
      if (same == sizeof secret) HARM("the content of another block was read");
    }
  }
  return 0;
}
