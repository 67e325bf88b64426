// ashlar component new|embed|wit|...: files in, files out; see component_tools.h.
#include "cli/component_tools.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "api/load.h"
#include "cli/load_component.h"
#include "cli/load_wit.h"
#include "cli/output.h"
#include "cli/output_file.h"
#include "componentize/core_sections.h"
#include "componentize/new_component.h"
#include "componentize/targets.h"
#include "componentize/unbundle.h"
#include "componentize/world_encoder.h"
#include "os/file.h"
#include "tiering/cache.h"
#include "wit/print.h"

namespace ashlar::cli {

namespace {

wit::LoadOptions wit_options(const Args& args) {
  wit::LoadOptions options;
  options.all_features = args.has(kToolAllFeatures);
  for (const Args::Given& given : args.flags) {
    if (given.id == kToolDeps) options.deps.emplace_back(given.value);
    if (given.id == kToolFeatures) add_list(options.features, given.value);
  }
  return options;
}

/// Bytes or text.
Status write(const Args& args, const auto& out) { return write_output(std::string(args.value(kToolOutput, "-")), out); }

/// A core module, valid.
Result<std::unique_ptr<module::Module>> load_core(const std::string& path) {
  if (is_component_file(path)) {
    return std::unexpected(
        Error(ErrorCode::componentize_rule, kNoOffset, "this is a component, a core module was expected")
            .in_file(path));
  }
  auto source = api::read_module(path);
  if (!source) {
    if (source.error().phase() == Phase::Io) return std::unexpected(std::move(source).error());
    return std::unexpected(std::move(source).error().in_file(path));
  }
  auto out = api::check(*source, {}, std::make_shared<module::TypeRegistry>());
  if (!out) return std::unexpected(std::move(out).error().in_file(path));
  return out;
}

Result<component::StringEncoding> encoding_of(const Args& args) {
  const std::string_view name = args.value(kToolEncoding, "utf8");
  if (name == "utf8") return component::StringEncoding::Utf8;
  if (name == "utf16") return component::StringEncoding::Utf16;
  if (name == "compact-utf16") return component::StringEncoding::Latin1Utf16;
  return make_error(ErrorCode::bad_flag_value, kNoOffset, "--string-encoding", std::string(name),
                    "utf8, utf16 or compact-utf16");
}

constexpr std::string_view kPreview1 = "wasi_snapshot_preview1";

/// What an adapter's file is called, up to the first dot: "wasi_snapshot_preview1.command.wasm".
std::string adapter_name(const std::string& path) {
  const size_t slash = path.rfind('/');
  const std::string file = slash == path.npos ? path : path.substr(slash + 1);
  return file.substr(0, file.find('.'));
}

/// The adapter that is installed with Ashlar: DIR/bin/ashlar has DIR/share/ashlar/adapters.
std::optional<std::string> installed_adapter(const module::Module& core) {
  const auto self = os::read_link_at(os::kWorkingDirectory, "/proc/self/exe");
  const size_t slash = self ? self->rfind('/') : std::string::npos;
  if (slash == std::string::npos) return std::nullopt;
  const char* kind = core.find_export("_start") != nullptr ? "command" : "reactor";
  std::string path =
      self->substr(0, slash) + "/../share/ashlar/adapters/" + std::string(kPreview1) + "." + kind + ".wasm";
  if (!tiering::regular_file_info(path)) return std::nullopt;
  return path;
}

}  // namespace

Result<int> component_embed(const Args& args, const std::vector<std::string>& operands) {
  TRY_ASSIGN(const component::StringEncoding encoding, encoding_of(args));
  TRY_ASSIGN(const wit::Resolved loaded, load_wit({operands[0]}, wit_options(args)));
  TRY_ASSIGN(const wit::WorldId world, wit::select_world(loaded.model, loaded.roots[0], args.value(kToolWorld)));
  TRY_ASSIGN(const auto core, load_core(operands[1]));
  std::vector<uint8_t> out(core->bytes.begin(), core->bytes.end());
  const std::string name = std::string(componentize::kWorldSectionPrefix) + ":" + loaded.model.full_name(world);
  TRY_ASSIGN(const std::vector<uint8_t> section, componentize::encode_world_section(loaded.model, world, encoding));
  componentize::append_section(out, name, section);
  TRY(write(args, out));
  return kExitOk;
}

Result<int> component_wit(const Args& args, const std::vector<std::string>& operands) {
  TRY_ASSIGN(const wit::Resolved loaded, load_wit(operands, wit_options(args)));
  TRY(wit::check_scopes(loaded.model, loaded.roots[0]));
  TRY(write(args, wit::print_with_dependencies(loaded.model, loaded.roots[0], {})));
  return kExitOk;
}

Result<int> component_new(const Args& args, const std::vector<std::string>& operands) {
  TRY_ASSIGN(const auto core, load_core(operands[0]));
  const componentize::BinaryOptions options = binary_options({});
  std::vector<std::unique_ptr<module::Module>> kept;
  std::vector<componentize::AdapterInput> adapters;
  const auto add = [&](std::string name, const std::string& path) -> Status {
    TRY_ASSIGN(kept.emplace_back(), load_core(path));
    adapters.push_back({std::move(name), kept.back().get()});
    return {};
  };
  for (const Args::Given& given : args.flags) {
    if (given.id != kToolAdapt) continue;
    const size_t equals = given.value.find('=');
    const std::string path(given.value.substr(equals == given.value.npos ? 0 : equals + 1));
    TRY(add(equals == given.value.npos ? adapter_name(path) : std::string(given.value.substr(0, equals)), path));
  }
  TRY_ASSIGN(const std::vector<std::string> missing, componentize::missing_modules(*core, options));
  for (const std::string& name : missing) {
    const auto given = [&](const componentize::AdapterInput& adapter) { return adapter.name == name; };
    if (name != kPreview1 || std::ranges::any_of(adapters, given)) continue;
    if (const auto path = installed_adapter(*core)) TRY(add(name, *path));
  }
  auto out = componentize::new_component(*core, adapters, options);
  if (!out) return std::unexpected(std::move(out).error().in_file(operands[0]));
  TRY(write(args, *out));
  return kExitOk;
}

Result<int> component_targets(const Args& args, const std::vector<std::string>& operands) {
  TRY_ASSIGN(const wit::Resolved loaded, load_wit({operands[0]}, wit_options(args)));
  TRY_ASSIGN(const wit::WorldId world, wit::select_world(loaded.model, loaded.roots[0], args.value(kToolWorld)));
  TRY_ASSIGN(const std::vector<uint8_t> component, read_component(operands[1]));
  TRY_ASSIGN(const std::vector<std::string> why,
             componentize::misfits(component, loaded.model, world, binary_options({})));
  std::string out;
  for (const std::string& one : why) out += one + "\n";
  TRY(write(args, out));
  return why.empty() ? kExitOk : kExitFailure;
}

Result<int> component_unbundle(const Args& args, const std::vector<std::string>& operands) {
  if (!args.has(kToolModuleDir)) return make_error(ErrorCode::missing_operand, kNoOffset, "--module-dir DIR");
  const std::string folder(args.value(kToolModuleDir));
  TRY_ASSIGN(const std::vector<uint8_t> component, read_component(operands[0]));
  auto unbundled = componentize::unbundle(component, binary_options({}));
  if (!unbundled) return std::unexpected(std::move(unbundled).error().in_file(operands[0]));
  const componentize::Unbundled out = *std::move(unbundled);
  TRY(make_folder(folder));
  for (const componentize::Unbundled::Module& one : out.modules) {
    TRY(write_output(folder + "/" + one.import + ".wasm", one.bytes));
  }
  TRY(write(args, out.component));
  return kExitOk;
}

}  // namespace ashlar::cli
