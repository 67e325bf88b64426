// Tags and exceptions.
#include <cstring>

#include "api/refs.h"

namespace ashlar {
inline namespace v0 {

using detail::Access;
using detail::StoreState;

Tag Tag::make(Store& store, const std::vector<ValueType>& types) {
  StoreState* s = Access::state(store);
  return Access::tag(s, s->store.new_tag(s->store.types().intern_func(Access::type(FuncType{types, {}}))));
}

std::vector<ValueType> Tag::types() const {
  return Access::type(store_->store.types().get(Access::tag(*this)->type_id).def.func).params;
}

Error Tag::exception(std::span<const Value> values) const try {
  const std::vector<isa::ValType>& types = store_->store.types().get(Access::tag(*this)->type_id).def.func.params;
  if (values.size() != types.size()) {
    return Access::error(ApiError::exception_mismatch, std::to_string(types.size()), std::to_string(values.size()));
  }
  uint32_t slots = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    if (Access::foreign(store_, values[i])) return detail::foreign_ref();
    if (!Access::fits(store_, types[i], values[i])) {
      return Access::error(ApiError::value_mismatch, values[i].type().to_string(), isa::to_string(types[i]));
    }
    slots += types[i].slot_count();
  }
  runtime::GcHeap& heap = store_->store.heap();
  const runtime::GcRef exn = heap.alloc_exn(Access::tag(*this), slots);
  if (exn == runtime::kNullRef) return Access::error(internal::Error(ErrorCode::gc_heap_exhausted));
  // Nothing is allocated from here on, so that neither moves.
  runtime::Slot* out = heap.exn_payload(exn);
  for (const Value& value : values) {
    const runtime::Value raw = Access::value(value);
    *out++ = raw.lo;
    if (raw.type.is_vec()) *out++ = raw.hi;
  }
  return Access::exception(Access::value(store_, isa::ValType::exnref(), exn, 0));
} catch (const std::bad_alloc&) {
  return Access::no_memory();
}

std::optional<Exception> Error::exception() const {
  const Value& ref = data().exception;
  if (ref.kind() != ValueKind::Ref || ref.is_null()) return std::nullopt;
  StoreState* s = detail::store_of(ref);
  const runtime::GcHeap& heap = s->store.heap();
  const auto exn = static_cast<runtime::GcRef>(Access::value(ref).lo);
  runtime::TagInstance* tag = heap.exn_tag(exn);
  Exception out{Access::tag(s, tag), {}, ref};
  // Making values allocates handles only, which moves nothing.
  const runtime::Slot* slot = heap.exn_payload(exn);
  for (isa::ValType type : s->store.types().get(tag->type_id).def.func.params) {
    const uint64_t lo = runtime::is_narrow(s->store, type) ? static_cast<uint32_t>(slot[0]) : slot[0];
    out.values.push_back(Access::value(s, type, lo, type.is_vec() ? slot[1] : 0));
    slot += type.slot_count();
  }
  return out;
}

Tag Access::tag(StoreState* s, runtime::TagInstance* t) {
  Tag out;
  out.store_ = s;
  out.tag_ = t;
  return out;
}

}  // namespace v0
}  // namespace ashlar
