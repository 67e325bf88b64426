// From an instance of a component that has been initialised to a component that begins where it stands.
#pragma once

#include <cstdint>
#include <vector>

#include "base/error.h"
#include "component/instance.h"
#include "snapshot/snapshot.h"

namespace ashlar::snapshot {

/// The component with each of its core modules as its instance stands. `root` is what the instance was made of, and was
/// decoded from `bytes`. Errors: snapshot_refused: state that is in no core module, handles before all; modules that
/// have several instances; whatever write() refuses.
Result<std::vector<uint8_t>> write_component(component::Instance& instance, const component::Component& root,
                                             std::span<const uint8_t> bytes, const Options& options);

}  // namespace ashlar::snapshot
