// Interned value types: the ABI facts of each, computed from its members when it is made.
#include "component/types.h"

#include <algorithm>
#include <array>
#include <functional>
#include <string_view>
#include <unordered_set>

namespace ashlar::component {
namespace {

constexpr uint32_t kHuge = uint32_t{1} << 31;
constexpr size_t kLongestText = 160;

uint32_t saturate(uint64_t size) { return static_cast<uint32_t>(std::min<uint64_t>(size, kHuge)); }

// ---- flat types: up to kFlatKept of them, packed

struct Flat {
  uint64_t packed = 0;
  uint32_t count = 0;  ///< all of them; saturates at kManyFlat
  void push(FlatType type) {
    if (count < kFlatKept) packed |= static_cast<uint64_t>(type) << (2 * count);
    if (count < kManyFlat) ++count;
  }
  FlatType at(uint32_t i) const { return static_cast<FlatType>(packed >> (2 * i) & 3); }
  void append(const Flat& other) {
    if (count < kFlatKept) packed |= other.packed << (2 * count);
    count = std::min(count + other.count, kManyFlat);
  }
};

Flat flat_of(const ValType& type, bool memory64) { return {memory64 ? type.flat64 : type.flat32, type.flat_count}; }

/// CanonicalABI.md, join: the core type that holds either.
FlatType join(FlatType a, FlatType b) {
  if (a == b) return a;
  const auto narrow = [](FlatType t) { return t == FlatType::I32 || t == FlatType::F32; };
  return narrow(a) && narrow(b) ? FlatType::I32 : FlatType::I64;
}

Flat flat_cases(const ValType& type, bool memory64) {
  Flat payload;
  for (const Member& member : type.members) {
    if (!member.type) continue;
    const Flat flat = flat_of(*member.type, memory64);
    const uint32_t shared = std::min({payload.count, flat.count, kFlatKept});
    for (uint32_t i = 0; i < shared; ++i) {
      const uint64_t joined = static_cast<uint64_t>(join(payload.at(i), flat.at(i)));
      payload.packed = (payload.packed & ~(uint64_t{3} << (2 * i))) | joined << (2 * i);
    }
    for (uint32_t i = shared; i < std::min(flat.count, kFlatKept); ++i) payload.push(flat.at(i));
    payload.count = std::max(payload.count, flat.count);
  }
  Flat out;
  out.push(FlatType::I32);
  out.append(payload);
  return out;
}

Flat flat_repeated(const Flat& element, uint32_t length) {
  Flat out;
  for (uint32_t i = 0; i < length && out.count < kFlatKept; ++i) out.append(element);
  out.count = static_cast<uint32_t>(std::min<uint64_t>(uint64_t{element.count} * length, kManyFlat));
  return out;
}

Flat flatten_node(const ValType& type, bool memory64) {
  const auto one = [](FlatType t) {
    Flat out;
    out.push(t);
    return out;
  };
  switch (type.kind) {
    case TypeKind::Bool:
    case TypeKind::S8:
    case TypeKind::U8:
    case TypeKind::S16:
    case TypeKind::U16:
    case TypeKind::S32:
    case TypeKind::U32:
    case TypeKind::Char:
    case TypeKind::ErrorContext:
    case TypeKind::Flags:
    case TypeKind::Enum:
    case TypeKind::Own:
    case TypeKind::Borrow:
    case TypeKind::Stream:
    case TypeKind::Future:
      return one(FlatType::I32);
    case TypeKind::S64:
    case TypeKind::U64:
      return one(FlatType::I64);
    case TypeKind::F32:
      return one(FlatType::F32);
    case TypeKind::F64:
      return one(FlatType::F64);
    case TypeKind::String:
    case TypeKind::List:
    case TypeKind::Map:
      return flat_repeated(one(memory64 ? FlatType::I64 : FlatType::I32), 2);
    case TypeKind::FixedList:
      return flat_repeated(flat_of(*type.members[0].type, memory64), type.length);
    case TypeKind::Record:
    case TypeKind::Tuple: {
      Flat out;
      for (const Member& member : type.members) out.append(flat_of(*member.type, memory64));
      return out;
    }
    case TypeKind::Variant:
    case TypeKind::Option:
    case TypeKind::Result:
      return flat_cases(type, memory64);
  }
  return {};
}

// ---- layout

AbiLayout scalar(uint32_t size) { return {size, size}; }

AbiLayout layout_cases(const ValType& type, bool memory64) {
  const uint32_t tag = discriminant_size(case_count(type));
  AbiLayout payload;
  for (const Member& member : type.members) {
    if (!member.type) continue;
    const AbiLayout& l = layout(*member.type, memory64);
    payload = {std::max(payload.size, l.size), std::max(payload.align, l.align)};
  }
  const uint32_t align = std::max(tag, payload.align);
  const uint64_t size = align_up(tag, payload.align) + payload.size;
  return {saturate(align_up(size, align)), align};
}

AbiLayout layout_node(const ValType& type, bool memory64) {
  const uint32_t pointer = memory64 ? 8 : 4;
  switch (type.kind) {
    case TypeKind::Bool:
    case TypeKind::S8:
    case TypeKind::U8:
      return scalar(1);
    case TypeKind::S16:
    case TypeKind::U16:
      return scalar(2);
    case TypeKind::S32:
    case TypeKind::U32:
    case TypeKind::F32:
    case TypeKind::Char:
    case TypeKind::ErrorContext:
    case TypeKind::Own:
    case TypeKind::Borrow:
    case TypeKind::Stream:
    case TypeKind::Future:
      return scalar(4);
    case TypeKind::S64:
    case TypeKind::U64:
    case TypeKind::F64:
      return scalar(8);
    case TypeKind::String:
    case TypeKind::List:
    case TypeKind::Map:
      return {2 * pointer, pointer};
    case TypeKind::FixedList: {
      const AbiLayout& element = layout(*type.members[0].type, memory64);
      return {saturate(uint64_t{element.size} * type.length), element.align};
    }
    case TypeKind::Record:
    case TypeKind::Tuple:
      return record_layout(type.members, memory64);
    case TypeKind::Flags: {
      const size_t labels = type.members.size();
      return scalar(labels <= 8 ? 1 : labels <= 16 ? 2 : 4);
    }
    case TypeKind::Variant:
    case TypeKind::Enum:
    case TypeKind::Option:
    case TypeKind::Result:
      return layout_cases(type, memory64);
  }
  return {};
}

// ---- facts

/// Whether all bytes of the members belong to a member, and each member is bits.
bool members_are_bits(const ValType& type) {
  uint64_t sum = 0;
  for (const Member& member : type.members) {
    if (!member.type->is_bits) return false;
    sum += member.type->layout32.size;
  }
  return sum == type.layout32.size;
}

bool bits(const ValType& type) {
  switch (type.kind) {
    case TypeKind::S8:
    case TypeKind::U8:
    case TypeKind::S16:
    case TypeKind::U16:
    case TypeKind::S32:
    case TypeKind::U32:
    case TypeKind::S64:
    case TypeKind::U64:
    case TypeKind::F32:
    case TypeKind::F64:
      return true;
    case TypeKind::Flags:  // bits without a label would have to be cleared
      return type.members.size() == size_t{8} * type.layout32.size;
    case TypeKind::Record:
    case TypeKind::Tuple:
      return members_are_bits(type);
    case TypeKind::FixedList:
      return type.members[0].type->is_bits;
    case TypeKind::Bool:
    case TypeKind::Char:
    case TypeKind::String:
    case TypeKind::ErrorContext:
    case TypeKind::Variant:
    case TypeKind::List:
    case TypeKind::Enum:
    case TypeKind::Option:
    case TypeKind::Result:
    case TypeKind::Own:
    case TypeKind::Borrow:
    case TypeKind::Stream:
    case TypeKind::Future:
    case TypeKind::Map:
      return false;
  }
  return false;
}

void derive(ValType& type) {
  const TypeKind kind = type.kind;
  // What a stream or future carries is not part of the value that is lifted and lowered.
  const bool carries = kind == TypeKind::Stream || kind == TypeKind::Future;
  type.has_borrow = kind == TypeKind::Borrow;
  type.has_handle = kind == TypeKind::Own || kind == TypeKind::Borrow || kind == TypeKind::ErrorContext || carries;
  type.has_pointer = kind == TypeKind::String || kind == TypeKind::List || kind == TypeKind::Map;
  for (const Member& member : type.members) {
    if (!member.type) continue;
    type.has_borrow |= member.type->has_borrow;
    type.has_handle |= member.type->has_handle;
    type.has_pointer |= !carries && member.type->has_pointer;
    type.depth = std::max(type.depth, member.type->depth + 1);
  }
  type.layout32 = layout_node(type, false);
  type.layout64 = layout_node(type, true);
  const Flat flat = flatten_node(type, false);
  type.flat_count = flat.count;
  type.flat32 = flat.packed;
  type.flat64 = flatten_node(type, true).packed;
  type.is_bits = bits(type);
}

// ---- interning

struct Hash {
  size_t operator()(const ValType* type) const {
    size_t h = static_cast<size_t>(type->kind);
    const auto mix = [&](size_t value) { h = (h ^ value) * 0x9e3779b97f4a7c15ull + (h >> 29); };
    mix(type->length);
    mix(type->resource);
    for (const Member& member : type->members) {
      mix(std::hash<std::string_view>()(member.label));
      mix(std::hash<const void*>()(member.type));
    }
    return h;
  }
};
struct Equal {
  bool operator()(const ValType* a, const ValType* b) const {
    return a->kind == b->kind && a->length == b->length && a->resource == b->resource &&
           std::ranges::equal(a->members, b->members,
                              [](const Member& x, const Member& y) { return x.type == y.type && x.label == y.label; });
  }
};

TypeKind kind_of(PrimType type) {
  switch (type) {
    case PrimType::Bool:
      return TypeKind::Bool;
    case PrimType::S8:
      return TypeKind::S8;
    case PrimType::U8:
      return TypeKind::U8;
    case PrimType::S16:
      return TypeKind::S16;
    case PrimType::U16:
      return TypeKind::U16;
    case PrimType::S32:
      return TypeKind::S32;
    case PrimType::U32:
      return TypeKind::U32;
    case PrimType::S64:
      return TypeKind::S64;
    case PrimType::U64:
      return TypeKind::U64;
    case PrimType::F32:
      return TypeKind::F32;
    case PrimType::F64:
      return TypeKind::F64;
    case PrimType::Char:
      return TypeKind::Char;
    case PrimType::String:
      return TypeKind::String;
    case PrimType::ErrorContext:
      return TypeKind::ErrorContext;
  }
  return TypeKind::Bool;
}

// ---- text

constexpr std::string_view kNames[] = {"bool",   "s8",      "u8",   "s16",    "u16",    "s32",    "u32",
                                       "s64",    "u64",     "f32",  "f64",    "char",   "string", "error-context",
                                       "record", "variant", "list", "list",   "tuple",  "flags",  "enum",
                                       "option", "result",  "own",  "borrow", "stream", "future", "map"};
static_assert(std::size(kNames) == static_cast<size_t>(TypeKind::Map) + 1);

/// Writes until the text is long: nodes are shared, so a type's whole text can be exponential in what made it.
class Writer {
 public:
  std::string take() {
    if (full()) {
      out_.resize(kLongestText);
      out_ += "...";
    }
    return std::move(out_);
  }
  void write(const ValType& type) {
    if (full()) return;
    out_ += kNames[static_cast<size_t>(type.kind)];
    const TypeKind kind = type.kind;
    if (kind == TypeKind::Own || kind == TypeKind::Borrow) {
      out_ += "<resource " + std::to_string(type.resource) + ">";
    } else if (kind == TypeKind::Result) {
      result(type);
    } else if (!type.members.empty() && !type.members[0].label.empty() && kind != TypeKind::Option) {
      labelled(type);
    } else {
      arguments(type);
    }
  }

