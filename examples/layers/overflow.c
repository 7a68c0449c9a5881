/* Writes one byte too many. Most heaps do not notice. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(void) {
  char* text = malloc(32);
  strcpy(text, "thirty-one characters and a zero");
  puts(text);
  free(text);
  return 0;
}
