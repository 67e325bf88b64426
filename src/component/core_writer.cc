// Encoding of made modules; see core_writer.h.
#include "component/core_writer.h"

#include <algorithm>
#include <bit>

#include "base/leb128.h"
#include "isa/op_table.h"

namespace ashlar::component {

namespace {

constexpr uint8_t kEmptyBlock = 0x40;
constexpr uint8_t kFuncKind = 0, kMemoryKind = 2, kGlobalKind = 3;
constexpr uint8_t kFuncType = 0x60, kVectorType = 0x7b;

uint8_t encoding(FlatType type) {
  switch (type) {
    case FlatType::I32:
      return 0x7f;
    case FlatType::I64:
      return 0x7e;
    case FlatType::F32:
      return 0x7d;
    case FlatType::F64:
      break;
  }
  return 0x7c;
}

void append_name(std::vector<uint8_t>& out, std::string_view name) {
  base::append_leb_u32(out, static_cast<uint32_t>(name.size()));
  out.insert(out.end(), name.begin(), name.end());
}

void append_section(std::vector<uint8_t>& out, uint8_t id, uint32_t count, const std::vector<uint8_t>& entries) {
  if (count == 0) return;
  std::vector<uint8_t> contents;
  base::append_leb_u32(contents, count);
  contents.insert(contents.end(), entries.begin(), entries.end());
  out.push_back(id);
  base::append_leb_u32(out, static_cast<uint32_t>(contents.size()));
  out.insert(out.end(), contents.begin(), contents.end());
}

void append_types(std::vector<uint8_t>& out, const std::vector<FlatType>& types) {
  base::append_leb_u32(out, static_cast<uint32_t>(types.size()));
  for (FlatType t : types) out.push_back(encoding(t));
}

}  // namespace

uint32_t CodeWriter::local(FlatType type) {
  const auto found = std::ranges::find_if(free_, [&](uint32_t l) { return types_[l] == type; });
  if (found != free_.end()) {
    const uint32_t out = *found;
    free_.erase(found);
    return out;
  }
  types_.push_back(type);
  return static_cast<uint32_t>(types_.size() - 1);
}

uint32_t CodeWriter::vector() {
  types_.push_back(FlatType::I64);  // never asked for
  vectors_.push_back(static_cast<uint32_t>(types_.size() - 1));
  return vectors_.back();
}

void CodeWriter::op(isa::Op op) {
  const isa::OpInfo& row = isa::info(op);
  if (row.prefix == 0) {
    code_.push_back(static_cast<uint8_t>(row.code));
  } else {
    code_.push_back(row.prefix);
    base::append_leb_u32(code_, row.code);
  }
}

void CodeWriter::op_index(isa::Op o, uint32_t index) {
  op(o);
  base::append_leb_u32(code_, index);
}

void CodeWriter::access(isa::Op o, uint32_t memory, uint32_t offset) {
  op(o);
  constexpr uint32_t kHasMemory = 0x40;
  const auto align = static_cast<uint32_t>(std::countr_zero(isa::info(o).width));
  base::append_leb_u32(code_, memory == 0 ? align : align | kHasMemory);
  if (memory != 0) base::append_leb_u32(code_, memory);
  base::append_leb_u32(code_, offset);
}

void CodeWriter::i32(uint32_t value) {
  op(isa::Op::i32_const);
  base::append_leb_s64(code_, static_cast<int32_t>(value));
}

void CodeWriter::i64(uint64_t value) {
  op(isa::Op::i64_const);
  base::append_leb_s64(code_, static_cast<int64_t>(value));
}

void CodeWriter::open(isa::Op o) {
  op(o);
  code_.push_back(kEmptyBlock);
}

void CodeWriter::br_table(uint32_t count, uint32_t otherwise) {
  op(isa::Op::br_table);
  base::append_leb_u32(code_, count);
  for (uint32_t i = 0; i < count; ++i) base::append_leb_u32(code_, i);
  base::append_leb_u32(code_, otherwise);
}

void CodeWriter::memory_copy(uint32_t to, uint32_t from) {
  op(isa::Op::memory_copy);
  base::append_leb_u32(code_, to);
  base::append_leb_u32(code_, from);
}

void CodeWriter::try_catch_all(uint32_t label) {
  open(isa::Op::try_table);
  constexpr uint8_t kCatchAll = 0x02;
  base::append_leb_u32(code_, 1);
  code_.push_back(kCatchAll);
  base::append_leb_u32(code_, label);
}

std::vector<uint8_t> CodeWriter::finish() const {
  std::vector<uint8_t> out;
  base::append_leb_u32(out, static_cast<uint32_t>(types_.size() - params_));
  for (size_t i = params_; i < types_.size(); ++i) {
    base::append_leb_u32(out, 1);
    const bool is_vector = std::ranges::find(vectors_, i) != vectors_.end();
    out.push_back(is_vector ? kVectorType : encoding(types_[i]));
  }
  out.insert(out.end(), code_.begin(), code_.end());
  out.push_back(static_cast<uint8_t>(isa::info(isa::Op::end).code));
  return out;
}

uint32_t ModuleWriter::type(const std::vector<FlatType>& params, const std::vector<FlatType>& results) {
  const auto shape = std::make_pair(params, results);
  const auto found = std::ranges::find(types_, shape);
  if (found != types_.end()) return static_cast<uint32_t>(found - types_.begin());
  types_.push_back(shape);
  return static_cast<uint32_t>(types_.size() - 1);
}

uint32_t ModuleWriter::import_func(std::string_view name, uint32_t type) {
  imports_.push_back({std::string(name), kFuncKind, type});
  return funcs_++;
}

uint32_t ModuleWriter::import_memory(std::string_view name) {
  imports_.push_back({std::string(name), kMemoryKind, 0});
  return memories_++;
}

uint32_t ModuleWriter::import_global(std::string_view name) {
  imports_.push_back({std::string(name), kGlobalKind, 0});
  return globals_++;
}

void ModuleWriter::declare(std::string_view name, uint32_t type) { declared_.emplace_back(name, type); }

void ModuleWriter::declare_inner(uint32_t type) { declared_.emplace_back(std::nullopt, type); }

std::vector<uint8_t> ModuleWriter::finish() const {
  std::vector<uint8_t> out = {0, 'a', 's', 'm', 1, 0, 0, 0};
  std::vector<uint8_t> entries;
  for (const auto& [params, results] : types_) {
    entries.push_back(kFuncType);
    append_types(entries, params);
    append_types(entries, results);
  }
  append_section(out, 1, static_cast<uint32_t>(types_.size()), entries);
  entries.clear();
  for (const Import& i : imports_) {
    append_name(entries, {});
    append_name(entries, i.name);
    entries.push_back(i.kind);
    if (i.kind == kFuncKind) base::append_leb_u32(entries, i.type);
    if (i.kind == kMemoryKind) entries.insert(entries.end(), {0, 0});
    if (i.kind == kGlobalKind) entries.insert(entries.end(), {encoding(FlatType::I32), 1});
  }
  append_section(out, 2, static_cast<uint32_t>(imports_.size()), entries);
  entries.clear();
  for (const auto& [name, type] : declared_) base::append_leb_u32(entries, type);
  append_section(out, 3, static_cast<uint32_t>(declared_.size()), entries);
  entries.clear();
  uint32_t exported = 0;
  for (size_t i = 0; i < declared_.size(); ++i) {
    if (!declared_[i].first) continue;
    ++exported;
    append_name(entries, *declared_[i].first);
    entries.push_back(kFuncKind);
    base::append_leb_u32(entries, funcs_ + static_cast<uint32_t>(i));
  }
  append_section(out, 7, exported, entries);
  entries.clear();
  for (const std::vector<uint8_t>& body : bodies_) {
    base::append_leb_u32(entries, static_cast<uint32_t>(body.size()));
    entries.insert(entries.end(), body.begin(), body.end());
  }
  append_section(out, 10, static_cast<uint32_t>(bodies_.size()), entries);
  return out;
}

}  // namespace ashlar::component
