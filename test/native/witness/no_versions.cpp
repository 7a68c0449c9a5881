// A library with one definition for others, without a version, and one of its own.

extern "C" {
__attribute__((visibility("default"))) int one() { return 1; }
int hidden() { return 2; }
}
