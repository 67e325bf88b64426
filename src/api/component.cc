// Components: compiled in the engine's tier, serialized, and inspected.
#include "os/file_bytes.h"

#include "api/compiled_component.h"
#include "api/component_state.h"

namespace ashlar {
inline namespace v0 {

using detail::Access;
using detail::ComponentState;

namespace {

/// A core module of the component, in the engine's tier.
internal::Result<std::shared_ptr<runtime::CompiledModule>> compile_module(
    const std::shared_ptr<detail::EngineState>& engine, const component::CoreModuleDef& def, ComponentState& to) {
  const api::ModuleBytes source{def.storage, def.bytes, nullptr};
  auto program = detail::load_program(*engine, {}, [&] { return api::compile(engine->engine, source); });
  if (!program) return std::unexpected(std::move(program).error());
  auto compiled = program->module;
  to.parts.push_back({compiled, program->image});
  if (program->image || program->tier) {
    to.modules.push_back(std::make_shared<detail::ModuleState>(std::move(program->module), std::move(program->image),
                                                               std::move(program->tier), engine));
  }
  return compiled;
}

internal::Result<std::shared_ptr<const ComponentState>> prepare(const std::shared_ptr<detail::EngineState>& engine,
                                                                internal::Result<api::LoadedComponent> loaded) {
  if (!loaded) return std::unexpected(std::move(loaded).error());
  const runtime::Config& config = engine->engine->config();
  // Bodies are validated where the modules are compiled.
  if (auto valid = api::check_component(*loaded, config, false, engine->engine->types()); !valid) {
    return std::unexpected(std::move(valid).error());
  }
  auto out = std::make_shared<ComponentState>();
  out->engine = engine;
  out->loaded = std::move(*loaded);
  auto made = component::Executable::make(
      engine->engine, out->loaded.component,
      [&](const component::CoreModuleDef& def, size_t) { return compile_module(engine, def, *out); });
  if (!made) return std::unexpected(std::move(made).error());
  out->executable = std::move(*made);
  return out;
}

}  // namespace

Result<Component> Component::compile(const Engine& engine, std::span<const uint8_t> bytes) try {
  const auto& state = Access::state(engine);
  auto copy = std::make_shared<const std::vector<uint8_t>>(bytes.begin(), bytes.end());
  const std::span<const uint8_t> view(*copy);
  auto made = prepare(state, api::decode_component(view, std::move(copy), state->engine->config()));
  if (!made) return std::unexpected(Access::error(std::move(made).error()));
  return Component(std::move(*made));
} catch (const std::bad_alloc&) {
  return detail::no_memory();
}

Result<Component> Component::compile(const Engine& engine, std::string_view bytes) {
  return compile(engine, std::span(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()));
}

Result<Component> Component::from_file(const Engine& engine, const std::string& path) try {
  const auto& state = Access::state(engine);
  auto made = prepare(state, api::load_component(path, state->engine->config()));
  if (!made && tiering::is_bundle_file(path)) {
    return std::unexpected(Access::error(ApiError::artifact_as_component, path));
  }
  if (!made) return std::unexpected(Access::error(std::move(made).error().in_file(path)));
  return Component(std::move(*made));
} catch (const std::bad_alloc&) {
  return detail::no_memory();
}

// ---- serialized

namespace {

internal::Result<std::vector<uint8_t>> write(const ComponentState& state) {
  std::vector<std::vector<uint8_t>> images;
  for (const ComponentState::Part& part : state.parts) {
    auto image = detail::whole_image(*state.engine, *part.module, part.image);
    if (!image) return std::unexpected(std::move(image).error());
    images.emplace_back((*image)->bytes().begin(), (*image)->bytes().end());
  }
  return native::write_bundle(state.loaded.bytes, images);
}

internal::Result<std::shared_ptr<const ComponentState>> from_bundle(const std::shared_ptr<detail::EngineState>& engine,
                                                                    internal::Result<native::Bundle> bundle) {
  if (!bundle) return std::unexpected(std::move(bundle).error());
  auto out = std::make_shared<ComponentState>();
  out->engine = engine;
  auto made = api::load_bundle(engine->engine, std::move(*bundle), [&](const auto& module, auto image) {
    out->parts.push_back({module, image});
    out->modules.push_back(std::make_shared<detail::ModuleState>(module, std::move(image), nullptr, engine));
  });
  if (!made) return std::unexpected(std::move(made).error());
  out->loaded = std::move(made->loaded);
  out->executable = std::move(made->executable);
  return out;
}

}  // namespace

Result<std::vector<uint8_t>> Component::serialize() const try {
  auto out = write(*state_);
  if (!out) return std::unexpected(Access::error(std::move(out).error()));
  return std::move(*out);
} catch (const std::bad_alloc&) {
  return detail::no_memory();
}

Status Component::serialize_to_file(const std::string& path) const try {
  auto bytes = write(*state_);
  if (!bytes) return std::unexpected(Access::error(std::move(bytes).error()));
  return Access::status(os::replace_file(path, *bytes));
} catch (const std::bad_alloc&) {
  return detail::no_memory();
}

Result<Component> Component::deserialize(const Engine& engine, std::span<const uint8_t> bytes, Trust trust) try {
  if (engine.tier() == Tier::Interpreter) return std::unexpected(Access::error(ApiError::no_machine_code));
  auto made = from_bundle(Access::state(engine), native::load_bundle(bytes, detail::to_image(trust)));
  if (!made) return std::unexpected(Access::error(std::move(made).error()));
  return Component(std::move(*made));
} catch (const std::bad_alloc&) {
  return detail::no_memory();
}

Result<Component> Component::deserialize_file(const Engine& engine, const std::string& path, Trust trust) try {
  if (engine.tier() == Tier::Interpreter) return std::unexpected(Access::error(ApiError::no_machine_code));
  const tiering::ImageRequest& request = Access::state(engine)->request;
  auto made = from_bundle(Access::state(engine),
                          trust == Trust::Known ? native::open_bundle(path, native::Image::Trust::Cache)
                                                : tiering::open_bundle(path, request.use_cache, request.cache_folder));
  if (!made) return std::unexpected(Access::error(std::move(made).error()));
  return Component(std::move(*made));
} catch (const std::bad_alloc&) {
  return detail::no_memory();
}

// ---- what it imports and exports

std::string ComponentFuncType::to_string() const {
  std::string out = "func(";
  for (const Param& p : params) out += (&p == params.data() ? "" : ", ") + p.name + ": " + p.type.to_string();
  out += ")";
  return result ? out + " -> " + result->to_string() : out;
}

ComponentFuncType detail::ComponentState::type(const component::FuncType& f) const {
  ComponentFuncType out;
  for (const component::Member& param : f.params) out.params.push_back({param.label, type(*param.type)});
  if (f.result != nullptr) out.result = type(*f.result);
  return out;
}

std::vector<ComponentItem> Component::imports() const {
  std::vector<ComponentItem> out;
  for (const component::PlanImport& import : state_->executable->plan().imports) {
    ComponentItem item;
    item.name = import.path.back();
    item.interface = component::to_string({import.path.begin(), import.path.end() - 1});
    switch (import.kind) {
      case component::PlanImport::Kind::Func:
        item.func = state_->type(import.type);
        break;
      case component::PlanImport::Kind::Resource:
        item.kind = ComponentItemKind::Resource;
        break;
      case component::PlanImport::Kind::CoreModule:
        item.kind = ComponentItemKind::CoreModule;
        break;
    }
    out.push_back(std::move(item));
  }
  return out;
}

namespace {

void add_exports(const ComponentState& state, const component::PlanExports& exports, const std::string& interface,
                 std::vector<ComponentItem>& out) {
  using Kind = component::PlanExport::Kind;
  for (const auto& [name, what] : exports.items) {
    ComponentItem item{interface, name};
    switch (what.kind) {
      case Kind::Func:
        item.func = state.type(state.executable->plan().funcs[what.index].type);
        break;
      case Kind::Instance:
        add_exports(state, *what.instance, interface.empty() ? name : interface + "#" + name, out);
        continue;
      case Kind::ValueType:
        item.type = state.type(*what.type);
        [[fallthrough]];
      case Kind::FuncType:
        item.kind = ComponentItemKind::Type;
        break;
      case Kind::Resource:
        item.kind = ComponentItemKind::Resource;
        break;
      case Kind::CoreModule:
        item.kind = ComponentItemKind::CoreModule;
        break;
      case Kind::Other:
        continue;
    }
    out.push_back(std::move(item));
  }
}

}  // namespace

std::vector<ComponentItem> Component::exports() const {
  std::vector<ComponentItem> out;
  add_exports(*state_, state_->executable->plan().exports, "", out);
  return out;
}

}  // namespace v0
}  // namespace ashlar
