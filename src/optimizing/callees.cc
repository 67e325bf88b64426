// Method tables of global initializers; lazy initializers.
#include "optimizing/callees.h"

#include <algorithm>

#include "binary/body_reader.h"
#include "module/const_op.h"

namespace ashlar::optimizing {

using binary::Imm;
using isa::Op;
using module::FuncIdx;
using module::kNoIndex;

Callees::Callees(const module::Module& m) : m_(m) {
  for (const module::Global& g : m.globals)
    if (!g.imported) read(g.init);
  for (auto& [place, all] : seen_) {
    if (all.size() > kMost) continue;
    std::ranges::sort(
        all, [](const Seen& a, const Seen& b) { return std::pair(b.times, a.func) < std::pair(a.times, b.func); });
    std::vector<FuncIdx>& chosen = chosen_[place];
    for (const Seen& s : all) chosen.push_back(s.func);
  }
  seen_.clear();
  for (FuncIdx f = 0; f < m.declared_funcs.size(); ++f) {
    if (!m.declared_funcs[f]) continue;
    std::vector<FuncIdx>& all = by_type_[m.canonical[m.funcs[f].type]];
    if (all.size() <= kMost) all.push_back(f);
  }
}

std::span<const FuncIdx> Callees::of_type(module::TypeIdx type) const {
  const auto found = by_type_.find(m_.canonical[type]);
  if (found == by_type_.end() || found->second.size() > kMost) return {};
  return found->second;
}

std::span<const FuncIdx> Callees::of_field(module::TypeIdx type, uint32_t field) const {
  const auto found = chosen_.find({type, field});
  if (found == chosen_.end()) return {};
  return found->second;
}

/// A constant expression leaves one value; of those in between only functions matter.
void Callees::read(const module::ConstExpr& init) {
  stack_.clear();
  const auto replace = [this](size_t operands) {
    stack_.resize(stack_.size() - operands);
    stack_.push_back(kNoIndex);
  };
  for (const module::ConstInst& inst : init.insts) {
    switch (inst.op) {
      case Op::ref_func:
        stack_.push_back(inst.index);
        break;
      case Op::struct_new: {
        const size_t n = m_.types[inst.index].fields.size();
        note(inst.index, std::span(stack_).last(n));
        replace(n);
        break;
      }
      case Op::array_new_fixed:
        replace(inst.count);
        break;
      case Op::array_new:
        replace(2);
        break;
      case Op::array_new_default:
      case Op::ref_i31:
      case Op::any_convert_extern:
      case Op::extern_convert_any:
        replace(1);
        break;
      default:
        replace(module::is_extended_const_op(inst.op) ? 2 : 0);
    }
  }
}

void Callees::note(module::TypeIdx type, std::span<const FuncIdx> fields) {
  for (; type != kNoIndex; type = m_.types[type].super) {
    const size_t n = std::min(fields.size(), m_.types[type].fields.size());
    for (uint32_t i = 0; i < n; ++i)
      if (fields[i] != kNoIndex) add(type, i, fields[i]);
  }
}

/// One more than are wanted says that there are too many.
void Callees::add(module::TypeIdx type, uint32_t field, FuncIdx f) {
  std::vector<Seen>& all = seen_[{type, field}];
  const auto found = std::ranges::find(all, f, &Seen::func);
  if (found != all.end()) {
    ++found->times;
  } else if (all.size() <= kMost) {
    all.push_back({f, 1});
  }
}

std::optional<module::GlobalIdx> done_flag(const module::Module& m, FuncIdx f, isa::Features features) {
  const module::FuncType& type = m.func_type(f);
  if (m.funcs[f].imported || !type.params.empty() || !type.results.empty()) return std::nullopt;
  binary::BodyReader reader(m, f, features);
  std::vector<binary::LocalGroup> locals;
  if (!binary::read_locals(reader, 0, 50'000, locals)) return std::nullopt;
  Imm imm;
  if (reader.next(imm) != Op::global_get) return std::nullopt;
  const module::GlobalIdx flag = imm.a;
  if (m.globals[flag].type.type != isa::ValType::i32()) return std::nullopt;
  if (reader.next(imm) != Op::if_ || imm.block.kind != binary::BlockType::Kind::Empty) return std::nullopt;
  Op op = reader.next(imm);
  if (op == Op::return_) return flag;
  if (op != Op::else_) return std::nullopt;
  // Or all that is done is done in the other branch.
  for (uint32_t depth = 1; depth > 0;) {
    op = reader.next(imm);
    if (binary::opens_block(op)) ++depth;
    if (binary::closes_block(op)) --depth;
  }
  op = reader.next(imm);
  if (op == Op::return_) op = reader.next(imm);
  return op == Op::end ? std::optional(flag) : std::nullopt;
}

bool has_tail_calls(const module::Module& m, FuncIdx f, isa::Features features) {
  binary::BodyReader reader(m, f, features);
  std::vector<binary::LocalGroup> locals;
  if (!binary::read_locals(reader, 0, 50'000, locals)) return true;
  Imm imm;
  for (uint32_t depth = 1; depth > 0;) {
    const Op op = reader.next(imm);
    if (op == Op::return_call || op == Op::return_call_indirect || op == Op::return_call_ref) return true;
    if (binary::opens_block(op)) ++depth;
    if (binary::closes_block(op)) --depth;
  }
  return false;
}

}  // namespace ashlar::optimizing
