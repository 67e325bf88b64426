// Composite types, recursion groups and external types as the module section lists them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "isa/value_type.h"

namespace ashlar::module {

using isa::FieldType;
using isa::HeapType;
using isa::StorageType;
using isa::ValType;

/// Indices are plain uint32_t in hot code; these aliases say which index space is meant.
using TypeIdx = uint32_t;
using FuncIdx = uint32_t;
using TableIdx = uint32_t;
using MemIdx = uint32_t;
using GlobalIdx = uint32_t;
using TagIdx = uint32_t;
using ElemIdx = uint32_t;
using DataIdx = uint32_t;
inline constexpr uint32_t kNoIndex = ~uint32_t{0};

struct FuncType {
  std::vector<ValType> params;
  std::vector<ValType> results;
  bool operator==(const FuncType&) const = default;
};
/// "[i32 i64] -> [f32]"
std::string to_string(const FuncType& type);
/// "[i32 i64]"
std::string to_string(const std::vector<ValType>& types);

enum class CompositeKind : uint8_t { Func, Struct, Array };

/// One entry of a recursion group. Heap types inside hold module-local type indices (in Module) or canonical
/// ids (in TypeRegistry).
struct SubType {
  bool is_final = true;
  TypeIdx super = kNoIndex;  ///< at most one declared supertype
  CompositeKind kind = CompositeKind::Func;
  FuncType func;                  ///< kind == Func
  std::vector<FieldType> fields;  ///< kind == Struct: all fields; Array: exactly one
};

/// types[first, first + count) form one recursion group.
struct RecGroup {
  TypeIdx first;
  uint32_t count;
};

enum class ExternKind : uint8_t { Func = 0, Table = 1, Memory = 2, Global = 3, Tag = 4 };
std::string_view to_string(ExternKind kind);

struct Limits {
  uint64_t min = 0;
  std::optional<uint64_t> max;
  bool is64 = false;    ///< addresses are i64
  bool shared = false;  ///< memories (threads)
};

struct TableType {
  ValType elem;
  Limits limits;
};
struct MemoryType {
  Limits limits;                ///< in pages
  uint8_t page_size_log2 = 16;  ///< custom page sizes: 0 or 16
};
struct GlobalType {
  ValType type;
  bool mut = false;
};
struct TagType {
  TypeIdx type;  ///< a function type
};

}  // namespace ashlar::module
