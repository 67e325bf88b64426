// The worlds of a program and its adapters; see new_component.h, componentizer.h.
#include "componentize/componentizer.h"

#include <algorithm>
#include <unordered_set>

#include "binary/decode.h"
#include "component/encode.h"
#include "componentize/core_sections.h"
#include "componentize/trim_adapter.h"
#include "componentize/unify_versions.h"

namespace ashlar::componentize {

namespace {

bool exports_func(const module::Module& core, const std::string& name) {
  const module::Export* found = core.find_export(name);
  return found != nullptr && found->kind == module::ExternKind::Func;
}

/// Adds the module's world to `decoder`; an empty one when the module does not say.
Result<ModuleWorld> program_world(const module::Module& core, const BinaryOptions& options, WitDecoder& decoder,
                                  bool& told) {
  TRY_ASSIGN(const std::optional<ModuleWorld> world, decode_module_world(core, options, decoder));
  told = world.has_value();
  if (world) return *world;
  return ModuleWorld{decoder.world({{"root", "component", {}}, "root"}), component::StringEncoding::Utf8};
}

/// Whether the world has what core modules import from `module`.
bool has_module(const wit::Resolve& model, const wit::World& world, std::string_view module) {
  return module == kRoot || module.starts_with(kExportPrefix) ||
         find_interface(model, world.imports, module) != nullptr;
}

}  // namespace

Result<std::vector<std::string>> missing_modules(const module::Module& core, const BinaryOptions& options) {
  WitDecoder decoder;
  bool told = false;
  TRY_ASSIGN(const ModuleWorld world, program_world(core, options, decoder, told));
  std::vector<std::string> out;
  for (const module::Import& import : core.imports) {
    const std::string name(import.module);
    if (has_module(decoder.model(), decoder.model()[world.id], name)) continue;
    if (std::ranges::find(out, name) == out.end()) out.push_back(name);
  }
  return out;
}

Result<std::vector<uint8_t>> new_component(const module::Module& core, const std::vector<AdapterInput>& adapters,
                                           const BinaryOptions& options) {
  return Componentizer(core, adapters, options).run();
}

Result<std::vector<uint8_t>> Componentizer::run() {
  TRY(read_worlds());
  unify_import_versions(model_, world_id_);
  order_by_need(model_, model_[world_id_].imports);
  abi_.emplace(model_);
  TRY(resolve_imports());
  mark_needed();
  TRY(emit());
  TRY(encoder_->status());
  std::vector<uint8_t> out = component::encode(out_);
  // What was not looked at one by one: types of destructors, of realloc, of `_initialize`.
  TRY_ASSIGN(const auto made, component::decode(out, nullptr, decode_options(options_)));
  if (const auto valid = component::validate(*made, validate_options(options_, Bodies::Known)); !valid) {
    return make_error(ErrorCode::componentize_rule, kNoOffset, "no valid component: " + valid.error().message());
  }
  return out;
}

void Componentizer::find_reallocs(Unit& unit) {
  const auto first = [&](std::initializer_list<const char*> names) -> std::optional<std::string> {
    for (const char* name : names) {
      if (exports_func(*unit.core, name)) return name;
    }
    return std::nullopt;
  };
  unit.import_realloc = first({"cabi_import_realloc", "cabi_realloc", "canonical_abi_realloc"});
  unit.export_realloc = first({"cabi_export_realloc", "cabi_realloc", "canonical_abi_realloc"});
}

Status Componentizer::read_worlds() {
  Unit& program = units_.emplace_back();
  program.core = &core_;
  program.bytes = without_sections(core_, kWorldSectionPrefix);
  bool told = false;
  TRY_ASSIGN(const ModuleWorld world, program_world(core_, options_, decoder_, told));
  world_id_ = world.id;
  program.encoding = world.encoding;
  find_reallocs(program);
  bool adapted = false;
  for (const AdapterInput& adapter : adapters_) {
    TRY_ASSIGN(std::set<std::string> exports, wanted_of(adapter));
    if (exports.empty()) continue;
    adapted = true;
    TRY(add_adapter(adapter, std::move(exports)));
  }
  // For a program of preview 1 the adapter that it lacks is the better news.
  const bool preview1 = std::ranges::any_of(core_.imports, [](const auto& one) { return is_preview1(one.module); });
  if (!told && !adapted && !preview1) return make_error(ErrorCode::world_missing);
  model_ = std::move(decoder_.model());
  return {};
}

/// What the program imports from the adapter.
Result<std::set<std::string>> Componentizer::wanted_of(const AdapterInput& adapter) {
  std::set<std::string> out;
  for (const module::Import& import : core_.imports) {
    if (import.module != adapter.name) continue;
    const std::string name(import.name);
    if (import.kind != module::ExternKind::Func || !exports_func(*adapter.core, name)) {
      return make_error(ErrorCode::componentize_import, kNoOffset, adapter.name, name,
                        "the adapter of that name exports no such function");
    }
    out.insert(name);
  }
  return out;
}

Status Componentizer::add_adapter(const AdapterInput& input, std::set<std::string> exports) {
  Unit& unit = units_.emplace_back();
  unit.name = input.name;
  const size_t before = decoder_.model()[world_id_].exports.size();
  TRY_ASSIGN(const std::optional<ModuleWorld> world,
             decode_module_world(*input.core, options_, decoder_, std::optional<wit::WorldId>(world_id_)));
  if (world) unit.encoding = world->encoding;
  // What the adapter exports, unless the program does, of whatever version.
  const wit::Resolve& model = decoder_.model();
  std::vector<wit::WorldItem>& items = decoder_.model()[world_id_].exports;
  const auto names = [&](const wit::WorldItem& item) { return wit::parse_interface_name(model.extern_name(item)); };
  for (size_t i = before; i < items.size();) {
    const auto name = std::holds_alternative<wit::InterfaceId>(items[i].what) ? names(items[i]) : std::nullopt;
    const bool taken = name && std::any_of(items.begin(), items.begin() + static_cast<ptrdiff_t>(before),
                                           [&](const wit::WorldItem& item) {
                                             if (!std::holds_alternative<wit::InterfaceId>(item.what)) return false;
                                             const auto other = names(item);
                                             return other && wit::compatible(*name, *other);
                                           });
    if (taken) {
      items.erase(items.begin() + static_cast<ptrdiff_t>(i));
      continue;
    }
    const std::string prefix = model.extern_name(items[i]) + "#";
    for (const module::Export& e : input.core->exports) {
      const std::string_view plain = e.name.starts_with("cabi_post_") ? e.name.substr(10) : e.name;
      if (plain.starts_with(prefix)) exports.emplace(e.name);
    }
    ++i;
  }
  for (const char* name : {"cabi_import_realloc", "cabi_export_realloc", "cabi_realloc"}) {
    if (exports_func(*input.core, name)) exports.emplace(name);
  }
  TRY_ASSIGN(unit.bytes, trim_adapter(*input.core, exports, units_[kProgram].export_realloc, options_));
  TRY_ASSIGN(unit.trimmed, binary::decode(unit.bytes, {options_.features, options_.limits}));
  unit.core = unit.trimmed.get();
  find_reallocs(unit);
  return {};
}

}  // namespace ashlar::componentize
