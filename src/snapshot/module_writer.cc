// One module, section by section; see module_writer.h.
#include "snapshot/module_writer.h"

#include <algorithm>
#include <utility>

#include "base/leb128.h"
#include "binary/decode.h"
#include "binary/encode.h"
#include "binary/type_writer.h"
#include "isa/op_table.h"
#include "module/type_registry.h"
#include "snapshot/customs.h"
#include "validate/validate.h"

namespace ashlar::snapshot {

using isa::Op;
using isa::ValKind;
using isa::ValType;
using module::SegmentMode;

namespace {

/// Of all memories of a module together; engines take 100,000 with those that the module has itself.
constexpr size_t kMostDataSegments = 10'000;
/// Offsets in a module are 32 bits.
constexpr uint64_t kMostBytes = ~uint32_t{0};

}  // namespace

Result<std::vector<uint8_t>> ModuleWriter::run(const std::vector<TableRun>& runs) {
  TRY(prepare());
  TRY(write_exports());
  TRY(write_globals());
  write_tables();
  TRY(write_elems(runs));
  keep_true_customs(*m_, bytes_);
  TRY(write_datas());
  m_->sections.clear();
  m_->start.reset();
  m_->bytes = bytes_;
  std::vector<uint8_t> out = binary::encode(*m_);
  TRY(check(out));
  return out;
}

Status ModuleWriter::prepare() {
  binary::DecodeOptions decoding;
  decoding.features = options_.features;
  decoding.limits = options_.limits;
  decoding.names = false;
  TRY_ASSIGN(m_, binary::decode(part_.bytes, nullptr, decoding));
  bytes_.assign(part_.bytes.begin(), part_.bytes.end());
  named_.resize(m_->funcs.size());
  TRY_ASSIGN(uses_, scan_bodies(*m_, options_.features));
  return {};
}

/// Our own work is checked like anybody's: limits count, too.
Status ModuleWriter::check(std::span<const uint8_t> out) const {
  binary::DecodeOptions decoding;
  decoding.features = options_.features;
  decoding.limits = options_.limits;
  decoding.names = false;
  TRY_ASSIGN(auto made, binary::decode(out, nullptr, decoding));
  validate::ValidateOptions validating;
  validating.features = options_.features;
  validating.limits = options_.limits;
  TRY(validate::validate(*made, std::make_shared<module::TypeRegistry>(), validating));
  return {};
}

std::unexpected<Error> ModuleWriter::refuse(std::string what) const {
  return make_error(ErrorCode::snapshot_refused, kNoOffset, part_.place + what);
}

// ---- exports

Status ModuleWriter::write_exports() {
  // First, so that what gets such a name stays.
  std::erase_if(m_->exports, [&](const module::Export& e) {
    return std::ranges::find(options_.without, e.name) != options_.without.end() &&
           std::ranges::none_of(options_.renamed, [&](const auto& pair) { return pair.second == e.name; });
  });
  for (const auto& [fresh, old] : options_.renamed) {
    const auto found = std::ranges::find(m_->exports, old, &module::Export::name);
    if (found == m_->exports.end()) return make_error(ErrorCode::no_such_export, kNoOffset, old, "");
    std::erase_if(m_->exports, [&](const module::Export& e) { return e.name == fresh && e.name != old; });
    std::ranges::find(m_->exports, old, &module::Export::name)->name = fresh;
  }
  return {};
}

// ---- constant expressions

void ModuleWriter::op(Op op) {
  const isa::OpInfo& row = isa::info(op);
  if (row.prefix == 0) {
    bytes_.push_back(static_cast<uint8_t>(row.code));
    return;
  }
  bytes_.push_back(row.prefix);
  base::append_leb_u32(bytes_, row.code);
}

module::ConstExpr ModuleWriter::finish(size_t from) {
  op(Op::end);
  return {.insts = {}, .offset = static_cast<uint32_t>(from), .size = static_cast<uint32_t>(bytes_.size() - from)};
}

module::ConstExpr ModuleWriter::address(uint64_t value, bool is64) {
  return number(is64 ? ValKind::I64 : ValKind::I32, &value);
}

/// Validation's types hold for the value, so that the shortest expression for it is of the type that is wanted.
module::ConstExpr ModuleWriter::reference(Ref ref, ValType type) {
  const size_t from = bytes_.size();
  switch (ref.kind) {
    case Ref::Kind::Null:
      op(Op::ref_null);
      binary::append_heap_type(bytes_, type.heap());
      break;
    case Ref::Kind::Func:
      op(Op::ref_func);
      base::append_leb_u32(bytes_, ref.value);
      named_[ref.value] = true;
      break;
    case Ref::Kind::I31:
      op(Op::i32_const);
      base::append_leb_s32(bytes_, static_cast<int32_t>(ref.value << 1) >> 1);
      op(Op::ref_i31);
      if (type.heap() == isa::AbsHeap::Extern) op(Op::extern_convert_any);
      break;
  }
  return finish(from);
}

module::ConstExpr ModuleWriter::number(ValKind kind, const runtime::Slot* value) {
  const size_t from = bytes_.size();
  const auto raw = [&](uint64_t bits, int count) {
    for (int i = 0; i < count; ++i) bytes_.push_back(static_cast<uint8_t>(bits >> (8 * i)));
  };
  switch (kind) {
    case ValKind::I32:
      op(Op::i32_const);
      base::append_leb_s32(bytes_, static_cast<int32_t>(value[0]));
      break;
    case ValKind::I64:
      op(Op::i64_const);
      base::append_leb_s64(bytes_, static_cast<int64_t>(value[0]));
      break;
    case ValKind::F32:
      op(Op::f32_const);
      raw(value[0], 4);
      break;
    case ValKind::F64:
      op(Op::f64_const);
      raw(value[0], 8);
      break;
    case ValKind::V128:
      op(Op::v128_const);
      raw(value[0], 8);
      raw(value[1], 8);
      break;
    case ValKind::Ref:
    case ValKind::Bot:
      break;
  }
  return finish(from);
}

// ---- globals

Status ModuleWriter::write_globals() {
  for (module::GlobalIdx i = 0; i < m_->globals.size(); ++i) {
    if (!m_->globals[i].imported) TRY(write_global(i));
  }
  return {};
}

/// What cannot change keeps its expression, unless that makes an object: those can change.
Status ModuleWriter::write_global(module::GlobalIdx i) {
  module::Global& global = m_->globals[i];
  const ValType type = global.type.type;
  if (!type.is_ref()) {
    if (global.type.mut) global.init = number(type.kind(), instance_.ctx.globals[i]);
    return {};
  }
  if (global.type.mut) {
    TRY_ASSIGN(const Ref ref, ref_of(i));
    global.init = reference(ref, type);
    return {};
  }
  return is_object(i) ? refuse_object(i) : Status();
}

std::string ModuleWriter::name_of(module::GlobalIdx i) const {
  const auto& names = instance_.module().debug_names().globals;
  const auto found = names.find(i);
  return "global " + std::to_string(i) + (found == names.end() ? "" : " ($" + std::string(found->second) + ")");
}

bool ModuleWriter::is_func(module::GlobalIdx i) const {
  const module::Module& m = instance_.module();
  return instance_.store().is_func_ref(module::to_canonical(m, m.globals[i].type.type));
}

bool ModuleWriter::is_object(module::GlobalIdx i) const {
  const runtime::Slot slot = *instance_.ctx.globals[i];
  return slot != 0 && !is_func(i) && !runtime::is_i31(static_cast<runtime::GcRef>(slot));
}

std::unexpected<Error> ModuleWriter::refuse_object(module::GlobalIdx i) const {
  return refuse(name_of(i) + " holds an object, which only a running program can make");
}

Result<Ref> ModuleWriter::ref_of(module::GlobalIdx i) const {
  const runtime::Slot slot = *instance_.ctx.globals[i];
  if (slot == 0) return Ref{};
  if (is_object(i)) return refuse_object(i);
  if (!is_func(i)) return Ref{Ref::Kind::I31, runtime::i31_get_u(static_cast<runtime::GcRef>(slot))};
  const auto index = names_.find(runtime::as_func(slot));
  if (!index) return refuse(name_of(i) + " holds a function that its module does not have");
  return Ref{Ref::Kind::Func, *index};
}

// ---- tables and element segments

/// Elements are written by segments. What has no null needs a value to begin with.
void ModuleWriter::write_tables() {
  for (module::TableIdx t = m_->imported_tables; t < m_->tables.size(); ++t) {
    module::Table& table = m_->tables[t];
    table.type.limits.min = instance_.ctx.tables[t]->size();
    if (table.type.elem.nullable()) table.init.reset();
  }
}

Status ModuleWriter::write_elems(const std::vector<TableRun>& runs) {
  std::vector<module::Elem> out;
  TRY(keep_elems(out));
  for (const TableRun& run : runs) out.push_back(active_elem(run));
  declare_funcs(out);
  m_->elems = std::move(out);
  return {};
}

/// As with globals that do not change: expressions would make other objects than those that the program has changed.
Status ModuleWriter::check_elem(uint32_t i) const {
  const module::Module& m = instance_.module();
  if (instance_.store().is_func_ref(module::to_canonical(m, m_->elems[i].type))) return {};
  const bool held = std::ranges::any_of(instance_.elem(i), [](runtime::Slot slot) {
    return slot != 0 && !runtime::is_i31(static_cast<runtime::GcRef>(slot));
  });
  if (!held) return {};
  return refuse("element segment " + std::to_string(i) + " holds an object, which only a running program can make");
}

/// Those that bodies refer to keep their index; what was dropped, as all active ones are, is empty.
Status ModuleWriter::keep_elems(std::vector<module::Elem>& out) {
  for (uint32_t i = 0; i < uses_.elems; ++i) {
    module::Elem& old = m_->elems[i];
    if (old.mode == SegmentMode::Passive && !instance_.elem(i).empty()) {
      TRY(check_elem(i));
      out.push_back(std::move(old));
      continue;
    }
    module::Elem& fresh = out.emplace_back();
    fresh.mode = SegmentMode::Passive;
    fresh.type = old.type;
  }
  return {};
}

module::Elem ModuleWriter::active_elem(const TableRun& run) {
  const module::TableType& table = m_->tables[run.table].type;
  module::Elem out;
  out.mode = SegmentMode::Active;
  out.table = run.table;
  out.offset = address(run.at, table.limits.is64);
  const bool plain = table.elem == ValType::funcref() &&
                     std::ranges::all_of(run.refs, [](const Ref& ref) { return ref.kind == Ref::Kind::Func; });
  out.type = plain ? ValType::ref(isa::AbsHeap::Func) : table.elem;
  for (const Ref& ref : run.refs) {
    if (plain) {
      out.funcs.push_back(ref.value);
    } else {
      out.exprs.push_back(reference(ref, table.elem));
    }
  }
  return out;
}

/// Functions that may be named in bodies: by segments, exports and constant expressions.
std::vector<bool> ModuleWriter::declared(const std::vector<module::Elem>& elems) const {
  std::vector<bool> out = named_;
  const auto add = [&](const module::ConstExpr& expr) {
    for (const module::ConstInst& inst : expr.insts) {
      if (inst.op == Op::ref_func) out[inst.index] = true;
    }
  };
  for (const module::Export& e : m_->exports) {
    if (e.kind == module::ExternKind::Func) out[e.index] = true;
  }
  for (const module::Global& global : m_->globals) add(global.init);
  for (const module::Table& table : m_->tables) {
    if (table.init) add(*table.init);
  }
  for (const module::Elem& elem : elems) {
    for (const module::FuncIdx f : elem.funcs) out[f] = true;
    for (const module::ConstExpr& expr : elem.exprs) add(expr);
  }
  return out;
}

void ModuleWriter::declare_funcs(std::vector<module::Elem>& elems) {
  const std::vector<bool> known = declared(elems);
  module::Elem out;
  out.mode = SegmentMode::Declared;
  out.type = ValType::ref(isa::AbsHeap::Func);
  for (module::FuncIdx f = 0; f < uses_.funcs.size(); ++f) {
    if (uses_.funcs[f] && !known[f]) out.funcs.push_back(f);
  }
  if (out.size() != 0) elems.push_back(std::move(out));
}

// ---- memories and data segments

Status ModuleWriter::write_datas() {
  std::vector<module::Data> out;
  keep_datas(out);
  const size_t own = m_->memories.size() - m_->imported_memories;
  const size_t most = std::max<size_t>(1, kMostDataSegments / std::max<size_t>(1, own));
  for (module::MemIdx i = m_->imported_memories; i < m_->memories.size(); ++i) {
    const runtime::Memory& memory = *instance_.ctx.memories[i];
    m_->memories[i].type.limits.min = memory.pages();
    for (const DataRun& run : data_runs({memory.base(), memory.byte_size()}, most)) TRY(add_data(out, i, run));
  }
  m_->datas = std::move(out);
  if (uses_.datas == 0) m_->data_count.reset();
  if (m_->data_count) m_->data_count = static_cast<uint32_t>(m_->datas.size());
  return {};
}

/// As keep_elems.
void ModuleWriter::keep_datas(std::vector<module::Data>& out) const {
  for (uint32_t i = 0; i < uses_.datas; ++i) {
    module::Data data = m_->datas[i];
    if (data.mode == SegmentMode::Active || instance_.data_dropped(i)) data.bytes_size = 0;
    data.mode = SegmentMode::Passive;
    out.push_back(std::move(data));
  }
}

Status ModuleWriter::add_data(std::vector<module::Data>& out, module::MemIdx memory, const DataRun& run) {
  constexpr uint64_t kExprBytes = 16;
  if (run.size > kMostBytes - kExprBytes || bytes_.size() > kMostBytes - kExprBytes - run.size) {
    return refuse("memory " + std::to_string(memory) + " holds more than the 4 GB that a module can have");
  }
  module::Data& data = out.emplace_back();
  data.mode = SegmentMode::Active;
  data.memory = memory;
  data.offset = address(run.at, m_->memories[memory].type.limits.is64);
  data.bytes_offset = static_cast<uint32_t>(bytes_.size());
  data.bytes_size = static_cast<uint32_t>(run.size);
  const uint8_t* from = instance_.ctx.memories[memory]->base() + run.at;
  bytes_.insert(bytes_.end(), from, from + run.size);
  return {};
}

}  // namespace ashlar::snapshot
