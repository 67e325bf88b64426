// The module model's few operations.
#include "module/module.h"

#include "module/type_registry.h"

namespace ashlar::module {

Module::~Module() {
  if (registry) registry->release(*this);
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
