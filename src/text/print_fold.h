// Folds a body's instructions into trees: operands inside their instruction's parentheses.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "binary/body_reader.h"
#include "module/module.h"

namespace ashlar::text {

/// Takes the instructions of one well-nested body in order. What is folded is a matter of looks only: any grouping of
/// neighbours parses back to the same instructions.
class Folder {
 public:
  Folder(const module::Module& m, uint32_t func);
  /// `text`: mnemonic and immediates; `prefix`: comments and annotations in front of the parenthesis.
  void add(isa::Op op, const binary::Imm& imm, std::string prefix, std::string text);
  void print(std::string& out, uint32_t indent, uint32_t max_indent) const;

 private:
  struct Node {
    std::string prefix;
    std::string text;
    std::vector<uint32_t> children;
    uint32_t results = 0;
    uint32_t depth = 1;  // levels of operands, for the limit on folding
    uint32_t width = 0;  // characters on one line, saturated
    bool lines = false;  // holds a block: never on one line
  };
  struct Open {
    uint32_t node;    // the block
    uint32_t clause;  // the child that items go to; the block itself when it has no clauses
    std::vector<uint32_t> items;
  };
  struct Arity {
    uint32_t operands, results;
  };

  uint32_t make(std::string prefix, std::string text, uint32_t results);
  void adopt(uint32_t parent, uint32_t operands, std::vector<uint32_t>& items);
  void open_block(isa::Op op, uint32_t node);
  void open_clause(std::string text);
  void close_clause();
  Arity arity(isa::Op op, const binary::Imm& imm) const;
  Arity special_arity(isa::Op op, const binary::Imm& imm) const;
  Arity of_type(uint32_t type, uint32_t more) const;
  void print_inline(std::string& out, uint32_t node) const;

  const module::Module& m_;
  uint32_t func_;
  std::vector<Node> nodes_;
  std::vector<uint32_t> roots_;
  std::vector<Open> open_;
};

}  // namespace ashlar::text
