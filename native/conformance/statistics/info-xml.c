// malloc_info(0, stream) writes well-formed XML whose root is <malloc version="1">: tags nest and close, attributes
// are quoted.
// @standard malloc_info(3)
#include <ctype.h>
#include <malloc.h>

#include "../check.h"

enum { deepest = 20, longest = 40 };

static char open_tags[deepest][longest];
static int depth, elements;

// Reads `name` at `text`, returns what follows it.
static const char* read_name(const char* text, char* name) {
  size_t length = 0;
  while (isalnum((unsigned char)text[length]) || strchr("-_:", text[length]) != NULL) {
    if (!text[length]) break;
    length++;
  }
  CHECK(length > 0 && length < longest);
  memcpy(name, text, length);
  name[length] = 0;
  return text + length;
}

// Reads attributes up to `>` or `/>`.
static const char* read_attributes(const char* text) {
  char name[longest];
  for (;;) {
    while (isspace((unsigned char)*text)) text++;
    if (*text == '>' || *text == '/') return text;
    text = read_name(text, name);
    CHECK_EQUAL(*text, '=');
    char quote = text[1];
    CHECK(quote == '"' || quote == '\'');
    const char* end = strchr(text + 2, quote);
    CHECK(end != NULL);
    text = end + 1;
  }
}

static const char* read_tag(const char* text) {
  char name[longest];
  if (text[1] == '/') {
    text = read_name(text + 2, name);
    CHECK_AT_LEAST(depth, 1);
    depth--;
    if (strcmp(name, open_tags[depth]) != 0) FAIL("closing tag, expected %s, got %s", open_tags[depth], name);
    CHECK_EQUAL(*text, '>');
    return text + 1;
  }
  text = read_attributes(read_name(text + 1, name));
  elements++;
  if (*text == '/') {
    CHECK_EQUAL(text[1], '>');
    return text + 2;
  }
  CHECK(depth < deepest);
  strcpy(open_tags[depth++], name);
  return text + 1;
}

int main(void) {
  void* kept = malloc(5000);
  char* text = NULL;
  size_t size = 0;
  FILE* stream = open_memstream(&text, &size);
  CHECK(stream != NULL);
  CHECK_EQUAL(malloc_info(0, stream), 0);
  CHECK_EQUAL(fclose(stream), 0);
  const char* root = "<malloc version=\"1\">";
  if (strncmp(text, root, strlen(root)) != 0) FAIL("malloc_info, expected %s first, got %.40s", root, text);
  const char* at = text;
  while ((at = strchr(at, '<')) != NULL) {
    at = read_tag(at);
    if (depth == 0) break;
  }
  CHECK_EQUAL(depth, 0);
  CHECK_AT_LEAST(elements, 2);
  while (at && isspace((unsigned char)*at)) at++;
  CHECK(at != NULL && *at == 0);
  free(text);
  free(kept);
  return 0;
}
