// Module to text: the printer of the text format, and of single instructions for disassembly.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/error.h"
#include "binary/body_reader.h"
#include "isa/features.h"
#include "module/module.h"

namespace ashlar::text {

struct PrintOptions {
  /// Operands inside their instruction's parentheses; otherwise one instruction a line.
  bool folded = false;
  /// The byte offset of each instruction in the module, as a comment.
  bool offsets = false;
  /// Identifiers from the name section; otherwise indices only.
  bool names = true;
  /// Custom sections, the name section and branch hints as annotations.
  bool customs = true;
  isa::Features features = isa::Features::all();
  /// What stands in place of "(module" and the module's name: a module inside a component has another keyword.
  std::string head;
  /// Printing stops with an error when the text grows beyond this.
  uint64_t max_bytes = uint64_t{4} << 30;
};

/// Prints a decoded module. The text parses back (parse_to_binary with debug_names, when names and customs are on) to
/// what binary::encode writes for the module, but for what the text format cannot say: integers of more bytes than
/// needed, empty sections, split runs of locals. Errors: a body or expression that is malformed, with its offset.
Result<std::string> print(const module::Module& m, const PrintOptions& options = {});

/// Prints the instructions of one function for disassembly. Keeps the nesting, so instructions go through it in order.
class InstructionPrinter {
 public:
  InstructionPrinter(const module::Module& m, module::FuncIdx func, bool names = true);
  ~InstructionPrinter();
  /// "i32.load offset=8 align=2", "br 1 (;@2;)": without indentation. `op` and `imm` as BodyReader::next gave them.
  std::string print(isa::Op op, const binary::Imm& imm);
  /// How deep the instruction last printed is nested; else, catch and end stand with their opening.
  uint32_t indent() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ashlar::text
