// Linker: names to externs; resolves a module's imports with errors that say what is missing or has the wrong type and
// why.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "runtime/store.h"

namespace ashlar::runtime {

class Linker {
 public:
  explicit Linker(Store& store) : store_(store) {}
  void define(std::string module, std::string name, Extern e);          ///< later definitions win
  void define_instance(const std::string& module, Instance& instance);  ///< all its exports
  /// A host function by its parameter and result types.
  void define_func(std::string module, std::string name, const module::FuncType& type, HostFunc f);
  Result<std::vector<Extern>> resolve(const module::Module& m) const;  ///< missing: ErrorCode::unknown_import
  Result<Instance*> instantiate(std::shared_ptr<CompiledModule> m);
  const Extern* find(std::string_view module, std::string_view name) const;

 private:
  Store& store_;
  std::unordered_map<std::string, Extern> externs_;  ///< key: the module's length, ':', module, name
};

}  // namespace ashlar::runtime
