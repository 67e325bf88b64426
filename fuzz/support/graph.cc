// Hashing the objects of an instance, breadth first; see graph.h.
#include "support/graph.h"

#include <cstring>
#include <unordered_map>
#include <vector>

#include "runtime/table.h"

namespace ashlar::fuzz {

namespace {

using runtime::FieldKind;
using runtime::FuncCell;
using runtime::GcHeap;
using runtime::GcRef;
using runtime::Slot;

constexpr size_t kMostObjects = 20'000;
constexpr uint64_t kMostWords = 400'000;

class Walk {
 public:
  explicit Walk(runtime::Store& store) : store_(store), heap_(store.heap()) {}

  void add(uint64_t word) {
    constexpr uint64_t kFactor = 0x9e3779b97f4a7c15u;
    hash_ = (hash_ ^ word) * kFactor;
    hash_ ^= hash_ >> 29;
    ++words_;
  }
  /// A value of that (canonical) type, in slots.
  void value(isa::ValType type, const Slot* slots) {
    if (!type.is_ref()) return add_bytes(reinterpret_cast<const uint8_t*>(slots), number_bytes(type));
    if (store_.is_func_ref(type)) return function(slots[0]);
    reference(static_cast<GcRef>(slots[0]));
  }
  uint64_t finish() {
    for (size_t at = 0; at < order_.size() && words_ < kMostWords; ++at) object(order_[at]);
    return hash_;
  }

 private:
  static size_t number_bytes(isa::ValType type) {
    switch (type.kind()) {
      case isa::ValKind::I32:
      case isa::ValKind::F32:
        return 4;
      case isa::ValKind::V128:
        return 16;
      default:
        return 8;
    }
  }
  void add_bytes(const uint8_t* p, size_t size) {
    for (size_t at = 0; at < size; at += 8) {
      uint64_t word = 0;
      std::memcpy(&word, p + at, std::min<size_t>(8, size - at));
      add(word);
    }
  }
  void function(Slot cell) { add(cell == 0 ? 0 : 1 + uint64_t{reinterpret_cast<const FuncCell*>(cell)->index}); }
  /// Objects count by when they are first met.
  void reference(GcRef r) {
    if (r == runtime::kNullRef || runtime::is_i31(r)) return add(r);
    const auto [entry, is_new] = numbers_.try_emplace(r, numbers_.size());
    if (is_new && order_.size() < kMostObjects) order_.push_back(r);
    add(uint64_t{2} << 32 | entry->second);
  }
  void field(FieldKind kind, const uint8_t* p) {
    if (kind == FieldKind::Ref) {
      GcRef r;
      std::memcpy(&r, p, sizeof r);
      return reference(r);
    }
    if (kind == FieldKind::FuncRef) {
      Slot cell;
      std::memcpy(&cell, p, sizeof cell);
      return function(cell);
    }
    add_bytes(p, runtime::field_size(kind));
  }
  void object(GcRef r) {
    const runtime::GcHeader& header = *heap_.header(r);
    const uint32_t id = header.type_id();
    add(uint64_t{header.length} << 32 | id);
    if (id == runtime::kHostType) return add(heap_.host_value(r));
    if (id == runtime::kExnType) {
      const Slot* slots = heap_.exn_payload(r);
      for (const isa::ValType param : store_.types().get(heap_.exn_tag(r)->type_id).def.func.params) {
        value(param, slots);
        slots += param.slot_count();
      }
      return;
    }
    const runtime::GcLayout& layout = heap_.layout(id);
    if (layout.kind == module::CompositeKind::Struct) {
      for (size_t i = 0; i < layout.kinds.size(); ++i) field(layout.kinds[i], heap_.at(r, layout.offsets[i]));
      return;
    }
    for (uint32_t i = 0; i < header.length && words_ < kMostWords; ++i) {
      field(layout.kinds[0], heap_.elements(r) + uint64_t{i} * layout.elem_size);
    }
  }

  runtime::Store& store_;
  GcHeap& heap_;
  uint64_t hash_ = 0;
  uint64_t words_ = 0;
  std::unordered_map<GcRef, uint64_t> numbers_;
  std::vector<GcRef> order_;
};

}  // namespace

uint64_t graph_hash(runtime::Instance& instance) {
  Walk walk(instance.store());
  const module::Module& m = instance.module();
  for (size_t i = 0; i < m.globals.size(); ++i) {
    const isa::ValType type = module::to_canonical(m, m.globals[i].type.type);
    if (type.is_ref()) walk.value(type, instance.ctx.globals[i]);
  }
  for (size_t i = 0; i < m.tables.size(); ++i) {
    runtime::Table& table = *instance.ctx.tables[i];
    for (uint64_t at = 0; at < table.size(); ++at) {
      const Slot element = table.get(at);
      walk.value(table.type().elem, &element);
    }
  }
  return walk.finish();
}

}  // namespace ashlar::fuzz
