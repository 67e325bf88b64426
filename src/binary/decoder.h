// The decoder's state; its member functions are spread over decode.cc, decode_types.cc and decode_segments.cc.
#pragma once

#include <string_view>

#include "binary/decode.h"
#include "binary/entity_reader.h"
#include "binary/section.h"

namespace ashlar::binary {

/// Decodes section by section into a module. Every read is bounded by the module, not by its section: a section's end
/// is checked when its contents have been read, so that the errors are the reference's. Errors stick in `in_`.
class Decoder : EntityReader {
 public:
  Decoder(module::Module& m, const DecodeOptions& options)
      : EntityReader(m.bytes, options.features, options.limits), m_(m), known_(options.known) {}

  Status run();

 private:
  // decode.cc
  void header();
  void section(Section id, size_t end);
  void section_contents(Section id);
  void custom_section(size_t end);
  void function_section();
  /// Passes over a section whose contents are known; false when they are not.
  bool skip_known(Section id, size_t end);
  Status check_known() const;
  void export_section();
  void start_section();
  void code_section();
  void data_count_section();
  Status check_counts();
  Error earlier_error(Error error);

  // decode_types.cc
  void type_section();
  void rec_group();
  void import_section();
  void import_entry();
  void table_section();
  void memory_section();
  void global_section();
  void tag_section();

  // decode_segments.cc
  module::ConstExpr const_expr();
  void element_section();
  module::Elem element();
  bool known_elems(uint32_t n, module::Elem& out);
  void data_section();

  module::Module& m_;
  const KnownParts* known_;
  uint32_t rank_ = 0;  ///< sections seen
  Section last_ = Section::Custom;
  uint64_t code_count_ = 0;
  uint64_t elements_ = 0;  ///< in all element segments
  size_t elem_funcs_ = 0;  ///< taken from known_->elems
};

/// Decodes the branch hints of a custom section's contents; nothing when malformed.
std::vector<module::BranchHint> decode_branch_hints(std::span<const uint8_t> bytes, size_t from, size_t to);

}  // namespace ashlar::binary
