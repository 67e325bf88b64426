// The printer's state; inside src/text only.
#pragma once

#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "text/print.h"
#include "text/print_names.h"
#include "text/print_types.h"

namespace ashlar::text {

/// What instructions of one body or expression need to be written: locals, open labels.
struct BodyContext {
  enum class Kind : uint8_t { Block, If, Else, Try, Catch, CatchAll };
  struct Label {
    Kind kind;
    uint32_t number;  ///< of all labels in the body, from 0
    Ident ident;
  };
  Idents locals;
  const module::NameMap::Names* label_names = nullptr;
  module::NameMap::Names used_labels;
  std::vector<Label> labels;
  uint32_t label_count = 0;
};

/// Writes single instructions.
class InstrWriter : public TypePrinter {
 public:
  InstrWriter(const module::Module& m, const NameTable& names) : TypePrinter(names.types), m_(m), names_(names) {}

  /// Appends mnemonic and immediates; keeps the context's labels. False when the instruction does not fit where it
  /// stands (an else without if, an end too many).
  bool write(std::string& out, isa::Op op, const binary::Imm& imm, BodyContext& context);
  bool uses_data_count() const { return uses_data_count_; }

  /// " (type 3) (param i32) (result i32)"; parameters with identifiers when given.
  void type_use(std::string& out, uint32_t type, const Idents* params) const;

 private:
  void immediates(std::string& out, isa::Op op, const binary::Imm& imm, BodyContext& context);
  void block_head(std::string& out, isa::Op op, const binary::Imm& imm, BodyContext& context);
  void label(std::string& out, uint32_t depth, const BodyContext& context, size_t skip = 0) const;
  void mem_arg(std::string& out, isa::Op op, const binary::Imm& imm) const;
  void constant(std::string& out, isa::Op op, const binary::Imm& imm) const;
  bool clause(isa::Op op, BodyContext& context) const;

  const module::Module& m_;
  const NameTable& names_;
  bool uses_data_count_ = false;
};

class Printer {
 public:
  Printer(const module::Module& m, const PrintOptions& options);
  Result<std::string> run();

 private:
  // print_module.cc
  void define(const Idents& idents, uint32_t index);
  void types();
  void imports();
  void import_type(const module::Import& import);
  void exports();
  Status tables();
  void memories();
  void tags();
  Status globals();
  Status elems();
  Status datas();
  Status const_expr(const module::ConstExpr& expr, std::string_view wrapper);
  void bytes(std::span<const uint8_t> data);
  void customs();
  bool names_are_canonical(const module::CustomSection& section) const;
  void place(uint8_t after_section);
  Status check_size() const;
  // print_func.cc
  Status funcs();
  Status func(uint32_t index);
  void locals(std::span<const binary::LocalGroup> groups, uint32_t first, const Idents& idents);
  Status body_flat(binary::BodyReader& reader, BodyContext& context, uint32_t func);
  Status body_folded(binary::BodyReader& reader, BodyContext& context, uint32_t func);
  void line(uint32_t depth);
  void note_offset(std::string& out, size_t offset) const;
  void note_hint(std::string& out, uint32_t func, size_t offset) const;
  void find_hints();
  bool hints_are_canonical(const module::CustomSection& section);

  const module::Module& m_;
  const PrintOptions options_;
  NameTable names_;
  InstrWriter writer_;
  std::string out_;
  const module::CustomSection* hint_section_ = nullptr;  // when its hints are printed as annotations
  std::unordered_map<uint64_t, bool> hints_;             // by function << 32 | offset
};

/// Levels that lines are indented at most: deep nesting must not make the text quadratic.
inline constexpr uint32_t kMaxIndent = 50;

}  // namespace ashlar::text
