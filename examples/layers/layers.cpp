// Behaviours stacked on the simple heap: an inaccessible page behind each block, and counters of what goes through.
// Exported besides, for whoever wants to know: what has been counted.

#include <alloc8/layers.h>

#include "../simple_heap/simple_heap.h"

using namespace alloc8::layers;

using LayeredRedirect = alloc8::HeapRedirect<Guard<Stats<Simple>>>;
ALLOC8_REDIRECT(LayeredRedirect);

extern "C" ALLOC8_EXPORT std::size_t layers_live_blocks() { return LayeredRedirect::getHeap()->counts().liveBlocks; }