 private:
  bool full() const { return out_.size() > kLongestText; }

  void labelled(const ValType& type) {
    out_ += " {";
    for (const char* separator = " "; const Member& member : type.members) {
      if (full()) return;
      out_ += separator;
      out_ += member.label;
      separator = ", ";
      if (!member.type) continue;
      out_ += type.kind == TypeKind::Record ? ": " : "(";
      write(*member.type);
      if (type.kind != TypeKind::Record) out_ += ')';
    }
    out_ += " }";
  }
  void result(const ValType& type) {
    const ValType* ok = type.members[0].type;
    const ValType* error = type.members[1].type;
    if (!ok && !error) return;
    out_ += '<';
    if (ok) write(*ok);
    if (!ok) out_ += '_';
    if (error) {
      out_ += ", ";
      write(*error);
    }
    out_ += '>';
  }
  void arguments(const ValType& type) {
    if (type.members.empty() || !type.members[0].type) return;
    for (char separator = '<'; const Member& member : type.members) {
      if (full()) return;
      out_ += separator;
      if (separator == ',') out_ += ' ';
      separator = ',';
      write(*member.type);
    }
    if (type.kind == TypeKind::FixedList) out_ += ", " + std::to_string(type.length);
    out_ += '>';
  }

  std::string out_;
};

}  // namespace

bool FuncType::operator==(const FuncType& other) const {
  return async == other.async && result == other.result &&
         std::ranges::equal(params, other.params,
                            [](const Member& a, const Member& b) { return a.type == b.type && a.label == b.label; });
}

AbiLayout record_layout(std::span<const Member> members, bool memory64) {
  uint64_t size = 0;
  uint32_t align = 1;
  for (const Member& member : members) {
    const AbiLayout& l = layout(*member.type, memory64);
    size = saturate(align_up(size, l.align) + l.size);
    align = std::max(align, l.align);
  }
  return {saturate(align_up(size, align)), align};
}

size_t case_count(const ValType& type) { return type.kind == TypeKind::Option ? 2 : type.members.size(); }

const ValType* case_payload(const ValType& type, size_t index) {
  if (type.kind != TypeKind::Option) return type.members[index].type;
  return index == 0 ? nullptr : type.members[0].type;
}

struct TypeArena::State {
  std::deque<ValType> nodes;
  std::unordered_set<const ValType*, Hash, Equal> known;
};

TypeArena::TypeArena() : state_(std::make_unique<State>()) {}
TypeArena::~TypeArena() = default;
TypeArena::TypeArena(TypeArena&&) noexcept = default;
TypeArena& TypeArena::operator=(TypeArena&&) noexcept = default;

const ValType* TypeArena::prim(PrimType type) const {
  // Shared by all arenas: primitives have no members that an arena would own.
  static const std::array<ValType, static_cast<size_t>(TypeKind::ErrorContext) + 1> nodes = [] {
    std::array<ValType, static_cast<size_t>(TypeKind::ErrorContext) + 1> made{};
    for (size_t i = 0; i < made.size(); ++i) {
      made[i].kind = static_cast<TypeKind>(i);
      derive(made[i]);
    }
    return made;
  }();
  return &nodes[static_cast<size_t>(kind_of(type))];
}

const ValType* TypeArena::make(TypeKind kind, std::vector<Member> members, uint32_t length, ResourceId resource) {
  ValType candidate;
  candidate.kind = kind;
  candidate.members = std::move(members);
  candidate.length = length;
  candidate.resource = resource;
  if (const auto found = state_->known.find(&candidate); found != state_->known.end()) return *found;
  derive(candidate);
  const ValType* node = &state_->nodes.emplace_back(std::move(candidate));
  state_->known.insert(node);
  return node;
}

std::string TypeArena::to_string(const ValType& type) {
  Writer writer;
  writer.write(type);
  return writer.take();
}

bool flatten(const ValType& type, bool memory64, std::vector<FlatType>& out, size_t limit) {
  const uint32_t kept = std::min(type.flat_count, kFlatKept);
  for (uint32_t i = 0; i < kept; ++i) {
    if (out.size() >= limit) return false;
    out.push_back(flat_at(type, memory64, i));
  }
  return kept == type.flat_count;
}

}  // namespace ashlar::component
