// All of Ashlar's C++ interface.
//
//   ashlar::Engine engine;
//   auto module = ashlar::Module::from_file(engine, "fib.wat");
//   ashlar::Store store(engine);
//   ashlar::Linker linker(store);
//   auto instance = linker.instantiate(*module);
//   auto fib = instance->func<int32_t(int32_t)>("fib");
//   ashlar::Result<int32_t> answer = fib->call(30);
//
// Whatever can fail returns a Result, also where the host's memory runs out: the error out_of_memory. Only
// constructors, and functions that return something else (texts, lists, copies of values), throw, and nothing but
// std::bad_alloc. What failed for want of memory has left everything as it was; a guest that was stopped by it may be
// called again.
#pragma once

#include "ashlar/async.h"      // IWYU pragma: export
#include "ashlar/component.h"  // IWYU pragma: export
#include "ashlar/engine.h"     // IWYU pragma: export
#include "ashlar/error.h"      // IWYU pragma: export
#include "ashlar/func.h"       // IWYU pragma: export
#include "ashlar/gc.h"         // IWYU pragma: export
#include "ashlar/instance.h"   // IWYU pragma: export
#include "ashlar/linker.h"     // IWYU pragma: export
#include "ashlar/memory.h"     // IWYU pragma: export
#include "ashlar/module.h"     // IWYU pragma: export
#include "ashlar/store.h"      // IWYU pragma: export
#include "ashlar/tag.h"        // IWYU pragma: export
#include "ashlar/tenant.h"     // IWYU pragma: export
#include "ashlar/value.h"      // IWYU pragma: export
#include "ashlar/wasi.h"       // IWYU pragma: export
