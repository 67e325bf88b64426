// Modules: compiled in the engine's tier, serialized, inspected.
#include <algorithm>

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

namespace detail {

internal::Result<tiering::Program> load_program(const EngineState& engine, const std::string& file,
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

internal::Result<std::shared_ptr<native::Image>> whole_image(const EngineState& engine,
                                                             const runtime::CompiledModule& module,
                                                             const std::shared_ptr<native::Image>& known) {
  if (known) return known;
  tiering::ImageRequest request = engine.request;
  const module::Module& m = module.outline();
  request.wasm = [&m]() -> internal::Result<std::span<const uint8_t>> { return m.bytes; };
  return tiering::image_for(request);
}

}  // namespace detail

namespace {

using detail::EngineState;
using detail::ModuleState;

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
  auto compiled = tiering::load_image(state->engine, image, tiering::Declarations::Later);
  if (!compiled) return std::unexpected(Access::error(std::move(compiled).error()));
  tiering::Program program{.module = std::move(*compiled), .image = std::move(image), .tier = nullptr};
  return make_module(engine, std::move(program));
}

internal::Result<std::shared_ptr<native::Image>> whole_image(const ModuleState& module) {
  return detail::whole_image(*module.engine, *module.compiled, module.image);
}

}  // namespace

Result<Module> Module::compile(const Engine& engine, std::span<const uint8_t> bytes) try {
  auto copy = std::make_shared<const std::vector<uint8_t>>(bytes.begin(), bytes.end());
  const std::span<const uint8_t> view(*copy);
  auto source = api::assemble(view, std::move(copy));
  if (!source) return std::unexpected(Access::error(std::move(source).error()));
  auto program = detail::load_program(*Access::state(engine), {},
                                      [&] { return api::compile(Access::state(engine)->engine, *source); });
  if (!program) return std::unexpected(Access::error(std::move(program).error()));
  return make_module(engine, std::move(*program));
} catch (const std::bad_alloc&) {
  return detail::no_memory();
}

Result<Module> Module::compile(const Engine& engine, std::string_view bytes) {
  return compile(engine, std::span(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()));
}

Result<Module> Module::from_file(const Engine& engine, const std::string& path) try {
  auto program = detail::load_program(*Access::state(engine), path,
                                      [&] { return api::compile_file(Access::state(engine)->engine, path); });
  if (program) return make_module(engine, std::move(*program));
  if (program.error().code() == ErrorCode::compiled_program) {
    const bool component = tiering::is_bundle_file(path);
    return std::unexpected(
        Access::error(component ? ApiError::artifact_as_component : ApiError::artifact_as_module, path));
  }
  return std::unexpected(Access::error(std::move(program).error().in_file(path)));
} catch (const std::bad_alloc&) {
  return detail::no_memory();
}

Result<std::vector<uint8_t>> Module::serialize() const try {
  auto image = whole_image(*state_);
  if (!image) return std::unexpected(Access::error(std::move(image).error()));
  const std::span<const uint8_t> bytes = (*image)->bytes();
  return std::vector<uint8_t>(bytes.begin(), bytes.end());
} catch (const std::bad_alloc&) {
  return detail::no_memory();
}

Status Module::serialize_to_file(const std::string& path) const try {
  auto image = whole_image(*state_);
  if (!image) return std::unexpected(Access::error(std::move(image).error()));
  return Access::status(os::replace_file(path, (*image)->bytes()));
} catch (const std::bad_alloc&) {
  return detail::no_memory();
}

Result<Module> Module::deserialize(const Engine& engine, std::span<const uint8_t> bytes, Trust trust) try {
  if (engine.tier() == Tier::Interpreter) return std::unexpected(Access::error(ApiError::no_machine_code));
  auto image = native::Image::load(bytes, detail::to_image(trust));
  if (!image) return std::unexpected(Access::error(std::move(image).error()));
  return from_image(engine, std::move(*image));
} catch (const std::bad_alloc&) {
  return detail::no_memory();
}

Result<Module> Module::deserialize_file(const Engine& engine, const std::string& path, Trust trust) try {
  if (engine.tier() == Tier::Interpreter) return std::unexpected(Access::error(ApiError::no_machine_code));
  const tiering::ImageRequest& request = Access::state(engine)->request;
  auto image = trust == Trust::Known ? native::Image::open(path, detail::to_image(trust))
                                     : tiering::open_artifact(path, request.use_cache, request.cache_folder);
  if (!image) return std::unexpected(Access::error(std::move(image).error()));
  return from_image(engine, std::move(*image));
} catch (const std::bad_alloc&) {
  return detail::no_memory();
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

Result<std::vector<std::vector<SourceLine>>> Module::source_lines(std::span<const uint64_t> offsets) const try {
  std::vector<std::vector<SourceLine>> out(offsets.size());
  if (Status read = Access::complete(*this); !read) return std::unexpected(std::move(read).error());
  const module::Module& m = state_->compiled->module();
  std::vector<uint32_t> wanted;
  for (const uint64_t offset : offsets) {
    if (offset < m.bytes.size()) wanted.push_back(static_cast<uint32_t>(offset));
  }
  if (wanted.empty() || !tiering::has_dwarf(m)) return out;
  std::ranges::sort(wanted);
  wanted.erase(std::ranges::unique(wanted).begin(), wanted.end());
  const tiering::ImageRequest& request = state_->engine->request;
  const auto lines = tiering::read_source_lines(m.bytes, std::move(wanted), request.config.features, request.compiler);
  if (!lines) return std::unexpected(Access::error(lines.error().clone()));
  for (size_t i = 0; i < offsets.size(); ++i) {
    const native::SourceRow* row =
        offsets[i] < m.bytes.size() ? lines->find(static_cast<uint32_t>(offsets[i])) : nullptr;
    if (row == nullptr) continue;
    for (const native::SourceFrame& frame : lines->frames_of(*row)) {
      out[i].push_back({lines->text(frame.function), lines->text(frame.file), frame.line});
    }
  }
  return out;
} catch (const std::bad_alloc&) {
  return detail::no_memory();
}

std::string Module::name() const { return std::string(state_->compiled->module().debug_names().module); }

}  // namespace v0
}  // namespace ashlar
