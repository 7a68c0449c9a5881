// A library that is no heap.
// @bare

extern "C" __attribute__((visibility("default"))) int planted_answer() { return 42; }
