// Bundle: a component and the images of all its modules, in one file.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "native/image.h"

namespace ashlar::native {

struct Bundle {
  std::shared_ptr<const void> storage;         ///< keeps what `component` and `header` point to
  std::span<const uint8_t> component;          ///< its binary
  std::span<const uint8_t> header;             ///< tells this bundle from any other
  std::vector<std::shared_ptr<Image>> images;  ///< in the order in which they were written
  Image::Trust trust = Image::Trust::Verify;
};

/// The bytes of a bundle. Deterministic. `images`: artifacts. Layout: bundle.cc.
std::vector<uint8_t> write_bundle(std::span<const uint8_t> component, std::span<const std::vector<uint8_t>> images);

/// Maps a file. With Trust::Cache nothing but headers is read. Errors: Io, and those of Image::open.
Result<Bundle> open_bundle(const std::string& path, Image::Trust trust);
/// From bytes in memory, which are copied.
Result<Bundle> load_bundle(std::span<const uint8_t> bytes, Image::Trust trust);

/// Whether the bytes begin like a bundle.
bool is_bundle(std::span<const uint8_t> bytes);

/// "module" for the beginning of an image's file, "component" for a bundle's; empty for anything else.
std::string_view compiled_kind(std::span<const uint8_t> bytes);

}  // namespace ashlar::native
