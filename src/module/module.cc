// The module model's few operations.
#include "module/module.h"

#include "module/type_registry.h"

namespace ashlar::module {

Module::~Module() {
  if (registry) registry->release(*this);
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

}  // namespace ashlar::module
