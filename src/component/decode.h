// Bytes to component: every section decoded and checked for well-formedness; indices are not resolved.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "base/error.h"
#include "component/limits.h"
#include "component/syntax.h"
#include "isa/features.h"
#include "module/limits.h"

namespace ashlar::component {

struct DecodeOptions {
  isa::Features features;            ///< of the core types in it
  module::ModuleLimits core_limits;  ///< of the same
  ComponentLimits limits;
  bool names = true;  ///< false: "component-name" sections are passed over
};

/// Whether `bytes` begin as a component's binary does (magic, layer 1), of whatever version.
bool is_component(std::span<const uint8_t> bytes);

/// Decodes a component's binary. Core modules in it are spans of `bytes` (not decoded); each shares `storage`, which
/// keeps the bytes alive. What gated features encode is decoded whether or not they are on: validation refuses it.
/// A "component-name" section becomes Component::names when it is well-formed, and is no definition then; another one
/// stays a custom section.
/// Errors: Phase::Malformed with byte offset (Invalid: what is well-formed but has no place in a Component).
Result<std::unique_ptr<Component>> decode(std::span<const uint8_t> bytes, std::shared_ptr<const void> storage,
                                          const DecodeOptions& options);
Result<std::unique_ptr<Component>> decode(std::vector<uint8_t> bytes, const DecodeOptions& options);

}  // namespace ashlar::component
