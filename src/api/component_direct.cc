// Typed calls of components without a Val between: numbers, strings and lists of numbers go from C++ to the guest's
// memory and back.
#include "component/call_context.h"
#include "component/strings.h"

#include "api/component_state.h"

namespace ashlar {
inline namespace v0 {

using component::CallContext;
using component::TypeKind;
using component::ValType;
using detail::Access;
using detail::ComponentInstanceState;
using detail::DirectResult;
using detail::DirectValue;
using runtime::Slot;

namespace {

constexpr uint32_t kPairSize = 8, kPairAlign = 4;

std::string_view text_of(const DirectValue& v) { return {static_cast<const char*>(v.data), v.size}; }

/// The type of a list's elements.
const ValType& element_of(const ValType& list) { return *list.members[0].type; }

/// A string or list to memory of the guest: its two core values.
std::pair<uint32_t, uint32_t> store(CallContext& cx, const ValType& type, const DirectValue& v, bool checked) {
  if (type.kind == TypeKind::String) return cx.store_string(text_of(v), checked);
  const component::AbiLayout& element = element_of(type).layout32;
  const uint32_t at = cx.allocate(element.align, v.size);
  if (!cx.failed() && v.size != 0) std::memcpy(cx.bytes(at, v.size, 1), v.data, v.size);
  return {at, static_cast<uint32_t>(v.size / element.size)};
}

/// A string or list where it lies in the guest, or in `storage`.
DirectValue view(CallContext& cx, const ValType& type, uint32_t pointer, uint32_t length, std::string& storage) {
  if (type.kind == TypeKind::String) {
    const std::string_view text = cx.view_string(pointer, length, storage);
    return {0, text.data(), text.size()};
  }
  const std::span<const uint8_t> bytes = cx.view_list(pointer, length, element_of(type));
  return {0, bytes.data(), bytes.size()};
}

bool is_pair(const ValType& type) { return type.kind == TypeKind::String || type.kind == TypeKind::List; }

/// Of the host.
class Call final : public component::TypedCall {
 public:
  Call(std::span<const DirectValue> args, DirectResult& result) : args_(args), result_(result) {}

  void lower(CallContext& cx, const component::FuncType& type, Slot* slots) override {
    for (size_t i = 0; i < args_.size(); ++i) {
      const ValType& param = *type.params[i].type;
      if (!is_pair(param)) {
        *slots++ = args_[i].bits;
        continue;
      }
      const auto [at, length] = store(cx, param, args_[i], true);
      *slots++ = at;
      *slots++ = length;
    }
  }
  void lift(CallContext& cx, const component::FuncType& type, Slot result) override {
    if (type.result == nullptr) return;
    if (!is_pair(*type.result)) {
      result_.bits = result;
      return;
    }
    const auto at = static_cast<uint32_t>(result);
    if (cx.bytes(at, kPairSize, kPairAlign) == nullptr) return;
    std::string storage;
    const DirectValue found =
        view(cx, *type.result, cx.read<uint32_t>(at), cx.read<uint32_t>(at + kPairSize / 2), storage);
    if (!cx.failed()) result_.take(result_.to, found.data, found.size);
  }

 private:
  std::span<const DirectValue> args_;
  DirectResult& result_;
};

/// Before anything happens: a mistake of the host's leaves the instance as it was.
Status check(const component::FuncType& type, std::span<const DirectValue> args) {
  for (size_t i = 0; i < args.size(); ++i) {
    if (type.params[i].type->kind != TypeKind::String) continue;
    const DirectValue& v = args[i];
    if (!component::well_formed({component::CodeUnits::Utf8, static_cast<const uint8_t*>(v.data), v.size})) {
      return std::unexpected(
          Access::error(internal::Error(ErrorCode::value_type_mismatch, kNoOffset, "string", "it is not UTF-8")));
    }
  }
  return {};
}

}  // namespace

Status detail::call_direct(ComponentInstanceState* instance, uint32_t func, std::span<const DirectValue> args,
                           DirectResult& result) try {
  if (instance->instance == nullptr) {
    return std::unexpected(Access::error(internal::Error(ErrorCode::cannot_enter_instance)));
  }
  if (Status right = check(instance->plan().funcs[func].type, args); !right) return right;
  Call call(args, result);
  bool begun = false;
  auto done = instance->instance->call_typed(func, call, &begun);
  if (done) return {};
  if (!begun && done.error().phase() == Phase::Usage) return std::unexpected(Access::error(std::move(done).error()));
  return std::unexpected(Access::error(instance->store, std::move(done).error()));
} catch (const std::bad_alloc&) {
  return no_memory();
}

internal::Status detail::call_host_directly(ComponentInstanceState& instance, const DirectHostFunction& f,
                                            CallContext& cx, const component::FuncType& type, Slot* slots) {
  std::array<DirectValue, kMostFlat> args;
  std::array<std::string, kMostFlat / 2> storage;
  size_t count = 0, pairs = 0;
  const Slot* from = slots;
  for (const component::Member& param : type.params) {
    if (!is_pair(*param.type)) {
      args[count++].bits = *from++;
      continue;
    }
    const auto pointer = static_cast<uint32_t>(*from++);
    args[count++] = view(cx, *param.type, pointer, static_cast<uint32_t>(*from++), storage[pairs++]);
  }
  if (cx.failed()) return cx.take_status();

  struct Taken {
    CallContext& cx;
    const ValType* type;
    uint32_t at;
  } taken{cx, type.result, 0};
  const bool in_memory = type.result != nullptr && is_pair(*type.result);
  if (in_memory) taken.at = static_cast<uint32_t>(*from);
  DirectResult result;
  result.to = &taken;
  result.take = [](void* to, const void* data, size_t size) {
    const auto& t = *static_cast<Taken*>(to);
    const auto [pointer, length] = store(t.cx, *t.type, {0, data, size}, false);
    if (t.cx.bytes(t.at, kPairSize, kPairAlign) == nullptr) return;
    t.cx.write(t.at, pointer);
    t.cx.write(t.at + kPairSize / 2, length);
  };
  ComponentCaller caller = Access::component_caller(instance.store, &instance, &type);
  Status done = f(caller, std::span<const DirectValue>(args).first(count), result);
  if (!done) return std::unexpected(Access::to_internal(instance.store, std::move(done).error()));
  if (type.result != nullptr && !in_memory) slots[0] = result.bits;
  return cx.take_status();
}

}  // namespace v0
}  // namespace ashlar
