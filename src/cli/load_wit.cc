// WIT of text and binaries; see load_wit.h.
#include "cli/load_wit.h"

#include <memory>
#include <utility>

#include "api/load.h"
#include "binary/decode.h"
#include "cli/load_component.h"
#include "os/file.h"
#include "os/file_bytes.h"
#include "tiering/cache.h"

namespace ashlar::cli {

namespace {

/// Whether a file begins like a WebAssembly binary, or what was compiled from one. What can be read only once is text.
bool is_binary_file(const std::string& path) {
  if (path == "-" || !tiering::regular_file_info(path)) return false;
  const auto file = os::read_file(path);
  return file && (api::is_binary(file->bytes()) || !api::check_not_compiled(file->bytes()));
}

Result<wit::Resolved> module_wit(const std::string& path, const componentize::BinaryOptions& options) {
  TRY_ASSIGN(const api::ModuleBytes source, api::read_module(path));
  TRY_ASSIGN(const auto core, binary::decode(source.bytes, source.storage, {options.features, options.limits}));
  componentize::WitDecoder decoder;
  TRY_ASSIGN(const auto world, componentize::decode_module_world(*core, options, decoder));
  if (!world) return make_error(ErrorCode::world_missing);
  const wit::PackageId package = decoder.model()[world->id].package;
  return decoder.finish(package);
}

Result<wit::Resolved> binary_wit(const std::string& path) {
  const runtime::Config config;
  const componentize::BinaryOptions options = binary_options(config);
  if (!is_component_file(path)) return module_wit(path, options);
  TRY_ASSIGN(const LoadedComponent component, load_component(path, config));
  return componentize::decode_wit(*component.component, options);
}

}  // namespace

componentize::BinaryOptions binary_options(const runtime::Config& config) { return {config.features, config.limits}; }

Result<wit::Resolved> load_wit(const std::vector<std::string>& paths, const wit::LoadOptions& options) {
  if (paths.size() != 1 || (!is_binary_file(paths[0]) && !is_component_file(paths[0]))) {
    return wit::load(paths, options);
  }
  auto out = binary_wit(paths[0]);
  if (!out) return std::unexpected(std::move(out).error().in_file(paths[0]));
  return out;
}

}  // namespace ashlar::cli
