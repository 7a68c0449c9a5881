// 400,000 small blocks alive at once, freed in random order, every other one replaced in between: all keep their words.
// @standard C23 7.24.3.6
#include "../random.h"

enum { count = 400000 };

static size_t* blocks[count];

static void make(size_t i, size_t words) {
  CHECK_BLOCK(blocks[i] = malloc(words * sizeof(size_t)));
  for (size_t w = 0; w < words; w++) blocks[i][w] = i * 3 + w;
}

static void check_words(size_t i, size_t words) {
  for (size_t w = 0; w < words; w++) CHECK_EQUAL(blocks[i][w], i * 3 + w);
}

int main(void) {
  Random random = {4};
  for (size_t i = 0; i < count; i++) make(i, 1 + i % 13);
  for (size_t i = 0; i < count; i += 2) {
    check_words(i, 1 + i % 13);
    free(blocks[i]);
  }
  for (size_t i = 0; i < count; i += 2) make(i, 1 + i % 7);
  for (size_t left = count; left > 0; left--) {
    size_t at = random_below(&random, left);
    size_t* block = blocks[at];
    size_t i = (block[0]) / 3;
    CHECK_EQUAL(block[0], i * 3);
    free(block);
    blocks[at] = blocks[left - 1];
  }
  return 0;
}
