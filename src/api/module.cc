// Modules: compiled in the engine's tier, serialized, inspected.
#include "api/access.h"
#include "module/subtyping.h"

namespace ashlar {
inline namespace v0 {

using detail::Access;

Module::Module(std::shared_ptr<detail::ModuleState> state) : state_(std::move(state)) {}
Module::Module(const Module&) = default;
Module::Module(Module&&) noexcept = default;
Module& Module::operator=(const Module&) = default;
Module& Module::operator=(Module&&) noexcept = default;
Module::~Module() = default;

namespace {

using detail::EngineState;
using detail::ModuleState;

/// In the engine's tier. `file`: where it is, empty when it is in none.
internal::Result<tiering::Program> load(const EngineState& engine, const std::string& file,
                                        const tiering::ModuleLoader& loader) {
  if (engine.tier == Tier::Interpreter) {
    auto module = loader();
    if (!module) return std::unexpected(std::move(module).error());
    return tiering::Program{.module = std::move(*module), .image = nullptr, .tier = nullptr};
  }
  tiering::ImageRequest request = engine.request;
  request.file = file;
  if (engine.tier == Tier::Auto) return tiering::load_automatic(engine.engine, std::move(request), loader);
  return tiering::load_optimized(engine.engine, std::move(request), loader);
}

Module make_module(const Engine& engine, tiering::Program program) {
  return Access::module(std::make_shared<ModuleState>(std::move(program.module), std::move(program.image),
                                                      std::move(program.tier), Access::state(engine)));
}

/// A module out of an artifact; the engine's own settings are compared by tiering::attach, but for features.
Result<Module> from_image(const Engine& engine, std::shared_ptr<native::Image> image) {
  const std::shared_ptr<EngineState>& state = Access::state(engine);
  if (image->config().features != state->request.config.features) {
    return std::unexpected(
        Access::error(internal::Error(ErrorCode::artifact_of_other_settings, kNoOffset, "WebAssembly features")));
  }
  auto compiled = tiering::load_image(state->engine, image);
  if (!compiled) return std::unexpected(Access::error(std::move(compiled).error()));
  tiering::Program program{.module = std::move(*compiled), .image = std::move(image), .tier = nullptr};
  return make_module(engine, std::move(program));
}

constexpr native::Image::Trust to_image(Trust trust) {
  return trust == Trust::Known ? native::Image::Trust::Cache : native::Image::Trust::Verify;
}

/// The image of the whole module, made now if there is none.
internal::Result<std::shared_ptr<native::Image>> whole_image(const ModuleState& module) {
  if (module.image) return module.image;
  tiering::ImageRequest request = module.engine->request;
  const module::Module& m = module.compiled->module();
  request.wasm = [&m]() -> internal::Result<std::span<const uint8_t>> { return m.bytes; };
  return tiering::image_for(request);
}

}  // namespace

Result<Module> Module::compile(const Engine& engine, std::span<const uint8_t> bytes) {
  auto copy = std::make_shared<const std::vector<uint8_t>>(bytes.begin(), bytes.end());
  const std::span<const uint8_t> view(*copy);
  auto source = api::assemble(view, std::move(copy));
  if (!source) return std::unexpected(Access::error(std::move(source).error()));
  auto program = load(*Access::state(engine), {}, [&] { return api::compile(Access::state(engine)->engine, *source); });
  if (!program) return std::unexpected(Access::error(std::move(program).error()));
  return make_module(engine, std::move(*program));
}

Result<Module> Module::compile(const Engine& engine, std::string_view bytes) {
  return compile(engine, std::span(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()));
}

Result<Module> Module::from_file(const Engine& engine, const std::string& path) {
  auto program =
      load(*Access::state(engine), path, [&] { return api::compile_file(Access::state(engine)->engine, path); });
  if (program) return make_module(engine, std::move(*program));
  if (program.error().code() == ErrorCode::not_a_module && tiering::is_artifact_file(path)) {
    return std::unexpected(Access::error(ApiError::artifact_as_module, path));
  }
  return std::unexpected(Access::error(std::move(program).error().in_file(path)));
}

Result<std::vector<uint8_t>> Module::serialize() const {
  auto image = whole_image(*state_);
  if (!image) return std::unexpected(Access::error(std::move(image).error()));
  const std::span<const uint8_t> bytes = (*image)->bytes();
  return std::vector<uint8_t>(bytes.begin(), bytes.end());
}

Status Module::serialize_to_file(const std::string& path) const {
  auto image = whole_image(*state_);
  if (!image) return std::unexpected(Access::error(std::move(image).error()));
  return Access::status(os::replace_file(path, (*image)->bytes()));
}

Result<Module> Module::deserialize(const Engine& engine, std::span<const uint8_t> bytes, Trust trust) {
  if (engine.tier() == Tier::Interpreter) return std::unexpected(Access::error(ApiError::no_machine_code));
  auto image = native::Image::load(bytes, to_image(trust));
  if (!image) return std::unexpected(Access::error(std::move(image).error()));
  return from_image(engine, std::move(*image));
}

Result<Module> Module::deserialize_file(const Engine& engine, const std::string& path, Trust trust) {
  if (engine.tier() == Tier::Interpreter) return std::unexpected(Access::error(ApiError::no_machine_code));
  const tiering::ImageRequest& request = Access::state(engine)->request;
  auto image = trust == Trust::Known ? native::Image::open(path, to_image(trust))
                                     : tiering::open_artifact(path, request.use_cache, request.cache_folder);
  if (!image) return std::unexpected(Access::error(std::move(image).error()));
  return from_image(engine, std::move(*image));
}

namespace {

FuncType canonical(const module::Module& m, uint32_t type) {
  module::FuncType out = m.types[type].func;
  for (isa::ValType& param : out.params) param = module::to_canonical(m, param);
  for (isa::ValType& result : out.results) result = module::to_canonical(m, result);
  return Access::type(out);
}

void set_limits(ExternType& out, const module::Limits& limits) {
  out.min = limits.min;
  out.max = limits.max;
  out.is64 = limits.is64;
  out.shared = limits.shared;
}

}  // namespace

ExternType Access::extern_type(const module::Module& m, module::ExternKind kind, uint32_t index) {
  ExternType out;
  out.kind = static_cast<ExternKind>(kind);
  switch (kind) {
    case module::ExternKind::Func:
      out.func = canonical(m, m.funcs[index].type);
      break;
    case module::ExternKind::Tag:
      out.func = canonical(m, m.tags[index].type.type);
      break;
    case module::ExternKind::Table:
      out.value = Access::type(module::to_canonical(m, m.tables[index].type.elem));
      set_limits(out, m.tables[index].type.limits);
      break;
    case module::ExternKind::Memory:
      set_limits(out, m.memories[index].type.limits);
      out.page_size = uint64_t{1} << m.memories[index].type.page_size_log2;
      break;
    case module::ExternKind::Global:
      out.value = Access::type(module::to_canonical(m, m.globals[index].type.type));
      out.is_mutable = m.globals[index].type.mut;
      break;
  }
  return out;
}

namespace {

std::string limits_text(const ExternType& t) {
  std::string out = t.is64 ? " i64 " : " ";
  out += std::to_string(t.min);
  if (t.max) out += " " + std::to_string(*t.max);
  return out;
}

}  // namespace

std::string ExternType::to_string() const {
  switch (kind) {
    case ExternKind::Func:
      return "func " + func.to_string();
    case ExternKind::Table:
      return "table" + limits_text(*this) + " " + value.to_string();
    case ExternKind::Memory:
      return "memory" + limits_text(*this) + (shared ? " shared" : "") +
             (page_size == 65536 ? "" : " (pagesize " + std::to_string(page_size) + ")");
    case ExternKind::Global:
      return (is_mutable ? "global mut " : "global ") + value.to_string();
    case ExternKind::Tag:
      return "tag " + module::to_string(Access::type(func).params);
  }
  return {};
}

std::vector<ImportType> Module::imports() const {
  const module::Module& m = state_->compiled->module();
  std::vector<ImportType> out;
  out.reserve(m.imports.size());
  for (const module::Import& i : m.imports) {
    out.push_back({std::string(i.module), std::string(i.name), Access::extern_type(m, i.kind, i.index)});
  }
  return out;
}

std::vector<ExportType> Module::exports() const {
  const module::Module& m = state_->compiled->module();
  std::vector<ExportType> out;
  out.reserve(m.exports.size());
  for (const module::Export& e : m.exports)
    out.push_back({std::string(e.name), Access::extern_type(m, e.kind, e.index)});
  return out;
}

std::string Module::name() const { return std::string(state_->compiled->module().debug_names().module); }

}  // namespace v0
}  // namespace ashlar
