// Compares layout.def with the structs it describes; no code.
#include <cstddef>

#include "runtime/context.h"
#include "runtime/gc_heap.h"
#include "runtime/memory.h"

namespace ashlar::runtime {

#define FIELD(type, field, at) static_assert(offsetof(type, field) == at, #type "::" #field " moved: see layout.def");
#include "runtime/layout.def"
#undef FIELD
static_assert(sizeof(GcHeader) == 8);
static_assert(Memory::base_offset() == 0 && Memory::size_offset() == 8);

}  // namespace ashlar::runtime
