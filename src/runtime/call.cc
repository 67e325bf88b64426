// Calls from the host into a store and from guests to host functions: checks, marshalling, depth.
#include <algorithm>
#include <array>
#include <cstring>
#include <exception>
#include <memory>
#include <new>
#include <optional>

#include "module/subtyping.h"
#include "os/pages.h"
#include "runtime/store.h"

namespace ashlar::runtime {

namespace {

/// Slots of one call: most signatures fit without allocation. What lies on the stack the collector sees anyway.
class SlotBuffer {
 public:
  SlotBuffer(GcHeap& objects, size_t count) {
    if (count <= inline_.size()) return;
    heap_ = std::make_unique<Slot[]>(count);
    scanned_.emplace(objects, heap_.get(), count * sizeof(Slot));
  }
  Slot* data() { return heap_ ? heap_.get() : inline_.data(); }

 private:
  std::array<Slot, 16> inline_{};
  std::unique_ptr<Slot[]> heap_;
  std::optional<GcHeap::ScannedRange> scanned_;
};

/// Of the thread's own stack, what the interpreter and helpers use.
[[gnu::noinline]] void forget_thread_frames() {
  uint8_t frames[24 << 10];
  std::memset(frames, 0, sizeof frames);
  asm volatile("" ::"r"(frames) : "memory");
}

/// One more call on the host's stack until the end of the scope, and the guest's stack back where it was.
class DepthScope {
 public:
  explicit DepthScope(Store& store) : store_(store), top_(store.stack_top) { ++store_.host_depth; }
  /// Where the guest's frames begin: at the bottom of a stack that was mapped meanwhile.
  Slot* top() const { return top_ != nullptr ? top_ : store_.stack_base; }
  ~DepthScope() {
    --store_.host_depth;
    store_.stack_top = top();
  }
  DepthScope(const DepthScope&) = delete;
  DepthScope& operator=(const DepthScope&) = delete;

