// From a compiled component, as files hold it, to what can be instantiated.
#pragma once

#include <functional>
#include <memory>

#include "api/load_component.h"
#include "base/error.h"
#include "component/executable.h"
#include "native/bundle.h"

namespace ashlar::api {

/// A component ready for an engine, and its bytes.
struct CompiledComponent {
  LoadedComponent loaded;
  std::shared_ptr<const component::Executable> executable;
};

/// Told of each module in the order of the bundle's images.
using ModuleNote = std::function<void(const std::shared_ptr<runtime::CompiledModule>&, std::shared_ptr<native::Image>)>;

/// The component inside with its machine code attached. All but the bodies of functions is validated; of a bundle that
/// is not trusted everything is compared with what the component itself says, too. `known_valid`: nothing is validated,
/// for this very bundle was, by this build with the engine's features. Errors: Malformed, Invalid; Link
/// (artifact_of_other_settings; artifact_of_other_component, when this version of Ashlar generates other adapters).
Result<CompiledComponent> load_bundle(const std::shared_ptr<runtime::Engine>& engine, native::Bundle bundle,
                                      const ModuleNote& note = {}, bool known_valid = false);

}  // namespace ashlar::api
