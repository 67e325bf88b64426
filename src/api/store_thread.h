// Threads of WASI programs in public stores: what they run in, and how a store's programs end.
#pragma once

#include <functional>
#include <optional>

#include "api/access.h"

namespace ashlar {
inline namespace v0 {
namespace detail {

/// Makes stores like that of the instance which starts a thread, with its programs. `prepare`: WasiConfig::threads.
api::ThreadStoreMaker thread_store_maker(std::function<void(Store&)> prepare);

/// The shared memory `index` of the instance, as one of the store's.
runtime::Memory* shared_with_thread(const runtime::Instance& of, uint32_t index, StoreState& store);

/// The programs whose main thread has the store end, and their threads are gone. Gives the error of another thread
/// where that has ended a program.
std::optional<Error> end_programs(StoreState& store);
/// The same for an error that leaves the store, but for waiting.
internal::Error end_by_error(StoreState& store, internal::Error error);

}  // namespace detail
}  // namespace v0
}  // namespace ashlar
