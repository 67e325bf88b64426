// Component to bytes: the encoder of the component binary format.
#pragma once

#include <cstdint>
#include <vector>

#include "component/syntax.h"

namespace ashlar::component {

/// Encodes a component: definitions in order, those of one kind that follow each other in one section. Integers are of
/// minimal length. Component::name and names become a "component-name" section at the end, or in front
/// of the first other one of that name: a reader believes the first. Nothing is checked.
std::vector<uint8_t> encode(const Component& component);

/// The contents of the "component-name" section for the component's names; empty when it has none.
std::vector<uint8_t> encode_names(const Component& component);

inline constexpr std::string_view kNameSection = "component-name";

}  // namespace ashlar::component
