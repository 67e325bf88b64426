// Components from files, for commands.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "api/load_component.h"

namespace ashlar::cli {

/// Whether the file is a component, in either format. False for what cannot be read, or only once.
bool is_component_file(const std::string& path);

/// A file's bytes, read once: "-" is standard input.
struct InputFile {
  std::shared_ptr<const void> storage;
  std::span<const uint8_t> bytes;
  bool is_component = false;  ///< in either format; else a module, or neither
};
/// Errors: Io.
Result<InputFile> read_input(const std::string& path);

using api::check_component;
using api::decode_component;
using api::load_component;
using api::LoadedComponent;

/// A component's binary, decodable, of a file in either format. Errors: Io, Malformed, with the file's name.
Result<std::vector<uint8_t>> read_component(const std::string& path);

}  // namespace ashlar::cli
