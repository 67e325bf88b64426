// Loading of components; see load_component.h.
#include "api/load_component.h"

#include "api/load.h"
#include "component/decode.h"
#include "component/text/parse.h"
#include "component/validate.h"
#include "os/file_bytes.h"

namespace ashlar::api {

Result<LoadedComponent> decode_component(std::span<const uint8_t> bytes, std::shared_ptr<const void> storage,
                                         const runtime::Config& config, const AssembleOptions& assemble) {
  LoadedComponent out{std::move(storage), bytes, nullptr};
  if (!is_binary(out.bytes)) {
    TRY(check_not_compiled(out.bytes));
    const std::string_view text(reinterpret_cast<const char*>(out.bytes.data()), out.bytes.size());
    component::ParseOptions parsing;
    parsing.debug_names = assemble.debug_names;
    parsing.annotations = assemble.annotations;
    TRY_ASSIGN(auto binary, component::parse_component_to_binary(text, parsing));
    auto assembled = std::make_shared<const std::vector<uint8_t>>(std::move(binary));
    out.bytes = *assembled;
    out.storage = std::move(assembled);
  }
  component::DecodeOptions options;
  options.features = config.features;
  options.core_limits = config.limits;
  TRY_ASSIGN(out.component, component::decode(out.bytes, out.storage, options));
  return out;
}

Result<LoadedComponent> load_component(const std::string& path, const runtime::Config& config,
                                       const AssembleOptions& text) {
  TRY_ASSIGN(os::FileBytes file, os::read_file(path));
  auto kept = std::make_shared<const os::FileBytes>(std::move(file));
  const std::span<const uint8_t> bytes = kept->bytes();
  return decode_component(bytes, std::move(kept), config, text);
}

Result<std::unique_ptr<component::Validated>> check_known(const LoadedComponent& component,
                                                          const runtime::Config& config,
                                                          std::shared_ptr<module::TypeRegistry> types,
                                                          const KnownModules& known) {
  component::ValidateOptions options;
  options.features = config.features;
  options.core_limits = config.limits;
  options.registry = std::move(types);
  options.lazy = true;
  options.names = false;
  options.known = known;
  return component::validate(*component.component, options);
}

Status check_component(const LoadedComponent& component, const runtime::Config& config, bool bodies,
                       std::shared_ptr<module::TypeRegistry> types) {
  component::ValidateOptions options;
  options.features = config.features;
  options.core_limits = config.limits;
  options.registry = std::move(types);
  options.lazy = !bodies;
  TRY(component::validate(*component.component, options));
  return {};
}

}  // namespace ashlar::api
