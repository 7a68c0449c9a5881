// More static thread-local memory than a library that is opened late finds room for.
__attribute__((tls_model("initial-exec"))) thread_local char large[16384];

extern "C" char* thread_local_place() { return large; }
