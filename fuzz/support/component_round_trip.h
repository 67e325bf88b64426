// Round trips between components and their text, and what must be equal after them.
#pragma once

#include "component/syntax.h"
#include "support/round_trip.h"

namespace ashlar::fuzz {

/// Decodes and validates with all gated features, within limits for one fuzz input.
Result<std::unique_ptr<component::Component>> decode_component(const Bytes& bytes);
Status validate_component(const component::Component& c);

/// A valid component's text parses to the same bytes. Where core modules are in it that no text gives (`is_normal` says
/// that there are none), it is the text's bytes that must from then on stay the same.
Status check_component(const component::Component& c, bool is_normal);

}  // namespace ashlar::fuzz
