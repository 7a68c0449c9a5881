// The simple heap with a version on its exports (misversioned.map), as upstream's linker script gives them: references
// to another version, those to aligned_alloc and reallocarray, bind to libc.

#include "heaps/simple/simple.cpp"
