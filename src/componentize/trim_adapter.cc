// Trimming of adapters; see trim_adapter.h.
#include "componentize/trim_adapter.h"

#include <algorithm>
#include <utility>

#include "base/leb128.h"
#include "binary/body_reader.h"
#include "component/core_writer.h"
#include "componentize/core_builder.h"
#include "isa/op_table.h"

namespace ashlar::componentize {

namespace {

using component::FlatType;
using isa::Op;
using module::ExternKind;

constexpr uint32_t kStackBytes = 0x10000;
enum AllocationState : uint32_t { kUnallocated = 0, kAllocating = 1, kAllocated = 2 };

std::unexpected<Error> refuse(std::string what) {
  return make_error(ErrorCode::componentize_rule, kNoOffset, "an adapter module cannot have " + std::move(what));
}

class Trimmer {
 public:
  Trimmer(const module::Module& from, const std::set<std::string>& exports,
          const std::optional<std::string>& main_realloc, const BinaryOptions& options)
      : from_(from), exports_(exports), main_realloc_(main_realloc), options_(options), live_(from.funcs.size()) {}

  Result<std::vector<uint8_t>> run() {
    TRY(check());
    find_globals();
    TRY(mark());
    copy_outside();
    import_functions();
    number_functions();
    TRY(define_functions());
    add_stack();
    copy_exports();
    return out_.finish();
  }

 private:
  Status check() const;
  void find_globals();
  Status mark();
  Status mark_body(uint32_t func, std::vector<uint32_t>& todo);
  void reach(uint32_t func, std::vector<uint32_t>& todo) {
    if (live_[func]) return;
    live_[func] = true;
    todo.push_back(func);
  }
  void copy_outside();
  void import_functions();
  void number_functions();
  Status define_functions();
  Result<std::vector<uint8_t>> body(uint32_t func) const;
  void add_stack();
  void copy_exports();

  bool is_realloc(const module::Import& import) const {
    return import.kind == ExternKind::Func && import.module == kMainModule &&
           (import.name == "cabi_realloc" || import.name == "canonical_abi_realloc");
  }
  bool is_exported(uint32_t func) const {
    return std::ranges::any_of(from_.exports, [&](const module::Export& e) {
      return e.kind == ExternKind::Func && e.index == func && exports_.contains(std::string(e.name));
    });
  }
  uint32_t realloc_type() { return out_.type(core_type(std::vector(4, FlatType::I32), std::vector(1, FlatType::I32))); }
  std::vector<uint8_t> grow_body() const;
  std::vector<uint8_t> stack_body(uint32_t realloc) const;

