// The immutable module model: what the decoder builds, validation checks and every later stage trusts.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "isa/op.h"
#include "module/rows.h"
#include "module/types.h"

namespace ashlar::module {

class TypeRegistry;
struct NameMap;

/// One instruction of a constant expression, already decoded ("end" is not stored).
struct ConstInst {
  isa::Op op;
  uint32_t index = 0;     ///< global, function or type index; array.new_fixed: type
  uint32_t count = 0;     ///< array.new_fixed: element count
  HeapType heap;          ///< ref.null
  uint64_t bits[2] = {};  ///< constants, v128 in two halves (little-endian)
};

/// `Module::bytes[offset, offset + size)` always holds the encoding; `insts` is filled by the decoder only (the text
/// parser leaves it empty: text is executed by way of its binary).
struct ConstExpr {
  std::vector<ConstInst> insts;
  uint32_t offset = 0;
  uint32_t size = 0;  ///< final "end" included
};

/// Index into one of the import/definition lists by kind.
struct Import {
  std::string_view module;
  std::string_view name;
  ExternKind kind;
  uint32_t index;   ///< in the index space of its kind
  uint32_t offset;  ///< byte offset of the entry
};

struct Export {
  std::string_view name;
  ExternKind kind;
  uint32_t index;
};

/// A function: imported ones have no body.
struct Func {
  TypeIdx type;
  uint32_t imported = 0;     ///< 1: it is; a word, so that a row has no gaps and can lie in an artifact
  uint32_t body_offset = 0;  ///< of the code entry's contents (locals declaration first) in Module::bytes
  uint32_t body_size = 0;    ///< locals and instructions, final "end" included
};

struct Table {
  TableType type;
  bool imported = false;
  std::optional<ConstExpr> init;
};
struct Memory {
  MemoryType type;
  bool imported = false;
};
struct Global {
  GlobalType type;
  bool imported = false;
  ConstExpr init;
};
struct Tag {
  TagType type;
  bool imported = false;
};

enum class SegmentMode : uint8_t { Active, Passive, Declared };

struct Elem {
  SegmentMode mode;
  TableIdx table = 0;
  ConstExpr offset;
  ValType type;
  /// Either plain function indices (ref.func each) or expressions; one of the two is empty.
  Rows<FuncIdx> funcs;
  std::vector<ConstExpr> exprs;
  uint32_t size() const { return static_cast<uint32_t>(funcs.empty() ? exprs.size() : funcs.size()); }
};

struct Data {
  SegmentMode mode;
  MemIdx memory = 0;
  ConstExpr offset;
  uint32_t bytes_offset = 0;  ///< contents in Module::bytes
  uint32_t bytes_size = 0;
};

/// Active data segments as they lie in memory 0, made when the module was compiled: what instantiation would write.
struct LaidOutData {
  /// Bytes that belong at `at`; in the file from `offset` on. Both are multiples of kLaidOutAlignment.
  struct Run {
    uint64_t at;
    uint64_t offset;
    uint64_t size;
  };
  std::span<const Run> runs;
  std::span<const uint8_t> bytes;  ///< of all runs: `offset` counts from their begin
  int file = -1;                   ///< open descriptor to map them from; -1: none
  uint64_t file_offset = 0;        ///< of `bytes` in it
  uint32_t segments = 0;           ///< how many there were: all count as dropped
};
inline constexpr uint64_t kLaidOutAlignment = 4096;

struct CustomSection {
  std::string_view name;
  uint32_t contents_offset;  ///< of the payload behind the name
  uint32_t contents_size;
  uint8_t after_section;  ///< id of the last known section before it, 0 when first
  uint32_t after_rank;    ///< position among all sections in the binary
};

/// Where each known section stood; for objdump and size reports.
struct SectionInfo {
  uint8_t id;
  uint32_t offset;  ///< of the contents
  uint32_t size;
};

/// One hint of metadata.code.branch_hint: function, offset in the body (from body_offset), taken or not.
struct BranchHint {
  FuncIdx func;
  uint32_t offset;
  bool taken;
};

/// The name section, extended names included; views point into Module::bytes.
struct NameMap {
  std::string_view module;
  using Names = std::unordered_map<uint32_t, std::string_view>;
  using Indirect = std::unordered_map<uint32_t, Names>;
  Names funcs, types, tables, memories, globals, elems, datas, tags;
  Indirect locals, labels, fields;
};

/// Control structure of one body, in order of the opening instruction; offsets are from Func::body_offset.
/// Emitted by validation in its one pass.
struct ControlEntry {
  uint32_t start;         ///< of block/loop/if/try/try_table
  uint32_t end;           ///< of the matching end (or delegate)
  uint32_t else_;         ///< of else, or the first catch of a legacy try; 0: none
  uint32_t targeted : 1;  ///< some branch names this label
  uint32_t height : 31;   ///< operand slots below the block's parameters
};

/// What validation learns about a body beyond "it is valid".
struct FuncFacts {
  uint32_t max_slots = 0;    ///< most operand slots in use at once (v128 counts two)
  uint32_t local_count = 0;  ///< parameters included
  bool has_loop = false;
  bool has_call = false;
  bool has_handler = false;  ///< try_table, or a legacy try
  std::vector<ControlEntry> control;
};

/// An immutable, decoded module. Thread-safe to read. Owns its bytes; views point into them.
struct Module {
  std::shared_ptr<const void> storage;  ///< keeps `bytes` alive (vector or file mapping)
  std::span<const uint8_t> bytes;

