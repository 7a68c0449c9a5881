// A reference that nothing resolves, in a function that is hardly ever called.
extern "C" void function_that_no_library_has(void);

extern "C" int malloc_set_state(void*) noexcept {
  function_that_no_library_has();
  return 0;
}
