// Preview 1's functions as host functions of a store.
#pragma once

#include "module/module.h"
#include "runtime/store.h"
#include "wasi/p1/entries.h"

namespace ashlar::wasi::p1 {

/// The type of a HostEntry's signature.
module::FuncType type_of(std::string_view sig);

/// Calls the entry with that context, which outlives the store. A program's end is the error program_exit; one that
/// was ended from outside is interrupted, for the store's reason.
runtime::HostFunc host_func(const HostEntry& entry, Context& context);

}  // namespace ashlar::wasi::p1