  std::vector<SubType> types;
  std::vector<RecGroup> rec_groups;
  std::vector<uint32_t> canonical;  ///< engine-wide id of each type (filled by TypeRegistry::canonicalize)
  std::shared_ptr<TypeRegistry> registry;

  std::vector<Import> imports;
  Rows<Func> funcs;  ///< imports first, in every index space
  std::vector<Table> tables;
  std::vector<Memory> memories;
  std::vector<Global> globals;
  std::vector<Tag> tags;
  std::vector<Export> exports;
  std::optional<FuncIdx> start;
  std::vector<Elem> elems;
  std::vector<Data> datas;
  std::optional<uint32_t> data_count;
  std::optional<LaidOutData> laid_out;  ///< takes the place of `datas`, which is empty then

  std::vector<CustomSection> customs;
  std::vector<SectionInfo> sections;
  std::vector<BranchHint> branch_hints;
  NameMap names;  ///< decoded leniently: a broken name section leaves it empty
  /// Set where `names` was left out: debug_names() decodes it with this.
  NameMap (*decode_names)(const Module&) = nullptr;

  uint32_t imported_funcs = 0, imported_tables = 0, imported_memories = 0, imported_globals = 0, imported_tags = 0;
  uint32_t code_bytes = 0;  ///< size of the code section

  /// What validation learnt of each defined function; kept for small modules only (else empty: ask again).
  std::vector<FuncFacts> facts;

  /// Functions named by ref.func outside bodies (elements, exports, globals): may be named inside them. Empty in a
  /// module that was validated earlier (with functions): all may.
  std::vector<bool> declared_funcs;
  /// Export names to positions in `exports`; filled by validation, or index_exports() (empty before).
  std::unordered_map<std::string_view, uint32_t> export_index;

  Module() = default;
  Module(const Module&) = delete;
  Module& operator=(const Module&) = delete;
  ~Module();  ///< releases the canonical types

  /// Takes all that `from`, decoded from the same bytes, has and this lacks: everything but bytes, storage, functions
  /// (imported_funcs too) and laid-out data.
  void take_declarations(Module& from);

  const FuncType& func_type(FuncIdx f) const { return types[funcs[f].type].func; }
  std::span<const uint8_t> body(FuncIdx f) const { return bytes.subspan(funcs[f].body_offset, funcs[f].body_size); }
  const Export* find_export(std::string_view name) const;
  /// Of a module that was found valid earlier, where it is asked for many.
  void index_exports();
  /// The name section, decoded on first use where that was put off. Thread-safe.
  const NameMap& debug_names() const;

 private:
  mutable std::once_flag names_once_;
  mutable NameMap late_names_;
};

}  // namespace ashlar::module
