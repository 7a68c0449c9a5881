// Blocks that libc allocates inside and hands out are taken by free, realloc and malloc_usable_size.
// @standard glibc manual, Replacing malloc
// @standard POSIX.1-2024, getline()
#include <dirent.h>
#include <limits.h>
#include <malloc.h>
#include <regex.h>
#include <wchar.h>

#include "../check.h"

static void release(void* block) {
  CHECK_BLOCK(block);
  CHECK_AT_LEAST(malloc_usable_size(block), 1);
  block = realloc(block, 7000);
  CHECK_BLOCK(block);
  free(block);
}

static void check_strings(void) {
  release(strdup("a word"));
  release(strndup("another word", 5));
  release(wcsdup(L"a wide word"));
  char* text = NULL;
  CHECK_EQUAL(asprintf(&text, "%d %s %0500d", 12, "words", 3), 509);
  release(text);
  text = NULL;
  CHECK_EQUAL(sscanf("a-long-enough-word 5", "%ms", &text), 1);
  CHECK_EQUAL(strcmp(text, "a-long-enough-word"), 0);
  release(text);
}

static void check_paths(void) {
  release(realpath("/proc/../usr", NULL));
  release(canonicalize_file_name("/usr/."));
  release(getcwd(NULL, 0));
  release(getcwd(NULL, PATH_MAX));
  release(get_current_dir_name());
  struct dirent** entries = NULL;
  int count = scandir("/", &entries, NULL, alphasort);
  CHECK_AT_LEAST(count, 3);
  for (int i = 0; i < count; i++) release(entries[i]);
  release(entries);
}

static void check_streams(void) {
  char* buffer = NULL;
  size_t size = 0;
  FILE* stream = open_memstream(&buffer, &size);
  CHECK(stream != NULL);
  for (int i = 0; i < 5000; i++) fprintf(stream, "%d,", i);
  CHECK_EQUAL(fclose(stream), 0);
  CHECK_EQUAL(strlen(buffer), size);
  release(buffer);

  stream = fopen("/proc/self/maps", "r");
  CHECK(stream != NULL);
  char* line = NULL;
  size_t capacity = 0;
  while (getline(&line, &capacity, stream) > 0) CHECK_AT_LEAST(malloc_usable_size(line), strlen(line) + 1);
  release(line);
  rewind(stream);
  line = malloc(4);  // getdelim has to grow a block that malloc gave
  capacity = 4;
  CHECK_AT_LEAST(getdelim(&line, &capacity, 'r', stream), 5);
  release(line);
  fclose(stream);
}

static void check_regex(void) {
  regex_t regex;
  CHECK_EQUAL(regcomp(&regex, "^(a|b)*c+[[:digit:]]{2,7}$", REG_EXTENDED), 0);
  CHECK_EQUAL(regexec(&regex, "ababcc1234", 0, NULL, 0), 0);
  regfree(&regex);
}

int main(void) {
  for (int round = 0; round < 20; round++) {
    check_strings();
    check_paths();
    check_streams();
    check_regex();
  }
  return 0;
}