  const module::Module& from_;
  const std::set<std::string>& exports_;
  const std::optional<std::string>& main_realloc_;
  const BinaryOptions& options_;
  std::vector<bool> live_;
  bool tables_ = false;  // some instruction uses one
  std::optional<uint32_t> stack_pointer_, allocation_state_;
  CoreBuilder out_;
  std::vector<uint32_t> moved_ = std::vector<uint32_t>(from_.funcs.size(), module::kNoIndex);
  std::vector<uint32_t> own_realloc_;   // imports of realloc that become functions
  std::optional<uint32_t> realloc_;     // in the new module: the main module's
  std::optional<uint32_t> lazy_stack_;  // in the new module: what each export calls first
};

Status Trimmer::check() const {
  if (from_.imported_globals != 0 || from_.imported_tables != 0 || from_.imported_tags != 0) {
    return refuse("imported globals, tables or tags");
  }
  if (from_.memories.size() > from_.imported_memories) return refuse("a memory of its own");
  if (from_.start) return refuse("a start function");
  if (!from_.datas.empty()) return refuse("data segments");
  // Functions get other indices, in bodies and segments alone.
  for (const module::Global& global : from_.globals) {
    if (global.type.type.is_ref()) return refuse("globals of references");
  }
  for (const module::Table& table : from_.tables) {
    if (table.init) return refuse("tables with initial values");
  }
  for (const module::Elem& elem : from_.elems) {
    if (!elem.exprs.empty()) return refuse("element segments of expressions");
  }
  return {};
}

void Trimmer::find_globals() {
  for (const auto& [index, name] : from_.debug_names().globals) {
    if (index >= from_.globals.size()) continue;
    const module::GlobalType& type = from_.globals[index].type;
    if (!type.mut || type.type != isa::ValType::i32()) continue;
    if (name == "__stack_pointer") stack_pointer_ = index;
    if (name == "allocation_state") allocation_state_ = index;
  }
  if (from_.imported_memories == 0) stack_pointer_.reset();
}

Status Trimmer::mark() {
  std::vector<uint32_t> todo;
  for (const module::Export& e : from_.exports) {
    if (e.kind == ExternKind::Func && exports_.contains(std::string(e.name))) reach(e.index, todo);
  }
  bool elems_seen = false;
  while (!todo.empty()) {
    const uint32_t func = todo.back();
    todo.pop_back();
    if (from_.funcs[func].imported == 0) TRY(mark_body(func, todo));
    if (!tables_ || elems_seen) continue;
    elems_seen = true;
    for (const module::Elem& elem : from_.elems) {
      for (const uint32_t f : elem.funcs) reach(f, todo);
    }
  }
  return {};
}

Status Trimmer::mark_body(uint32_t func, std::vector<uint32_t>& todo) {
  binary::BodyReader reader(from_, func, options_.features);
  std::vector<binary::LocalGroup> locals;
  TRY(binary::read_locals(reader, 0, options_.limits.locals, locals));
  binary::Imm imm;
  while (!reader.at_end()) {
    const Op op = reader.next(imm);
    if (op == Op::kCount) return std::unexpected(reader.take_error());
    switch (isa::info(op).imm) {
      case isa::ImmKind::Func:
        reach(imm.a, todo);
        break;
      case isa::ImmKind::CallIndirect:
      case isa::ImmKind::Table:
      case isa::ImmKind::TableTable:
      case isa::ImmKind::TableInit:
        tables_ = true;
        break;
      default:
        break;
    }
  }
  return {};
}

void Trimmer::copy_outside() {
  module::Module& to = out_.module();
  to.types = from_.types;
  to.rec_groups = from_.rec_groups;
  for (const module::Import& import : from_.imports) {
    if (import.kind != ExternKind::Memory) continue;
    out_.import_memory(import.module, import.name, from_.memories[import.index].type);
  }
  if (tables_) {
    for (const module::Table& table : from_.tables) out_.table(table.type);
  }
  for (const module::Global& global : from_.globals) {
    out_.global(global.type, from_.bytes.subspan(global.init.offset, global.init.size));
  }
}

void Trimmer::import_functions() {
  for (const module::Import& import : from_.imports) {
    if (import.kind != ExternKind::Func || !live_[import.index]) continue;
    if (!is_realloc(import)) {
      moved_[import.index] = out_.import_func(import.module, import.name, from_.funcs[import.index].type);
    } else if (main_realloc_) {
      realloc_ = out_.import_func(kMainModule, *main_realloc_, from_.funcs[import.index].type);
      moved_[import.index] = *realloc_;
    } else {
      own_realloc_.push_back(import.index);
    }
  }
  const bool lazy = stack_pointer_ && allocation_state_ && main_realloc_;
  if (lazy && !realloc_) realloc_ = out_.import_func(kMainModule, *main_realloc_, realloc_type());
}

/// Indices of what define_functions() and add_stack() define, in that order.
void Trimmer::number_functions() {
  uint32_t next = out_.module().imported_funcs;
  for (const uint32_t func : own_realloc_) moved_[func] = next++;
  for (uint32_t func = from_.imported_funcs; func < from_.funcs.size(); ++func) {
    if (live_[func]) moved_[func] = next++;
  }
  if (stack_pointer_ && allocation_state_ && main_realloc_) lazy_stack_ = next;
}

Status Trimmer::define_functions() {
  for (const uint32_t func : own_realloc_) out_.func(from_.funcs[func].type, grow_body());
  for (uint32_t func = from_.imported_funcs; func < from_.funcs.size(); ++func) {
    if (!live_[func]) continue;
    TRY_ASSIGN(const std::vector<uint8_t> made, body(func));
    out_.func(from_.funcs[func].type, made);
  }
  if (!tables_) return {};
  for (const module::Elem& elem : from_.elems) {
    std::vector<uint32_t> funcs;
    for (const uint32_t f : elem.funcs) funcs.push_back(moved_[f]);
    out_.fill_table(funcs);
    module::Elem& made = out_.module().elems.back();
    made.mode = elem.mode;
    made.table = elem.table;
    if (elem.mode == module::SegmentMode::Active) {
      made.offset = out_.expression(from_.bytes.subspan(elem.offset.offset, elem.offset.size));
    }
  }
  return {};
}

Result<std::vector<uint8_t>> Trimmer::body(uint32_t func) const {
  binary::BodyReader reader(from_, func, options_.features);
  std::vector<binary::LocalGroup> locals;
  TRY(binary::read_locals(reader, 0, options_.limits.locals, locals));
  const auto bytes = [&](size_t from, size_t to) { return from_.bytes.subspan(from, to - from); };
  std::vector<uint8_t> out;
  const auto copy = [&](std::span<const uint8_t> from) { out.insert(out.end(), from.begin(), from.end()); };
  const auto call = static_cast<uint8_t>(isa::info(Op::call).code);
  copy(bytes(from_.funcs[func].body_offset, reader.pos()));
  if (lazy_stack_ && is_exported(func)) {
    out.push_back(call);
    base::append_leb_u32(out, *lazy_stack_);
  }
  binary::Imm imm;
  while (!reader.at_end()) {
    const Op op = reader.next(imm);
    if (op == Op::kCount) return std::unexpected(reader.take_error());
    if (isa::info(op).imm == isa::ImmKind::Func) {  // opcodes of one byte, all of them
      out.push_back(static_cast<uint8_t>(isa::info(op).code));
      base::append_leb_u32(out, moved_[imm.a]);
    } else {
      copy(bytes(reader.op_pos(), reader.pos()));
    }
  }
  return out;
}

/// realloc for those who only ever ask for pages: they come from growing the memory.
std::vector<uint8_t> Trimmer::grow_body() const {
  constexpr uint32_t kOldPointer = 0, kOldSize = 1, kSize = 3;
  component::CodeWriter code(std::vector(4, FlatType::I32));
  code.get(kOldPointer);
  code.get(kOldSize);
  code.op(Op::i32_or);
  code.get(kSize);
  code.i32(kStackBytes);
  code.op(Op::i32_ne);
  code.op(Op::i32_or);
  code.if_();
  code.op(Op::unreachable);
  code.end();
  const uint32_t page = code.local(FlatType::I32);
  code.i32(1);
  code.op_index(Op::memory_grow, 0);
  code.tee(page);
  code.i32(~uint32_t{0});
  code.op(Op::i32_eq);
  code.if_();
  code.op(Op::unreachable);
  code.end();
  code.get(page);
  code.i32(16);
  code.op(Op::i32_shl);
  return code.finish();
}

std::vector<uint8_t> Trimmer::stack_body(uint32_t realloc) const {
  component::CodeWriter code({});
  const auto state = [&](AllocationState value) {
    if (!allocation_state_) return;
    code.i32(value);
    code.op_index(Op::global_set, *allocation_state_);
  };
  if (lazy_stack_) {
    code.op_index(Op::global_get, *allocation_state_);
    code.i32(kUnallocated);
    code.op(Op::i32_eq);
    code.if_();
  }
  state(kAllocating);
  code.i32(0);
  code.i32(0);
  code.i32(8);
  code.i32(kStackBytes);
  code.call(realloc);
  code.i32(kStackBytes);
  code.op(Op::i32_add);
  code.op_index(Op::global_set, *stack_pointer_);
  state(kAllocated);
  if (lazy_stack_) code.end();
  return code.finish();
}

void Trimmer::add_stack() {
  if (!stack_pointer_) return;
  const uint32_t type = out_.type({});
  if (lazy_stack_) {
    out_.func(type, stack_body(*realloc_));
    return;
  }
  const uint32_t grow = out_.func(realloc_type(), grow_body());
  out_.module().start = out_.func(type, stack_body(grow));
}

void Trimmer::copy_exports() {
  for (const module::Export& e : from_.exports) {
    if (e.kind != ExternKind::Func || !exports_.contains(std::string(e.name))) continue;
    out_.export_item(e.name, e.kind, moved_[e.index]);
  }
}

}  // namespace

Result<std::vector<uint8_t>> trim_adapter(const module::Module& adapter, const std::set<std::string>& exports,
                                          const std::optional<std::string>& main_realloc,
                                          const BinaryOptions& options) {
  return Trimmer(adapter, exports, main_realloc, options).run();
}

}  // namespace ashlar::componentize
