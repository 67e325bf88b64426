// Builds and prints the trees of folded instructions.
#include "text/print_fold.h"

#include <algorithm>

namespace ashlar::text {

using binary::Imm;
using isa::Op;

namespace {

constexpr uint32_t kLineWidth = 90;
constexpr uint32_t kMaxFolded = 40;  // levels of operands
constexpr uint32_t kWide = kLineWidth + 1;

}  // namespace

Folder::Folder(const module::Module& m, uint32_t func) : m_(m), func_(func) {}

// --- How many operands an instruction takes; a guess is enough. ---

Folder::Arity Folder::of_type(uint32_t type, uint32_t more) const {
  if (type >= m_.types.size() || m_.types[type].kind != module::CompositeKind::Func) return {more, 0};
  const module::FuncType& func = m_.types[type].func;
  return {static_cast<uint32_t>(func.params.size()) + more, static_cast<uint32_t>(func.results.size())};
}

Folder::Arity Folder::arity(Op op, const Imm& imm) const {
  const isa::OpInfo& info = isa::info(op);
  if (!info.has_special_typing()) {
    return {static_cast<uint32_t>(info.operand_count()), static_cast<uint32_t>(info.result_count())};
  }
  if (info.imm == isa::ImmKind::BlockType || info.imm == isa::ImmKind::TryTable) {
    const uint32_t results = imm.block.kind == binary::BlockType::Kind::Empty   ? 0
                             : imm.block.kind == binary::BlockType::Kind::Value ? 1
                                                                                : of_type(imm.block.type, 0).results;
    return {op == Op::if_ ? 1u : 0u, results};
  }
  return special_arity(op, imm);
}

Folder::Arity Folder::special_arity(Op op, const Imm& imm) const {
  switch (op) {
    case Op::local_get:
    case Op::global_get:
    case Op::ref_null:
    case Op::ref_func:
    case Op::struct_new_default:
      return {0, 1};
    case Op::drop:
    case Op::local_set:
    case Op::global_set:
    case Op::br_if:
    case Op::br_table:
    case Op::br_on_non_null:
    case Op::throw_ref:
      return {1, 0};
    case Op::local_tee:
    case Op::table_get:
    case Op::ref_is_null:
    case Op::ref_as_non_null:
    case Op::struct_get:
    case Op::struct_get_s:
    case Op::struct_get_u:
    case Op::array_new_default:
    case Op::array_len:
    case Op::ref_test:
    case Op::ref_test_null:
    case Op::ref_cast:
    case Op::ref_cast_null:
    case Op::br_on_null:
    case Op::br_on_cast:
    case Op::br_on_cast_fail:
    case Op::any_convert_extern:
    case Op::extern_convert_any:
    case Op::ref_i31:
    case Op::i31_get_s:
    case Op::i31_get_u:
      return {1, 1};
    case Op::table_grow:
    case Op::ref_eq:
    case Op::array_new:
    case Op::array_new_data:
    case Op::array_new_elem:
    case Op::array_get:
    case Op::array_get_s:
    case Op::array_get_u:
      return {2, 1};
    case Op::table_set:
    case Op::struct_set:
      return {2, 0};
    case Op::select:
    case Op::select_t:
      return {3, 1};
    case Op::table_fill:
    case Op::table_copy:
    case Op::memory_copy:
    case Op::array_set:
      return {3, 0};
    case Op::array_fill:
    case Op::array_init_data:
    case Op::array_init_elem:
      return {4, 0};
    case Op::array_copy:
      return {5, 0};
    case Op::array_new_fixed:
      return {imm.b, 1};
    case Op::struct_new:
      return {imm.a < m_.types.size() ? static_cast<uint32_t>(m_.types[imm.a].fields.size()) : 0, 1};
    case Op::call:
      return imm.a < m_.funcs.size() ? of_type(m_.funcs[imm.a].type, 0) : Arity{0, 0};
    case Op::return_call:
      return {imm.a < m_.funcs.size() ? of_type(m_.funcs[imm.a].type, 0).operands : 0, 0};
    case Op::call_indirect:
    case Op::call_ref:
      return of_type(imm.a, 1);
    case Op::return_call_indirect:
    case Op::return_call_ref:
      return {of_type(imm.a, 1).operands, 0};
    case Op::return_:
      return {of_type(m_.funcs[func_].type, 0).results, 0};
    case Op::throw_:
      return {imm.a < m_.tags.size() ? of_type(m_.tags[imm.a].type.type, 0).operands : 0, 0};
    default:
      return {0, 0};
  }
}

// --- Building. ---

uint32_t Folder::make(std::string prefix, std::string text, uint32_t results) {
  Node node;
  node.width = static_cast<uint32_t>(std::min<size_t>(prefix.size() + text.size() + 2, kWide));
  node.prefix = std::move(prefix);
  node.text = std::move(text);
  node.results = results;
  nodes_.push_back(std::move(node));
  return static_cast<uint32_t>(nodes_.size() - 1);
}

// Moves the last items that make up `operands` values under `parent`.
void Folder::adopt(uint32_t parent, uint32_t operands, std::vector<uint32_t>& items) {
  size_t first = items.size();
  uint32_t depth = 0;
  while (operands > 0 && first > 0) {
    const Node& item = nodes_[items[first - 1]];
    if (item.results == 0 || item.results > operands || item.depth >= kMaxFolded) break;
    operands -= item.results;
    depth = std::max(depth, item.depth);
    --first;
  }
  Node& node = nodes_[parent];
  node.children.assign(items.begin() + static_cast<std::ptrdiff_t>(first), items.end());
  node.depth = depth + 1;
  for (uint32_t child : node.children) {
    node.width = std::min(node.width + nodes_[child].width + 1, kWide);
    node.lines |= nodes_[child].lines;
  }
  items.resize(first);
}

void Folder::open_clause(std::string text) {
  Open& top = open_.back();
  const uint32_t clause = make("", std::move(text), 0);
  nodes_[clause].lines = true;
  nodes_[top.node].children.push_back(clause);
  top.clause = clause;
}

void Folder::close_clause() {
  Open& top = open_.back();
  std::vector<uint32_t>& children = nodes_[top.clause].children;
  children.insert(children.end(), top.items.begin(), top.items.end());
  top.items.clear();
}

void Folder::open_block(Op op, uint32_t node) {
  nodes_[node].lines = true;
  nodes_[node].depth = 1;  // operands nested in blocks begin anew
  open_.push_back({node, node, {}});
  if (op == Op::if_) open_clause("then");
  if (op == Op::try_) open_clause("do");
}

void Folder::add(Op op, const Imm& imm, std::string prefix, std::string text) {
  switch (op) {
    case Op::else_:
    case Op::catch_:
    case Op::catch_all:
      close_clause();
      return open_clause(std::move(text));
    case Op::delegate:
      close_clause();
      open_clause(std::move(text));
      open_.pop_back();
      return;
    case Op::end:
      close_clause();
      open_.pop_back();
      return;
    default:
      break;
  }
  const Arity counts = arity(op, imm);
  const uint32_t node = make(std::move(prefix), std::move(text), counts.results);
  std::vector<uint32_t>& items = open_.empty() ? roots_ : open_.back().items;
  adopt(node, counts.operands, items);
  items.push_back(node);
  const bool is_block = isa::info(op).imm == isa::ImmKind::BlockType || isa::info(op).imm == isa::ImmKind::TryTable;
  if (is_block) open_block(op, node);
}

// --- Printing. ---

// Recursion is bounded by kMaxFolded: blocks never go on one line.
void Folder::print_inline(std::string& out, uint32_t index) const {
  const Node& node = nodes_[index];
  out += node.prefix;
  out += '(';
  out += node.text;
  for (uint32_t child : node.children) {
    out += ' ';
    print_inline(out, child);
  }
  out += ')';
}

void Folder::print(std::string& out, uint32_t indent, uint32_t max_indent) const {
  struct Level {
    const std::vector<uint32_t>* nodes;
    size_t next;
  };
  std::vector<Level> levels = {{&roots_, 0}};
  for (;;) {
    Level& level = levels.back();
    if (level.next == level.nodes->size()) {
      levels.pop_back();
      if (levels.empty()) return;
      out += ')';
      continue;
    }
    const uint32_t index = (*level.nodes)[level.next++];
    const Node& node = nodes_[index];
    out += '\n';
    out.append(2 * std::min<size_t>(indent + levels.size() - 1, max_indent), ' ');
    const bool one_line = !node.lines && node.width <= kLineWidth;
    if (one_line) {
      print_inline(out, index);
    } else {
      out += node.prefix;
      out += '(';
      out += node.text;
      levels.push_back({&node.children, 0});
    }
  }
}

}  // namespace ashlar::text
