// From a file, bytes or text to a validated component.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>

#include "api/load.h"
#include "base/error.h"
#include "component/syntax.h"
#include "component/validate.h"
#include "module/type_registry.h"
#include "runtime/engine.h"

namespace ashlar::api {

/// A component, decoded, and the bytes that it lies in.
struct LoadedComponent {
  std::shared_ptr<const void> storage;
  std::span<const uint8_t> bytes;
  std::shared_ptr<const component::Component> component;
};

/// Decodes a component in either format; `storage` keeps the bytes alive. Errors: Malformed.
Result<LoadedComponent> decode_component(std::span<const uint8_t> bytes, std::shared_ptr<const void> storage,
                                         const runtime::Config& config, const AssembleOptions& text = {});
/// The same of a file. Errors: Io as well.
Result<LoadedComponent> load_component(const std::string& path, const runtime::Config& config,
                                       const AssembleOptions& text = {});
/// How core modules are given that were found valid earlier: see component::ValidateOptions.
using KnownModules = std::function<Result<std::unique_ptr<module::Module>>(const component::CoreModuleDef& def)>;
/// Validates it without bodies, and decodes no names. What is found holds its modules.
Result<std::unique_ptr<component::Validated>> check_known(const LoadedComponent& component,
                                                          const runtime::Config& config,
                                                          std::shared_ptr<module::TypeRegistry> types,
                                                          const KnownModules& known);
/// Validates it. `bodies`: those of core modules, too. `types`: canonical types of the engine that is to run it, or
/// null.
Status check_component(const LoadedComponent& component, const runtime::Config& config, bool bodies,
                       std::shared_ptr<module::TypeRegistry> types);

}  // namespace ashlar::api
