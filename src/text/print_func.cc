// Prints functions, flat or folded, with branch hints.
#include <algorithm>
#include <cstdio>

#include "text/name_section.h"
#include "text/print_fold.h"
#include "text/printer.h"

namespace ashlar::text {

using binary::BodyReader;
using binary::Imm;
using isa::Op;

namespace {

constexpr uint32_t kBodyIndent = 2;  // levels

std::unexpected<Error> unbalanced(size_t offset, uint32_t func) {
  return std::unexpected(Error(ErrorCode::text_print, offset, "unbalanced block").in_func(func));
}

bool is_clause(Op op) {
  return op == Op::else_ || op == Op::end || op == Op::catch_ || op == Op::catch_all || op == Op::delegate;
}

uint64_t hint_key(uint32_t func, uint32_t offset) { return uint64_t{func} << 32 | offset; }

}  // namespace

void Printer::line(uint32_t depth) {
  out_ += '\n';
  out_.append(2 * std::min(depth, kMaxIndent), ' ');
}

void Printer::note_offset(std::string& out, size_t offset) const {
  if (!options_.offsets) return;
  char text[32];
  std::snprintf(text, sizeof text, "(;@%06zx;) ", offset);
  out += text;
}

void Printer::note_hint(std::string& out, uint32_t func, size_t offset) const {
  if (hints_.empty()) return;
  const auto hint = hints_.find(hint_key(func, static_cast<uint32_t>(offset - m_.funcs[func].body_offset)));
  if (hint == hints_.end()) return;
  out += hint->second ? "(@metadata.code.branch_hint \"\\01\") " : "(@metadata.code.branch_hint \"\\00\") ";
}

// Annotations can say the hints when the section is as the parser would write it, and each is at an if or br_if.
bool Printer::hints_are_canonical(const module::CustomSection& section) {
  uint32_t next_section = ~uint32_t{0};
  uint8_t next_id = 0;
  for (const module::SectionInfo& known : m_.sections) {
    if (known.offset <= section.contents_offset || known.offset >= next_section) continue;
    next_section = known.offset;
    next_id = known.id;
  }
  constexpr uint8_t kCode = 10;
  if (next_id != kCode) return false;
  for (const module::CustomSection& other : m_.customs) {
    const bool between = other.contents_offset > section.contents_offset && other.contents_offset < next_section;
    if (between || (&other != &section && other.name == kBranchHintSection)) return false;
  }
  const std::vector<uint8_t> written = encode_branch_hints(m_.branch_hints);
  const std::span<const uint8_t> contents = m_.bytes.subspan(section.contents_offset, section.contents_size);
  if (!std::equal(written.begin(), written.end(), contents.begin(), contents.end())) return false;
  for (size_t i = 0; i < m_.branch_hints.size();) {
    const uint32_t func = m_.branch_hints[i].func;
    if (func < m_.imported_funcs || func >= m_.funcs.size()) return false;
    if (i > 0 && m_.branch_hints[i - 1].func >= func) return false;
    BodyReader reader(m_, func, options_.features);
    std::vector<binary::LocalGroup> groups;
    if (!binary::read_locals(reader, 0, ~uint32_t{0}, groups)) return false;
    Imm imm;
    while (!reader.at_end() && i < m_.branch_hints.size() && m_.branch_hints[i].func == func) {
      const Op op = reader.next(imm);
      if (op == Op::kCount) return false;
      const uint32_t offset = static_cast<uint32_t>(reader.op_pos() - m_.funcs[func].body_offset);
      if (offset < m_.branch_hints[i].offset) continue;
      if (offset > m_.branch_hints[i].offset || (op != Op::if_ && op != Op::br_if)) return false;
      ++i;
    }
    if (i < m_.branch_hints.size() && m_.branch_hints[i].func == func) return false;
  }
  return true;
}

void Printer::find_hints() {
  if (m_.branch_hints.empty()) return;
  const auto section = std::find_if(m_.customs.begin(), m_.customs.end(),
                                    [](const auto& custom) { return custom.name == kBranchHintSection; });
  if (section == m_.customs.end() || !hints_are_canonical(*section)) return;
  hint_section_ = &*section;
  for (const module::BranchHint& hint : m_.branch_hints) hints_[hint_key(hint.func, hint.offset)] = hint.taken;
}

Status Printer::funcs() {
  for (uint32_t i = m_.imported_funcs; i < m_.funcs.size(); ++i) TRY(func(i));
  return {};
}

void Printer::locals(std::span<const binary::LocalGroup> groups, uint32_t first, const Idents& idents) {
  uint32_t index = first;
  bool open = false;
  for (const binary::LocalGroup& group : groups) {
    for (uint32_t i = 0; i < group.count; ++i, ++index) {
      const auto ident = idents.find(index);
      const bool named = ident != idents.end();
      if (open && named) {
        out_ += ')';
        open = false;
      }
      if (!open) {
        line(kBodyIndent);
        out_ += "(local";
        open = true;
      }
      out_ += ' ';
      if (named) {
        if (!ident->second.id.empty()) out_ += ident->second.id;
        if (options_.customs) out_ += ident->second.annotation;
        out_ += ' ';
      }
      writer_.val_type(out_, group.type);
      if (named) {
        out_ += ')';
        open = false;
      }
    }
  }
  if (open) out_ += ')';
}

Status Printer::func(uint32_t index) {
  const module::Func& func = m_.funcs[index];
  out_ += "\n  (func";
  define(names_.funcs, index);
  const bool has_type = func.type < m_.types.size() && m_.types[func.type].kind == module::CompositeKind::Func;
  const uint32_t params = has_type ? static_cast<uint32_t>(m_.types[func.type].func.params.size()) : 0;
  BodyReader reader(m_, index, options_.features);
  std::vector<binary::LocalGroup> groups;
  const uint32_t limit = module::ModuleLimits().locals;
  if (Status status = binary::read_locals(reader, params, std::max(limit, params), groups); !status) {
    return std::unexpected(std::move(status.error()).in_func(index));
  }
  uint32_t count = params;
  for (const binary::LocalGroup& group : groups) count += group.count;
  BodyContext context;
  if (options_.names) {
    const auto names = m_.names.locals.find(index);
    if (names != m_.names.locals.end()) {
      module::NameMap::Names used;
      context.locals = make_idents(names->second, count, used);
      if (!used.empty()) names_.used.locals.emplace(index, std::move(used));
    }
    const auto labels = m_.names.labels.find(index);
    if (labels != m_.names.labels.end()) context.label_names = &labels->second;
  }
  writer_.type_use(out_, func.type, &context.locals);
  locals(groups, params, context.locals);
  TRY(options_.folded ? body_folded(reader, context, index) : body_flat(reader, context, index));
  if (!context.used_labels.empty()) names_.used.labels.emplace(index, std::move(context.used_labels));
  out_ += ')';
  return check_size();
}

Status Printer::body_flat(BodyReader& reader, BodyContext& context, uint32_t func) {
  Imm imm;
  for (;;) {
    const Op op = reader.next(imm);
    if (op == Op::kCount) return std::unexpected(reader.take_error().in_func(func));
    if (op == Op::end && context.labels.empty()) break;
    if (is_clause(op) && context.labels.empty()) return unbalanced(reader.op_pos(), func);
    line(kBodyIndent + static_cast<uint32_t>(context.labels.size()) - (is_clause(op) ? 1 : 0));
    note_offset(out_, reader.op_pos());
    note_hint(out_, func, reader.op_pos());
    if (!writer_.write(out_, op, imm, context)) return unbalanced(reader.op_pos(), func);
    if (out_.size() > options_.max_bytes) return check_size();
  }
  if (!reader.at_end()) return unbalanced(reader.op_pos(), func);
  return {};
}

Status Printer::body_folded(BodyReader& reader, BodyContext& context, uint32_t func) {
  Folder folder(m_, func);
  Imm imm;
  for (;;) {
    const Op op = reader.next(imm);
    if (op == Op::kCount) return std::unexpected(reader.take_error().in_func(func));
    if (op == Op::end && context.labels.empty()) break;
    std::string prefix;
    if (!is_clause(op)) note_offset(prefix, reader.op_pos());
    note_hint(prefix, func, reader.op_pos());
    std::string text;
    if (!writer_.write(text, op, imm, context)) return unbalanced(reader.op_pos(), func);
    folder.add(op, imm, std::move(prefix), std::move(text));
  }
  if (!reader.at_end()) return unbalanced(reader.op_pos(), func);
  folder.print(out_, kBodyIndent, kMaxIndent);
  return {};
}

}  // namespace ashlar::text
