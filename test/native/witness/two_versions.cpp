// A library whose definitions have versions: one in a single version, one in two, the older hidden.

__asm__(".symver two_old, two@ALLOC8_1");
__asm__(".symver two_new, two@@ALLOC8_2");

extern "C" {
__attribute__((visibility("default"))) int two_old() { return 1; }
__attribute__((visibility("default"))) int two_new() { return 2; }
__attribute__((visibility("default"))) int one() { return 3; }
int hidden() { return 4; }
}
