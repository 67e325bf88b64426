// Typed calls: compiled code entered with arguments in registers, its calls of host functions, bytes in guest memory.
#include <algorithm>
#include <cstring>
#include <optional>
#include <string>

#include "native/activation.h"
#include "native/sanitizer.h"

// Not to be sorted above: see api/access.h.
#include "api/refs.h"

namespace ashlar {
inline namespace v0 {
namespace detail {

namespace {

static_assert(sizeof(NativeRoom) >= sizeof(native::Activation) && alignof(NativeRoom) >= alignof(native::Activation));

runtime::HostFunc& function_of(const HostObject& object) {
  return *static_cast<runtime::HostFunc*>(const_cast<void*>(object.function));
}

void (*const kEnter)() = reinterpret_cast<void (*)()>(&native::ashlar_native_enter);

[[gnu::noinline]] NativeRun begin_nested(runtime::Store& store, native::StoreState& state, const runtime::FuncCell& f,
                                         NativeRoom& room) {
  auto& a = *new (&room) native::Activation;
  const auto* here = reinterpret_cast<const uint8_t*>(&room);
  switch (native::begin(a, store, state, f.native, f.ctx, here)) {
    case native::Begun::Exhausted:
      return {};
    case native::Begun::Interrupted:
      native::end(a);
      return {};
    case native::Begun::Yes:
      ++store.host_depth;
      return {&a, kEnter};
  }
  return {};
}

/// Later frames do not find the references of these.
[[gnu::noinline]] void forget(native::Activation& a) {
  a.collections = a.store->heap().stats().minor;
  a.state->stack.discard(static_cast<const uint8_t*>(a.sp));
  a.store->forget_dead_frames(a.store->stack_top);
}

[[gnu::noinline]] bool end_unusual(StoreState* s, native::Activation& a) {
  runtime::Store& store = s->store;
  const bool collected = store.heap().stats().minor != a.collections;
  if (a.previous != nullptr) {
    native::end(a);
    if (collected) store.forget_dead_frames(store.stack_top);
  } else {
    native::end_first(a);
    if (collected) forget(a);
  }
  --store.host_depth;
  if (a.trap != runtime::Trap::none) return false;
  s->refs->end_unreachable();
  return true;
}

}  // namespace

// What is not as usual goes to call_slots, which does it, or says what is wrong: too deep a nesting, no stack yet, an
// interruption. A function is compiled when its cell's context is that of its instance.
NativeRun begin_native(StoreState* s, void* cell, NativeRoom& room) {
  if constexpr (native::kWatchesStacks) return {};
  const auto& f = *static_cast<const runtime::FuncCell*>(cell);
  runtime::Store& store = s->store;
  const int thread = os::known_alarm_target();
  if (f.native_ctx != f.ctx || thread == 0 || store.host_depth >= store.limits().host_depth ||
      store.native_state == nullptr) [[unlikely]]
    return {};
  auto& state = *static_cast<native::StoreState*>(store.native_state.get());
  if (native::t_activation != nullptr) [[unlikely]]
    return begin_nested(store, state, f, room);
  native::Activation* a = native::begin_first(store, state, f.native, f.ctx, thread);
  if (a == nullptr) [[unlikely]]
    return {};
  ++store.host_depth;
  return {a, kEnter};
}

bool end_native(StoreState* s, void* run) {
  auto& a = *static_cast<native::Activation*>(run);
  runtime::Store& store = s->store;
  const bool usual = a.previous == nullptr && a.trap == runtime::Trap::none &&
                     store.heap().stats().minor == a.collections && *s->refs->unreachable() == nullptr;
  if (!usual) [[unlikely]]
    return end_unusual(s, a);
  native::end_first(a);
  --store.host_depth;
  return true;
}

Error native_error(StoreState* s, void* run) try {
  internal::Error e = native::error_of(*static_cast<native::Activation*>(run));
  if (e.code() == ErrorCode::uncaught_exception) {
    e = runtime::add_backtrace(std::move(e), s->store.left_frames.take());
  }
  s->refs->end_unreachable();
  return Access::error(s, std::move(e));
} catch (const std::bad_alloc&) {
  return Access::no_memory();
}

Status call_with_caller(HostObject& object, uint64_t* slots, Status (*call)(HostObject&, Caller&, uint64_t*)) {
  Caller caller = Access::caller(object.store, native::host_caller(object.store->store));
  return call(object, caller, slots);
}

// These are called by host functions that compiled code calls: nothing may leave them.
void fail_native(HostObject& object, Error error) {
  native::fail_host_call(object.store->store, Access::to_internal(object.store, std::move(error)));
}

void fail_by_exception(HostObject& object) {
  native::fail_host_call(object.store->store, runtime::exception_error(function_of(object)));
}

void end_unreachable(HostObject& object) { object.store->refs->end_unreachable(); }

Result<std::span<uint8_t>> caller_bytes(Caller& caller, uint64_t address, uint64_t size) try {
  const std::optional<Memory> memory = caller.memory();
  if (!memory) return std::unexpected(Access::error(ApiError::caller_without_memory));
  const std::span<uint8_t> all = memory->bytes();
  if (size > all.size() || address > all.size() - size) {
    return std::unexpected(
        Access::error(ApiError::bytes_outside_memory, std::to_string(size), std::to_string(address)));
  }
  return all.subspan(address, size);
} catch (const std::bad_alloc&) {
  return no_memory();
}

namespace {

/// The exported function of that name if its parameters are so many addresses, and its results.
runtime::FuncCell* exported(runtime::Instance& instance, std::string_view name, bool wide, size_t params,
                            size_t results) {
  runtime::Extern found;
  if (!instance.find_export(name, &found) || found.kind != module::ExternKind::Func) return nullptr;
  const isa::ValType address = wide ? isa::ValType::i64() : isa::ValType::i32();
  const module::FuncType& type = instance.store().types().get(found.func->type_id).def.func;
  const module::FuncType wanted{std::vector<isa::ValType>(params, address),
                                std::vector<isa::ValType>(results, address)};
  return type.params == wanted.params && type.results == wanted.results ? found.func : nullptr;
}

}  // namespace

Result<GuestAllocator> guest_allocator(StoreState*, void* cell, bool wide) try {
  const auto& f = *static_cast<const runtime::FuncCell*>(cell);
  const std::string wanted =
      wide ? "cabi_realloc, or malloc and free, of 64-bit addresses" : "cabi_realloc, or malloc and free";
  if (f.ctx == nullptr) return std::unexpected(Access::error(ApiError::no_allocator, wanted));
  runtime::Instance& instance = *f.ctx->instance;
  GuestAllocator out;
  out.wide = wide;
  runtime::Extern named;
  const bool is_named = instance.find_export("memory", &named) && named.kind == module::ExternKind::Memory;
  out.memory = is_named ? named.memory : f.ctx->mem0;
  if (out.memory == nullptr) return std::unexpected(Access::error(ApiError::no_guest_memory));
  out.allocate = exported(instance, "cabi_realloc", wide, 4, 1);
  if (out.allocate != nullptr) return out;
  out.allocate = exported(instance, "malloc", wide, 1, 1);
  out.release = exported(instance, "free", wide, 1, 0);
  if (out.allocate == nullptr || out.release == nullptr) {
    return std::unexpected(Access::error(ApiError::no_allocator, wanted));
  }
  return out;
} catch (const std::bad_alloc&) {
  return no_memory();
}

// malloc(0) may give null, as where there is no room: it is asked for one byte.
Result<uint64_t> put_bytes(StoreState* store, const GuestAllocator& by, std::span<const uint8_t> bytes) try {
  const auto no_room = [&] {
    return std::unexpected(Access::error(ApiError::guest_out_of_memory, std::to_string(bytes.size())));
  };
  if (!by.wide && bytes.size() > ~uint32_t{0}) return no_room();
  const bool by_malloc = by.release != nullptr;
  uint64_t slots[4] = {by_malloc ? std::max<uint64_t>(bytes.size(), 1) : 0, 0, 1, bytes.size()};
  if (Status done = call_slots(store, by.allocate, slots); !done) return std::unexpected(std::move(done).error());
  const uint64_t address = by.wide ? slots[0] : static_cast<uint32_t>(slots[0]);
  const auto& memory = *static_cast<const runtime::Memory*>(by.memory);
  const uint64_t size = memory.byte_size();
  if ((by_malloc && address == 0) || bytes.size() > size || address > size - bytes.size()) return no_room();
  if (!bytes.empty()) std::memcpy(memory.base() + address, bytes.data(), bytes.size());
  return address;
} catch (const std::bad_alloc&) {
  return no_memory();
}

Status take_back(StoreState* store, const GuestAllocator& by, uint64_t address) {
  if (by.release == nullptr) return {};
  uint64_t slots[1] = {address};
  return call_slots(store, by.release, slots);
}

}  // namespace detail
}  // namespace v0
}  // namespace ashlar
