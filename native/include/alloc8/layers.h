// All layers. Each stands in a file of its own, and may be included alone.

#pragma once

#include "alloc8/layers/canary.h"
#include "alloc8/layers/fault_injection.h"
#include "alloc8/layers/guard.h"
#include "alloc8/layers/locked.h"
#include "alloc8/layers/mmap_source.h"
#include "alloc8/layers/quarantine.h"
#include "alloc8/layers/size_classes.h"
#include "alloc8/layers/stats.h"
#include "alloc8/layers/thread_cache.h"
#include "alloc8/layers/zeroing.h"
