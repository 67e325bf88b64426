// The disassembler of objdump.
#include "cli/disassemble.h"

#include <algorithm>

#include "binary/body_reader.h"
#include "cli/output.h"
#include "text/print.h"

namespace ashlar::cli {

using binary::BodyReader;
using binary::Imm;
using isa::Op;
using module::Module;

namespace {

/// " 00012a: 20 00 41 | text", further bytes on lines of their own.
void append_line(const Module& m, size_t from, size_t to, const std::string& text, std::string& out) {
  constexpr size_t kBytesALine = 9;
  for (size_t at = from; at < to; at += kBytesALine) {
    out += strf(" %06zx:", at);
    const size_t end = std::min(to, at + kBytesALine);
    for (size_t i = at; i < end; ++i) out += strf(" %02x", m.bytes[i]);
    out.append(3 * (kBytesALine - (end - at)), ' ');
    out += at == from ? " | " + text : " |";
    out += '\n';
  }
}

void append_locals(const Module& m, module::FuncIdx f, BodyReader& body, std::string& out) {
  std::vector<binary::LocalGroup> groups;
  const size_t start = m.funcs[f].body_offset;
  const auto params = static_cast<uint32_t>(m.func_type(f).params.size());
  if (!binary::read_locals(body, params, ~uint32_t{0}, groups)) return;
  uint32_t next = params;
  std::string text;
  for (const binary::LocalGroup& group : groups) {
    if (group.count == 0) continue;
    if (!text.empty()) text += ", ";
    text += "local[" + std::to_string(next);
    if (group.count > 1) text += ".." + std::to_string(next + group.count - 1);
    text += "] " + isa::to_string(group.type);
    next += group.count;
  }
  if (!text.empty()) append_line(m, start + 1, body.pos(), text, out);
}

}  // namespace

std::string func_name(const module::Module& m, module::FuncIdx f) {
  const auto shown = [](std::string_view name) { return " <" + printable(name) + ">"; };
  const auto name = m.names.funcs.find(f);
  if (name != m.names.funcs.end()) return shown(name->second);
  for (const module::Export& e : m.exports) {
    if (e.kind == module::ExternKind::Func && e.index == f) return shown(e.name);
  }
  for (const module::Import& i : m.imports) {
    if (i.kind == module::ExternKind::Func && i.index == f) {
      return " <" + printable(i.module) + "." + printable(i.name) + ">";
    }
  }
  return {};
}

void disassemble(const Module& m, module::FuncIdx f, isa::Features features, std::string& out) {
  BodyReader body(m, f, features);
  text::InstructionPrinter printer(m, f);
  out += strf("%06x func[%u]", m.funcs[f].body_offset, f) + func_name(m, f) + ":\n";
  append_locals(m, f, body, out);
  Imm imm;
  while (body.ok() && !body.at_end()) {
    const Op op = body.next(imm);
    if (op == Op::kCount) break;
    const std::string text = printer.print(op, imm);
    constexpr uint32_t kDeepest = 40;
    append_line(m, body.op_pos(), body.pos(), std::string(2 * std::min(printer.indent(), kDeepest), ' ') + text, out);
  }
  if (!body.ok()) out += " error: " + body.take_error().render() + "\n";
}

std::string const_expr_text(const Module& m, const module::ConstExpr& expr, isa::Features features) {
  BodyReader body(m.bytes, expr.offset, size_t{expr.offset} + expr.size, features);
  text::InstructionPrinter printer(m, module::kNoIndex);
  std::string out;
  Imm imm;
  while (body.ok() && !body.at_end()) {
    const Op op = body.next(imm);
    if (op == Op::kCount || op == Op::end) break;
    if (!out.empty()) out += "; ";
    out += printer.print(op, imm);
  }
  return out;
}

void write_disassembly(const module::Module& m, isa::Features features) {
  write_all(kStdout, "\nCode Disassembly:\n");
  std::string out;
  for (uint32_t f = m.imported_funcs; f < m.funcs.size(); ++f) {
    out += '\n';
    disassemble(m, f, features, out);
    constexpr size_t kFlushAt = 1 << 16;
    if (out.size() < kFlushAt) continue;
    if (!write_all(kStdout, out)) return;
    out.clear();
  }
  write_all(kStdout, out);
}

}  // namespace ashlar::cli
