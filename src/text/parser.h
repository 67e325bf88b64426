// The parser's state and helpers; inside src/text only.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/error.h"
#include "binary/type_writer.h"
#include "isa/op_table.h"
#include "module/module.h"
#include "text/parse.h"
#include "text/type_parser.h"

namespace ashlar::text {

using binary::append_heap_type;
using binary::append_val_type;
using isa::Op;
using module::Module;

enum class ExprEnd : uint8_t { AtRParen, AfterOneFolded };

/// Parses one module in three passes over the tokens: identifiers, types, everything else.
class Parser : private TypeParser {
 public:
  Parser(const Source& source, const ParseOptions& options);
  Result<std::unique_ptr<Module>> parse();

 private:
  // Names (parser.cc).
  /// Reads "$id"? "(@name ...)"? of entity `index` in a definition whose identifier pass one has bound.
  Status parse_definition_id(module::NameMap::Names& names, uint32_t index);
  void add_name(module::NameMap::Names& names, uint32_t index, const Token& id,
                std::optional<std::string_view> annotation);

  // Pass one (parse_scan.cc).
  Status scan_fields();
  Status scan_field();
  Status scan_import();
  Status scan_rec();
  Status scan_type();
  Status scan_definition(IdSpace& space, std::string_view what);
  IdSpace* space_of(std::string_view keyword);

  // Types (parse_types.cc).
  Status parse_type_fields();
  Status parse_rec();
  Status parse_type_def();
  Result<uint32_t> parse_type_index() override { return parse_index(types_); }
  Status parse_field_id(TypeIdx type, uint32_t position) override;
  Status parse_type_use(TypeUse& out, ParamIds ids);
  TypeIdx intern_func_type(module::FuncType type);

  // Fields (parse_module.cc).
  Status parse_top();
  Status parse_module_of_strings(bool binary);
  Status parse_fields();
  Status parse_field();
  Status skip_type_field();
  Status parse_func();
  Status name_params(const TypeUse& use, uint32_t func);
  Status parse_func_body(const TypeUse& use, uint32_t source_offset);
  Status parse_locals();
  Status parse_table();
  Status parse_table_definition(module::Table table, uint32_t index);
  Status parse_memory();
  Status parse_global();
  Status parse_tag();
  struct InlineImport {
    std::string_view module, name;
  };
  Status parse_import();
  Status parse_imported_func(const InlineImport& import);
  Status parse_imported_table(const InlineImport& import);
  Status parse_imported_memory(const InlineImport& import);
  Status parse_imported_global(const InlineImport& import);
  Status parse_imported_tag(const InlineImport& import);
  Status parse_export();
  Status parse_start();
  Status parse_inline_exports(module::ExternKind kind, uint32_t index);
  Result<std::optional<InlineImport>> parse_inline_import();
  void add_import(const InlineImport& import, module::ExternKind kind, uint32_t index);
  Result<std::unique_ptr<Module>> finish();

  // Segments (parse_segments.cc).
  Status parse_elem();
  Status parse_elem_list(module::Elem& elem, bool plain_indices);
  Status parse_elem_exprs(module::Elem& elem);
  Status parse_func_indices(module::Elem& elem);
  Status parse_data();
  Status parse_data_strings(module::Data& data);
  Status parse_offset(module::ConstExpr& out);
  Status parse_const_expr(module::ConstExpr& out, ExprEnd end);
  void make_zero_offset(module::ConstExpr& out, bool is64);

  // Annotations (parse_annotations.cc).
  Status parse_module_annotation();
  Status parse_custom();
  Status parse_branch_hint();
  void add_custom(std::string_view name, std::span<const uint8_t> contents, uint8_t after_section);
  void finish_customs();

