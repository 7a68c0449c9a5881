// The old mallinfo, whose fields are int, agrees with mallinfo2 where the numbers are small.
// @standard glibc manual, Statistics for Memory Allocation with malloc
#include <malloc.h>

#include "../check.h"

#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

int main(void) {
  void* blocks[500];
  for (int i = 0; i < 500; i++) CHECK_BLOCK(blocks[i] = malloc(opaque(2000)));
  void* small[100];
  for (int i = 0; i < 100; i++) CHECK_BLOCK(small[i] = malloc(opaque(200)));
  for (int i = 0; i < 100; i += 2) free(small[i]);  // into a fast bin, where the heap has some
  struct mallinfo2 wide = mallinfo2();
  struct mallinfo narrow = mallinfo();
  CHECK_EQUAL(narrow.uordblks, (int)wide.uordblks);
  CHECK_EQUAL(narrow.arena, (int)wide.arena);
  CHECK_EQUAL(narrow.hblkhd, (int)wide.hblkhd);
  CHECK_EQUAL(narrow.ordblks, (int)wide.ordblks);
  CHECK_EQUAL(narrow.smblks, (int)wide.smblks);
  CHECK_EQUAL(narrow.fsmblks, (int)wide.fsmblks);
  CHECK_EQUAL(narrow.fordblks, (int)wide.fordblks);
  CHECK_AT_LEAST(narrow.uordblks, 500 * 2000);
  for (int i = 1; i < 100; i += 2) free(small[i]);
  for (int i = 0; i < 500; i++) free(blocks[i]);
  return 0;
}
