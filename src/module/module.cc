// The module model's few operations.
#include "module/module.h"

#include "module/type_registry.h"

namespace ashlar::module {

Module::~Module() {
  if (registry) registry->release(*this);
}

void Module::take_declarations(Module& from) {
  types = std::move(from.types);
  rec_groups = std::move(from.rec_groups);
  canonical = std::move(from.canonical);
  registry = std::move(from.registry);
  imports = std::move(from.imports);
  tables = std::move(from.tables);
  memories = std::move(from.memories);
  globals = std::move(from.globals);
  tags = std::move(from.tags);
  exports = std::move(from.exports);
  start = from.start;
  elems = std::move(from.elems);
  datas = std::move(from.datas);
  data_count = from.data_count;
  customs = std::move(from.customs);
  sections = std::move(from.sections);
  branch_hints = std::move(from.branch_hints);
  names = std::move(from.names);
  decode_names = from.decode_names;
  imported_tables = from.imported_tables;
  imported_memories = from.imported_memories;
  imported_globals = from.imported_globals;
  imported_tags = from.imported_tags;
  code_bytes = from.code_bytes;
  facts = std::move(from.facts);
  declared_funcs = std::move(from.declared_funcs);
  export_index = std::move(from.export_index);
}

const NameMap& Module::debug_names() const {
  if (decode_names == nullptr) return names;
  std::call_once(names_once_, [this] { late_names_ = decode_names(*this); });
  return late_names_;
}

const Export* Module::find_export(std::string_view name) const {
  if (!export_index.empty()) {
    const auto it = export_index.find(name);
    return it == export_index.end() ? nullptr : &exports[it->second];
  }
  for (const Export& e : exports) {
    if (e.name == name) return &e;
  }
  return nullptr;
}

void Module::index_exports() {
  export_index.reserve(exports.size());
  for (uint32_t i = 0; i < exports.size(); ++i) export_index.emplace(exports[i].name, i);
}

}  // namespace ashlar::module
