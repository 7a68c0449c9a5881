// A plugin with thread-local data in the dynamic model: the first touch in each thread makes libc allocate.
static __thread char large[70000];
static __thread int counter = 17;

int tls_plugin_touch(int value) {
  large[value % 70000] = (char)value;
  large[69999] += 1;
  return counter++;
}
