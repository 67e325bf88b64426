// Canonicalization by hashing each recursion group with its inner references made relative.
#include "module/type_registry.h"

#include <algorithm>
#include <bit>
#include <unordered_map>

#include "module/module.h"
#include "module/subtyping.h"

namespace ashlar::module {

namespace {

/// A group as a flat list of words; equal groups have equal keys. References into the group are relative indices with
/// kRelative set, all others are canonical ids.
using Key = std::vector<uint32_t>;

constexpr uint32_t kRelative = 1u << 31;  // free in ValType::raw()
constexpr uint32_t kNoSuper = ~uint32_t{0};

struct KeyHash {
  uint64_t seed = 0;  // differs from run to run, so that collisions can't be prepared
  size_t operator()(const Key& key) const {
    uint64_t hash = seed ^ key.size();
    for (const uint32_t word : key) {
      hash = (hash ^ word) * 0x9e3779b97f4a7c15ull;
      hash ^= hash >> 29;
    }
    return hash;
  }
};

struct Group {
  uint64_t refs = 0;
  std::vector<uint32_t> ids;
  const Key* key = nullptr;
};

/// Pointers by id in chunks that double, so that a slot never moves and an empty registry is small.
class SlotTable {
 public:
  struct Slot {
    std::unique_ptr<CanonType> type;
    Group* group = nullptr;
  };
  // Readers reach an id only through a module that was published after the slot was written: no lock, no atomics.
  Slot& at(uint32_t id) const {
    const uint32_t n = id + kFirst;
    const int top = std::bit_width(n) - 1;
    return chunks_[static_cast<size_t>(top - kFirstLog2)][n - (1u << top)];
  }
  void grow_to(uint32_t id) {
    const uint32_t n = id + kFirst;
    const int top = std::bit_width(n) - 1;
    std::unique_ptr<Slot[]>& chunk = chunks_[static_cast<size_t>(top - kFirstLog2)];
    if (!chunk) chunk = std::make_unique<Slot[]>(size_t{1} << top);
  }

 private:
  static constexpr int kFirstLog2 = 5;
  static constexpr uint32_t kFirst = 1u << kFirstLog2;
  std::array<std::unique_ptr<Slot[]>, 25 - kFirstLog2> chunks_;
};

/// How the types of one group are turned into keys and canonical definitions.
struct GroupContext {
  uint32_t first;  ///< module index of the group's first type
  uint32_t count;
  const std::vector<uint32_t>* canonical;  ///< of all types before the group; null: indices are canonical already

  bool inside(uint32_t index) const { return canonical != nullptr && index >= first; }
  uint32_t outside_id(uint32_t index) const { return canonical == nullptr ? index : (*canonical)[index]; }

  uint32_t key_word(ValType type) const {
    if (!type.is_ref() || !type.heap().is_concrete()) return type.raw();
    const uint32_t index = type.heap().index();
    if (!inside(index)) return ValType::ref(type.nullable(), HeapType::concrete(outside_id(index))).raw();
    return ValType::ref(type.nullable(), HeapType::concrete(index - first)).raw() | kRelative;
  }
  ValType resolve(ValType type, const std::vector<uint32_t>& ids) const {
    if (!type.is_ref() || !type.heap().is_concrete()) return type;
    const uint32_t index = type.heap().index();
    const uint32_t id = inside(index) ? ids[index - first] : outside_id(index);
    return ValType::ref(type.nullable(), HeapType::concrete(id));
  }
};

void append_key(Key& key, const GroupContext& context, const SubType& type) {
  key.push_back(static_cast<uint32_t>(type.kind) | (type.is_final ? 0x100u : 0));
  if (type.super == kNoIndex) {
    key.push_back(kNoSuper);
  } else if (context.inside(type.super)) {
    key.push_back((type.super - context.first) | kRelative);
  } else {
    key.push_back(context.outside_id(type.super));
  }
  if (type.kind == CompositeKind::Func) {
    key.push_back(static_cast<uint32_t>(type.func.params.size()));
    key.push_back(static_cast<uint32_t>(type.func.results.size()));
    for (const ValType v : type.func.params) key.push_back(context.key_word(v));
    for (const ValType v : type.func.results) key.push_back(context.key_word(v));
    return;
  }
  key.push_back(static_cast<uint32_t>(type.fields.size()));
  for (const FieldType& field : type.fields) {
    key.push_back(context.key_word(field.storage.type));
    key.push_back(static_cast<uint32_t>(field.storage.packed) << 1 | (field.mut ? 1u : 0));
  }
}

SubType resolve_def(const GroupContext& context, const SubType& type, const std::vector<uint32_t>& ids) {
  SubType out = type;
  if (type.super != kNoIndex) {
    out.super = context.inside(type.super) ? ids[type.super - context.first] : context.outside_id(type.super);
  }
  for (ValType& v : out.func.params) v = context.resolve(v, ids);
  for (ValType& v : out.func.results) v = context.resolve(v, ids);
  for (FieldType& field : out.fields) field.storage.type = context.resolve(field.storage.type, ids);
  return out;
}

}  // namespace

struct TypeRegistry::Impl {
  std::mutex mutex;
  std::unordered_map<Key, Group, KeyHash> groups{0, KeyHash{reinterpret_cast<uintptr_t>(this)}};
  SlotTable slots;
  std::vector<uint32_t> free_ids;
  uint32_t next_id = 0;
  Key scratch;

