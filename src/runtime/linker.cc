// Linker: definitions by name and their lookup.
#include "runtime/linker.h"

#include <utility>

namespace ashlar::runtime {

namespace {

/// Names may hold any character, so the module's length tells where it ends.
std::string key_of(std::string_view module, std::string_view name) {
  std::string key = std::to_string(module.size());
  key.reserve(key.size() + 1 + module.size() + name.size());
  key += ':';
  key += module;
  key += name;
  return key;
}

}  // namespace

void Linker::define(std::string module, std::string name, Extern e) {
  externs_.insert_or_assign(key_of(module, name), e);
}

void Linker::define_instance(const std::string& module, Instance& instance) {
  const std::vector<module::Export>& exports = instance.module().exports;
  for (size_t i = 0; i < exports.size(); ++i) {
    externs_.insert_or_assign(key_of(module, exports[i].name), instance.export_at(i));
  }
}

void Linker::define_func(std::string module, std::string name, const module::FuncType& type, HostFunc f) {
  const uint32_t type_id = store_.types().intern_func(type);
  define(std::move(module), std::move(name), Extern::of(store_.new_host_func(type_id, std::move(f))));
}

const Extern* Linker::find(std::string_view module, std::string_view name) const {
  const auto found = externs_.find(key_of(module, name));
  return found == externs_.end() ? nullptr : &found->second;
}

Result<std::vector<Extern>> Linker::resolve(const module::Module& m) const {
  std::vector<Extern> imports;
  imports.reserve(m.imports.size());
  for (const module::Import& import : m.imports) {
    const Extern* found = find(import.module, import.name);
    if (found == nullptr) {
      return make_error(ErrorCode::unknown_import, import.offset, std::string(import.module), std::string(import.name),
                        std::string(module::to_string(import.kind)));
    }
    imports.push_back(*found);
  }
  return imports;
}

Result<Instance*> Linker::instantiate(std::shared_ptr<CompiledModule> m) {
  TRY(m->complete());
  TRY_ASSIGN(const std::vector<Extern> imports, resolve(m->module()));
  return store_.instantiate(std::move(m), imports);
}

}  // namespace ashlar::runtime
