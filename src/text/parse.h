// Text to module: the parser of the text format (.wat), and its way to a binary.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "module/module.h"
#include "text/source.h"

namespace ashlar::text {

/// Where each instruction of each body stands in the source. Bodies keep their bytes when a module is encoded and
/// decoded, so (function, offset from Func::body_offset) means the same in the parsed and in the decoded module.
class SourceMap {
 public:
  /// Position of the last instruction at or before `body_offset`; of the function when there is none; {0, 0} when
  /// unknown.
  Position find(module::FuncIdx func, uint32_t body_offset) const;
  bool empty() const { return entries_.empty(); }

  // For the parser: functions in order, offsets ascending.
  void reset(LineTable lines);
  void add(module::FuncIdx func, uint32_t body_offset, uint32_t source_offset);

 private:
  struct Entry {
    uint32_t func, body_offset, source_offset;
  };
  std::vector<Entry> entries_;
  LineTable lines_;
};

struct ParseOptions {
  /// Understand (@custom), (@name) and (@metadata.code.branch_hint); otherwise all annotations are ignored.
  bool annotations = true;
  /// Identifiers become names: Module::names and a name section. Without it only (@name) annotations do.
  bool debug_names = false;
  /// The module's name when its text is bare fields.
  std::optional<std::string_view> module_name;
  /// Where the text begins in its file; for errors.
  Position origin = {1, 1};
  /// Filled when set.
  SourceMap* source_map = nullptr;
};

/// Parses one module: "(module ...)", or its fields alone; "(module quote ...)" and "(module binary ...)" too.
/// Bodies, constant expressions and data contents lie encoded in Module::bytes; names and annotations become custom
/// sections. Nothing is validated: indices may be out of range. Constant expressions are not decoded (ConstExpr::insts
/// is empty): encode and decode the module to run it. Takes linear time and no native stack for nested expressions.
/// Errors: Phase::Malformed with line, column and the source line as a note.
Result<std::unique_ptr<module::Module>> parse_module(std::string_view source, const ParseOptions& options = {});

/// parse_module, then binary::encode.
Result<std::vector<uint8_t>> parse_to_binary(std::string_view source, const ParseOptions& options = {});

}  // namespace ashlar::text