  /// The group of `types`, with one reference more; null when ids have run out. Called with the lock held.
  Group* intern(std::span<const SubType> types, const GroupContext& context) {
    scratch.clear();
    for (const SubType& type : types) append_key(scratch, context, type);
    if (const auto it = groups.find(scratch); it != groups.end()) {
      ++it->second.refs;
      return &it->second;
    }
    if (next_id + types.size() > HeapType::kMaxIndex + free_ids.size()) return nullptr;
    const auto it = groups.try_emplace(scratch).first;
    Group& group = it->second;
    group.key = &it->first;
    group.refs = 1;
    try {
      fill(group, types, context);
    } catch (...) {
      drop(group);  // as if it had not been asked for
      throw;
    }
    return &group;
  }

  void fill(Group& group, std::span<const SubType> types, const GroupContext& context) {
    group.ids.reserve(types.size());
    for (size_t i = 0; i < types.size(); ++i) group.ids.push_back(take_id());
    for (size_t i = 0; i < types.size(); ++i) add_type(group, group.ids[i], resolve_def(context, types[i], group.ids));
  }

  uint32_t take_id() {
    if (!free_ids.empty()) {
      const uint32_t id = free_ids.back();
      free_ids.pop_back();
      return id;
    }
    slots.grow_to(next_id);
    // Giving ids back allocates nothing.
    if (free_ids.capacity() <= next_id) free_ids.reserve(std::max<size_t>(64, 2 * size_t{next_id}));
    return next_id++;
  }

  void add_type(Group& group, uint32_t id, SubType def) {
    auto type = std::make_unique<CanonType>();
    type->id = id;
    type->depth = 0;
    if (def.super != kNoIndex) {
      // Supertypes come before their subtypes, inside a group too (validated).
      const CanonType& super = *slots.at(def.super).type;
      type->depth = super.depth + 1;
      type->display = super.display;
    }
    type->display.push_back(id);
    type->def = std::move(def);
    SlotTable::Slot& slot = slots.at(id);
    slot.type = std::move(type);
    slot.group = &group;
  }

  void drop(Group& group) {
    if (--group.refs != 0) return;
    for (const uint32_t id : group.ids) {
      slots.at(id).type.reset();
      slots.at(id).group = nullptr;
      free_ids.push_back(id);
    }
    groups.erase(groups.find(*group.key));
  }

  void hold(ValType type) {
    if (type.is_ref() && type.heap().is_concrete()) ++slots.at(type.heap().index()).group->refs;
  }
};

TypeRegistry::TypeRegistry() : impl_(std::make_unique<Impl>()) {}
TypeRegistry::~TypeRegistry() = default;

Status TypeRegistry::canonicalize(const std::shared_ptr<TypeRegistry>& self, Module& m) {
  if (m.registry) return {};
  m.registry = self;
  m.canonical.reserve(m.types.size());
  for (const RecGroup& group : m.rec_groups) TRY(self->canonicalize_group(m.types, group, m.canonical));
  return {};
}

Status TypeRegistry::canonicalize_group(std::span<const SubType> types_so_far, RecGroup group,
                                        std::vector<uint32_t>& canonical) {
  if (group.count == 0) return {};
  const GroupContext context{group.first, group.count, &canonical};
  std::lock_guard lock(impl_->mutex);
  const Group* interned = impl_->intern(types_so_far.subspan(group.first, group.count), context);
  if (interned == nullptr) return make_error(ErrorCode::implementation_limit, kNoOffset, "live types of an engine");
  canonical.insert(canonical.end(), interned->ids.begin(), interned->ids.end());
  return {};
}

void TypeRegistry::release(const Module& m) {
  std::lock_guard lock(impl_->mutex);
  for (const RecGroup& group : m.rec_groups) {
    // Validation may have stopped between two groups.
    if (size_t{group.first} + group.count > m.canonical.size()) return;
    if (group.count != 0) impl_->drop(*impl_->slots.at(m.canonical[group.first]).group);
  }
}

uint32_t TypeRegistry::intern_func(const FuncType& type) {
  SubType sub;
  sub.func = type;
  std::lock_guard lock(impl_->mutex);
  Group* group = impl_->intern({&sub, 1}, GroupContext{0, 1, nullptr});
  CHECK(group != nullptr);
  for (const ValType v : type.params) impl_->hold(v);
  for (const ValType v : type.results) impl_->hold(v);
  return group->ids[0];
}

const CanonType& TypeRegistry::get(uint32_t id) const { return *impl_->slots.at(id).type; }

bool TypeRegistry::is_subtype(uint32_t sub, uint32_t super) const {
  if (sub == super) return true;
  const uint32_t depth = get(super).depth;
  const CanonType& type = get(sub);
  return depth < type.depth && type.display[depth] == super;
}

namespace {
struct CanonicalTypes {
  const TypeRegistry& registry;
  CompositeKind kind(uint32_t id) const { return registry.get(id).def.kind; }
  bool is_subtype(uint32_t sub, uint32_t super) const { return registry.is_subtype(sub, super); }
};
}  // namespace

bool heap_matches(const TypeRegistry& r, HeapType sub, HeapType super) {
  return heap_matches_in(CanonicalTypes{r}, sub, super);
}
bool val_matches(const TypeRegistry& r, ValType sub, ValType super) {
  return val_matches_in(CanonicalTypes{r}, sub, super);
}

HeapType to_canonical(const Module& m, HeapType type) {
  return type.is_concrete() ? HeapType::concrete(m.canonical[type.index()]) : type;
}
ValType to_canonical(const Module& m, ValType type) {
  return type.is_ref() ? ValType::ref(type.nullable(), to_canonical(m, type.heap())) : type;
}

}  // namespace ashlar::module