  // Instructions (parse_instr.cc).
  enum class FrameKind : uint8_t {
    Root,
    Folded,
    FoldedBlock,
    FoldedIf,
    Then,
    Else,
    FoldedTry,
    Clause,  // "do", "catch" or "catch_all" of a folded try
    Block,
    If,
    IfElse,
    Try,
    TryCatch,
    TryCatchAll,
  };
  struct Frame {
    FrameKind kind;
    uint8_t stage = 0;  // FoldedIf, FoldedTry: which clauses have been read
    bool delegated = false;
    int8_t hint = -1;
    uint32_t source = 0;  // offset of the keyword
    size_t pending = 0;   // start of the encoded instruction in pending_
    Op op = Op::nop;
    std::string_view label = {};  // empty: none (identifiers are never empty)
    std::optional<std::string_view> label_name = {};
  };
  Status parse_instrs(ExprEnd end);
  Status parse_plain();
  Status parse_plain_end(Frame& top);
  Status parse_plain_clause(Op op, Frame& top);
  Status parse_plain_block(Op op);
  Status open_paren();
  Status open_if_clause(Frame& top);
  Status open_try_clause(Frame& top);
  Status open_folded();
  Status close_paren();
  bool takes_sequence(FrameKind kind) const;
  Status parse_label_id(Frame& frame);
  void push_label(const Frame& frame);
  void pop_label(const Frame& frame);
  Status check_end_label(const Frame& frame);
  Status mark(uint32_t source, Op op, int8_t hint);
  int8_t take_hint();
  void emit_end();

  // Immediates (parse_immediates.cc).
  using Sink = std::vector<uint8_t>;
  Status parse_operation(Op op, Sink& sink);
  Status parse_immediates(Op op, Sink& sink);
  Status parse_cast(Op op, Sink& sink);
  Status parse_select(Sink& sink);
  Status parse_block_type(Sink& sink);
  Status parse_catches(Sink& sink);
  Result<uint32_t> parse_label();
  Status parse_label_table(Sink& sink);
  Status parse_mem_arg(Op op, Sink& sink);
  Status parse_mem_arg_lane(Op op, Sink& sink);
  Status parse_offset_align(Op op, uint32_t memory, Sink& sink);
  Status parse_init(const IdSpace& target, const IdSpace& segment, Sink& sink);
  Status parse_call_indirect(Sink& sink);
  Status append_index(const IdSpace& space, Sink& sink);
  Status parse_default_index(const IdSpace& space, Sink& sink);
  Status parse_two_indices(const IdSpace& space, Sink& sink);
  Status parse_type_field(Sink& sink);
  Status parse_lane(Sink& sink);
  Status parse_shuffle(Sink& sink);
  Status parse_int_const(int bits, Sink& sink);
  Status parse_float_const(int bits, Sink& sink);
  Status parse_v128_const(Sink& sink);
  Status append_lane(const Token& token, int bits, bool is_float, Sink& sink);
  Status parse_br_cast(Sink& sink);

  const ParseOptions options_;
  std::unique_ptr<Module> module_;
  std::vector<uint8_t>& out_;

  IdSpace types_{"type", {}}, funcs_{"function", {}}, tables_{"table", {}}, memories_{"memory", {}},
      globals_{"global", {}}, tags_{"tag", {}}, elems_{"elem segment", {}}, datas_{"data segment", {}};
  std::unordered_map<TypeIdx, IdSpace> fields_;
  std::vector<uint32_t> type_fields_;  // source offsets of "(type" and "(rec"
  uint32_t fields_begin_ = 0;
  std::string_view first_definition_;  // kind of the first definition that is no import, for "import after"
  std::unordered_map<uint64_t, std::vector<TypeIdx>> func_types_;  // by hash, ascending

  bool has_module_name_ = false;
  bool uses_data_count_ = false;
  bool force_data_count_ = false;
  std::optional<size_t> names_place_;  // number of customs before the name section
  bool has_name_custom_ = false;

  // The body being parsed.
  std::optional<uint32_t> func_;
  size_t body_start_ = 0;
  IdSpace locals_{"local", {}};
  std::vector<Frame> frames_;
  std::vector<uint8_t> pending_;  // folded instructions whose operands are being read
  uint32_t label_depth_ = 0;
  uint32_t label_count_ = 0;
  std::unordered_map<std::string_view, std::vector<uint32_t>> labels_;  // depths, innermost last
  int8_t hint_ = -1;
  uint32_t hint_offset_ = 0;
};

}  // namespace ashlar::text
