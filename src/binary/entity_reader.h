// What a module's sections and the types of a component share: counts, names, and the types of items.
#pragma once

#include <string_view>
#include <vector>

#include "base/byte_reader.h"
#include "isa/features.h"
#include "module/limits.h"
#include "module/types.h"

namespace ashlar::binary {

/// A reader with the core productions (spec 5.2, 5.3). Errors stick in `in_`; what is read after one is worthless.
class EntityReader {
 protected:
  EntityReader(std::span<const uint8_t> bytes, isa::Features features, const module::ModuleLimits& limits)
      : in_(bytes), features_(features), limits_(limits) {}

  /// A length or count, checked against the bytes there are.
  uint32_t length();
  /// A count that `limit` bounds in all (`have` exist already); reserves nothing.
  uint32_t count(uint64_t have, uint64_t limit, std::string_view what);
  /// At most limits_.name_bytes of UTF-8; a view of the bytes.
  std::string_view name();

  module::SubType sub_type();
  void composite_type(module::SubType& out, uint8_t code);
  std::vector<module::ValType> val_types(uint32_t limit, std::string_view what);
  module::FieldType field_type();
  bool mutability();
  module::Limits limits(bool is_memory, uint8_t* page_size_log2);
  module::TableType table_type();
  module::MemoryType memory_type();
  module::GlobalType global_type();
  module::TagType tag_type();

  base::ByteReader in_;
  const isa::Features features_;
  const module::ModuleLimits& limits_;
};

}  // namespace ashlar::binary