 private:
  Store& store_;
  Slot* top_;
};

}  // namespace

// Slots leave the high half of narrow values unspecified; values at rest have it zero.
bool is_narrow(const Store& store, isa::ValType type) {
  switch (type.kind()) {
    case isa::ValKind::I32:
    case isa::ValKind::F32:
      return true;
    case isa::ValKind::Ref:
      return !store.is_func_ref(type);
    case isa::ValKind::I64:
    case isa::ValKind::F64:
    case isa::ValKind::V128:
    case isa::ValKind::Bot:
      return false;
  }
  return false;
}

Memory* Caller::memory() const {
  if (instance == nullptr || instance->module().memories.empty()) return nullptr;
  if (instance->module().memories.size() == 1) return instance->ctx.mem0;
  Extern named;
  if (instance->find_export("memory", &named) && named.kind == module::ExternKind::Memory) return named.memory;
  return instance->ctx.mem0;
}

bool Store::is_func_ref(isa::ValType type) const {
  const isa::HeapType heap = type.heap();
  if (heap.is_concrete()) return types().get(heap.index()).def.kind == module::CompositeKind::Func;
  return heap == isa::AbsHeap::Func || heap == isa::AbsHeap::NoFunc;
}

/// Static types must be of the same hierarchy; within it the value itself decides.
bool Store::accepts(isa::ValType param, const Value& value) const {
  if (!param.is_ref() || !value.type.is_ref()) return param == value.type;
  const auto bottom = [this](isa::HeapType heap) {
    return module::bottom_of(heap.is_abstract() ? heap.abs() : module::abs_of(types().get(heap.index()).def.kind));
  };
  if (bottom(param.heap()) != bottom(value.type.heap())) return false;
  if (is_func_ref(param)) return heap_.func_matches(as_func(value.lo), param);
  const auto r = static_cast<GcRef>(value.lo);
  return r == value.lo && heap_.is_valid(r) && heap_.matches(r, param);
}

Status Store::check_arguments(const module::FuncType& type, std::span<const Value> args) const {
  if (args.size() != type.params.size()) {
    return make_error(ErrorCode::argument_mismatch, kNoOffset,
                      std::to_string(type.params.size()) + " expected, " + std::to_string(args.size()) + " given");
  }
  for (size_t i = 0; i < args.size(); ++i) {
    if (accepts(type.params[i], args[i])) continue;
    return make_error(ErrorCode::argument_mismatch, kNoOffset,
                      "argument " + std::to_string(i + 1) + " is not of type " + isa::to_string(type.params[i]));
  }
  return {};
}

Status Store::call(FuncCell* f, std::span<const Value> args, std::vector<Value>& results) {
  const module::FuncType& type = types().get(f->type_id).def.func;
  TRY(check_arguments(type, args));
  SlotBuffer slots(heap_, std::max(f->param_slots, f->result_slots));
  Slot* at = slots.data();
  for (const Value& arg : args) {
    *at++ = arg.lo;
    if (arg.type.is_vec()) *at++ = arg.hi;
  }
  TRY(invoke(*f, slots.data()));
  at = slots.data();
  results.reserve(results.size() + type.results.size());
  for (isa::ValType result : type.results) {
    Value value{result, *at++, 0};
    if (result.is_vec()) value.hi = *at++;
    if (is_narrow(*this, result)) value.lo = static_cast<uint32_t>(value.lo);
    results.push_back(value);
  }
  return {};
}

Error Store::refuse_call() const {
  return Error(host_depth == kSuspendedDepth ? ErrorCode::store_suspended : ErrorCode::call_stack_exhausted);
}

Status Store::invoke(const FuncCell& f, Slot* slots) {
  const auto here = reinterpret_cast<uintptr_t>(__builtin_frame_address(0));
  if (host_depth >= limits_.host_depth || here - helper_stack.begin < helper_stack.bytes) [[unlikely]]
    return std::unexpected(refuse_call());
  note_thread();
  DepthScope scope(*this);
  if (f.host != nullptr) return call_host(f, nullptr, slots);
  const uint64_t collections = heap_.stats().minor;
  Status status = engine_->tier().invoke(*this, f, slots);
  if (heap_.stats().minor != collections) [[unlikely]]
    forget_dead_frames(scope.top());
  if (status || status.error().code() != ErrorCode::uncaught_exception) [[likely]]
    return status;
  return std::unexpected(add_backtrace(std::move(status).error(), left_frames.take()));
}

void Store::forget_dead_frames(Slot* top) const {
  if (top == nullptr) return forget_thread_frames();
  auto* const begin = reinterpret_cast<uint8_t*>(top);
  auto* const end = reinterpret_cast<uint8_t*>(stack_limit);
  const uint64_t in_page = std::min<uint64_t>(-reinterpret_cast<uintptr_t>(begin) % os::page_size(), end - begin);
  const uint64_t pages = static_cast<uint64_t>(end - begin) - in_page;
  std::memset(begin, 0, in_page);
  if (!os::discard_pages(begin + in_page, pages)) std::memset(begin + in_page, 0, pages);
  forget_thread_frames();
}

Status Store::call_host(const FuncCell& f, Instance* caller, Slot* slots) {
  Caller from{*this, caller};
  try {
    return f.host->call(from, slots);
  } catch (...) {
    return std::unexpected(exception_error(*f.host));
  }
}

namespace {

Error describe_exception(const HostFunc& f) {
  try {
    throw;
  } catch (const std::bad_alloc&) {
    return Error::no_memory();
  } catch (const std::exception& e) {
    return Error(ErrorCode::host_trap, kNoOffset, "exception in " + f.name + ": " + e.what());
  } catch (...) {
    return Error(ErrorCode::host_trap, kNoOffset, "exception in " + f.name);
  }
}

}  // namespace

Error exception_error(const HostFunc& f) noexcept {
  try {
    return describe_exception(f);
  } catch (...) {
    return Error::no_memory();  // the text of it
  }
}

}  // namespace ashlar::runtime
