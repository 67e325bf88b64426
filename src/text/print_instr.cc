// Writes one instruction with its immediates.
#include <cstdio>

#include "text/numbers.h"
#include "text/printer.h"

namespace ashlar::text {

using binary::Imm;
using isa::ImmKind;
using isa::Op;

namespace {

void append_index(std::string& out, const Idents& idents, uint32_t index) {
  out += ' ';
  out += reference(idents, index);
}

bool is_opening(Op op) {
  return op == Op::block || op == Op::loop || op == Op::if_ || op == Op::try_ || op == Op::try_table;
}

constexpr std::string_view kCatchNames[] = {"catch", "catch_ref", "catch_all", "catch_all_ref"};

}  // namespace

// --- Types. ---

void InstrWriter::type_use(std::string& out, uint32_t type, const Idents* params) const {
  out += " (type " + reference(names_.types, type) + ")";
  const bool is_func = type < m_.types.size() && m_.types[type].kind == module::CompositeKind::Func;
  if (is_func) signature(out, m_.types[type].func, params);
}

// --- Control. ---

// `skip`: innermost labels that the depth does not count.
void InstrWriter::label(std::string& out, uint32_t depth, const BodyContext& context, size_t skip) const {
  const size_t open = context.labels.size() - skip;
  out += ' ';
  if (depth >= open) {
    out += std::to_string(depth);
    return;
  }
  const BodyContext::Label& target = context.labels[open - 1 - depth];
  // An identifier names the innermost label that has it. Looking far for a shadow would cost more than it helps.
  constexpr uint32_t kMostLooked = 64;
  bool has_id = !target.ident.id.empty() && depth <= kMostLooked;
  for (size_t i = open - depth; has_id && i < context.labels.size() - skip; ++i) {
    has_id = context.labels[i].ident.id != target.ident.id;
  }
  if (has_id) {
    out += target.ident.id;
  } else {
    out += std::to_string(depth) + " (;@" + std::to_string(target.number + 1) + ";)";
  }
}

void InstrWriter::block_head(std::string& out, Op op, const Imm& imm, BodyContext& context) {
  BodyContext::Label opened{op == Op::if_    ? BodyContext::Kind::If
                            : op == Op::try_ ? BodyContext::Kind::Try
                                             : BodyContext::Kind::Block,
                            context.label_count++,
                            {}};
  if (context.label_names != nullptr) {
    const auto name = context.label_names->find(opened.number);
    if (name != context.label_names->end()) {
      opened.ident = make_ident(name->second);
      context.used_labels.emplace(opened.number, name->second);
    }
  }
  if (!opened.ident.id.empty()) out += " " + opened.ident.id;
  out += opened.ident.annotation;
  if (opened.ident.id.empty()) out += " (;@" + std::to_string(opened.number + 1) + ";)";
  switch (imm.block.kind) {
    case binary::BlockType::Kind::Empty:
      break;
    case binary::BlockType::Kind::Value:
      value_list(out, "result", {&imm.block.value, 1});
      break;
    case binary::BlockType::Kind::Type:
      type_use(out, imm.block.type, nullptr);
      break;
  }
  if (op == Op::try_table) {
    for (const binary::CatchClause& clause : imm.catches) {
      out += " (";
      out += kCatchNames[static_cast<size_t>(clause.kind)];
      if (clause.has_tag()) append_index(out, names_.tags, clause.tag);
      label(out, clause.label, context);
      out += ')';
    }
  }
  context.labels.push_back(std::move(opened));
}

// Parts of a block: moves the innermost label on. False when they stand elsewhere.
bool InstrWriter::clause(Op op, BodyContext& context) const {
  using Kind = BodyContext::Kind;
  if (context.labels.empty()) return false;
  Kind& kind = context.labels.back().kind;
  switch (op) {
    case Op::else_:
      if (kind != Kind::If) return false;
      kind = Kind::Else;
      return true;
    case Op::catch_:
    case Op::catch_all:
      if (kind != Kind::Try && kind != Kind::Catch) return false;
      kind = op == Op::catch_ ? Kind::Catch : Kind::CatchAll;
      return true;
    case Op::delegate:
      return kind == Kind::Try;
    default:
      return true;
  }
}

bool InstrWriter::write(std::string& out, Op op, const Imm& imm, BodyContext& context) {
  const bool is_clause =
      op == Op::else_ || op == Op::end || op == Op::catch_ || op == Op::catch_all || op == Op::delegate;
  if (is_clause && !clause(op, context)) return false;
  out += isa::mnemonic(op);
  if (is_opening(op)) {
    block_head(out, op, imm, context);
  } else {
    immediates(out, op, imm, context);
  }
  if (op == Op::end || op == Op::delegate) context.labels.pop_back();
  return true;
}

// --- Immediates. ---

void InstrWriter::mem_arg(std::string& out, Op op, const Imm& imm) const {
  if (imm.memory != 0) append_index(out, names_.memories, imm.memory);
  if (imm.offset != 0) out += " offset=" + std::to_string(imm.offset);
  const uint64_t align = uint64_t{1} << imm.align_log2;
  if (align != isa::info(op).width) out += " align=" + std::to_string(align);
}

void InstrWriter::constant(std::string& out, Op op, const Imm& imm) const {
  out += ' ';
  switch (isa::info(op).imm) {
    case ImmKind::I32:
      out += std::to_string(static_cast<int32_t>(static_cast<uint32_t>(imm.lo)));
      break;
    case ImmKind::I64:
      out += std::to_string(static_cast<int64_t>(imm.lo));
      break;
    case ImmKind::F32:
      out += print_f32(static_cast<uint32_t>(imm.lo));
      break;
    case ImmKind::F64:
      out += print_f64(imm.lo);
      break;
    default: {
      char text[64];
      std::snprintf(text, sizeof text, "i32x4 0x%08x 0x%08x 0x%08x 0x%08x", static_cast<uint32_t>(imm.lo),
                    static_cast<uint32_t>(imm.lo >> 32), static_cast<uint32_t>(imm.hi),
                    static_cast<uint32_t>(imm.hi >> 32));
      out += text;
    }
  }
}

void InstrWriter::immediates(std::string& out, Op op, const Imm& imm, BodyContext& context) {
  switch (isa::info(op).imm) {
    case ImmKind::None:
    case ImmKind::Fence:
    case ImmKind::BlockType:
    case ImmKind::TryTable:
    case ImmKind::kCount:
      return;
    case ImmKind::Label:
      return label(out, imm.a, context, op == Op::delegate ? 1 : 0);
    case ImmKind::LabelTable:
      for (uint32_t target : imm.labels) label(out, target, context);
      return label(out, imm.a, context);
    case ImmKind::Func:
      return append_index(out, names_.funcs, imm.a);
    case ImmKind::CallIndirect:
      if (imm.b != 0) append_index(out, names_.tables, imm.b);
      return type_use(out, imm.a, nullptr);
    case ImmKind::Local:
      return append_index(out, context.locals, imm.a);
    case ImmKind::Global:
      return append_index(out, names_.globals, imm.a);
    case ImmKind::Table:
      if (imm.a != 0) append_index(out, names_.tables, imm.a);
      return;
    case ImmKind::TableTable:
      if (imm.a == 0 && imm.b == 0) return;
      append_index(out, names_.tables, imm.a);
      return append_index(out, names_.tables, imm.b);
    case ImmKind::TableInit:
      if (imm.b != 0) append_index(out, names_.tables, imm.b);
      return append_index(out, names_.elems, imm.a);
    case ImmKind::Elem:
      return append_index(out, names_.elems, imm.a);
    case ImmKind::Mem:
      if (imm.memory != 0) append_index(out, names_.memories, imm.memory);
      return;
    case ImmKind::MemMem:
      if (imm.a == 0 && imm.b == 0) return;
      append_index(out, names_.memories, imm.a);
      return append_index(out, names_.memories, imm.b);
    case ImmKind::MemInit:
      uses_data_count_ = true;
      if (imm.memory != 0) append_index(out, names_.memories, imm.memory);
      return append_index(out, names_.datas, imm.a);
    case ImmKind::Data:
      uses_data_count_ = true;
      return append_index(out, names_.datas, imm.a);
    case ImmKind::MemArg:
      return mem_arg(out, op, imm);
    case ImmKind::MemArgLane:
      mem_arg(out, op, imm);
      out += ' ' + std::to_string(imm.lane);
      return;
    case ImmKind::Lane:
      out += ' ' + std::to_string(imm.lane);
      return;
    case ImmKind::Shuffle:
      for (uint8_t lane : imm.bytes) out += ' ' + std::to_string(lane);
      return;
    case ImmKind::I32:
    case ImmKind::I64:
    case ImmKind::F32:
    case ImmKind::F64:
      return constant(out, op, imm);
    case ImmKind::V128:
      return constant(out, op, imm);
    case ImmKind::HeapType: {
      out += ' ';
      if (op == Op::ref_null) return heap_type(out, imm.heap);
      const bool nullable = op == Op::ref_test_null || op == Op::ref_cast_null;
      return val_type(out, isa::ValType::ref(nullable, imm.heap));
    }
    case ImmKind::SelectTypes:
      if (imm.types.empty()) out += " (result)";
      return value_list(out, "result", imm.types);
    case ImmKind::Type:
      return append_index(out, names_.types, imm.a);
    case ImmKind::TypeField: {
      append_index(out, names_.types, imm.a);
      const auto fields = names_.fields.find(imm.a);
      return append_index(out, fields == names_.fields.end() ? Idents() : fields->second, imm.b);
    }
    case ImmKind::TypeData:
      uses_data_count_ = true;
      append_index(out, names_.types, imm.a);
      return append_index(out, names_.datas, imm.b);
    case ImmKind::TypeElem:
      append_index(out, names_.types, imm.a);
      return append_index(out, names_.elems, imm.b);
    case ImmKind::TypeN:
      append_index(out, names_.types, imm.a);
      out += ' ' + std::to_string(imm.b);
      return;
    case ImmKind::TypeType:
      append_index(out, names_.types, imm.a);
      return append_index(out, names_.types, imm.b);
    case ImmKind::BrCast:
      label(out, imm.a, context);
      out += ' ';
      val_type(out, isa::ValType::ref(imm.null1, imm.heap));
      out += ' ';
      return val_type(out, isa::ValType::ref(imm.null2, imm.heap2));
    case ImmKind::Tag:
      return append_index(out, names_.tags, imm.a);
  }
}

// --- Disassembly. ---

struct InstructionPrinter::State {
  NameTable names;
  InstrWriter writer;
  BodyContext context;
  uint32_t indent = 0;
  explicit State(const module::Module& m, bool use_names)
      : names(use_names ? NameTable(m) : NameTable()), writer(m, names) {}
};

InstructionPrinter::InstructionPrinter(const module::Module& m, module::FuncIdx func, bool names)
    : state_(std::make_unique<State>(m, names)) {
  if (!names) return;
  const auto locals = m.names.locals.find(func);
  module::NameMap::Names used;
  if (locals != m.names.locals.end()) state_->context.locals = make_idents(locals->second, ~uint32_t{0}, used);
  const auto labels = m.names.labels.find(func);
  if (labels != m.names.labels.end()) state_->context.label_names = &labels->second;
}

InstructionPrinter::~InstructionPrinter() = default;

std::string InstructionPrinter::print(Op op, const Imm& imm) {
  std::string out;
  const uint32_t before = static_cast<uint32_t>(state_->context.labels.size());
  const bool is_clause =
      op == Op::else_ || op == Op::end || op == Op::catch_ || op == Op::catch_all || op == Op::delegate;
  state_->indent = is_clause && before > 0 ? before - 1 : before;
  if (!state_->writer.write(out, op, imm, state_->context)) out = isa::mnemonic(op);
  return out;
}

uint32_t InstructionPrinter::indent() const { return state_->indent; }

}  // namespace ashlar::text
