// Engines and modules.
#include <cstring>

#include "api/access.h"
#include "module/subtyping.h"

namespace ashlar {
inline namespace v0 {

using detail::Access;

bool Config::set_feature(std::string_view name, bool on) {
  if (!isa::feature_from_name(name)) return false;
  features_.emplace_back(name, on);
  return true;
}

namespace {

runtime::Config to_runtime(const Config& config) {
  runtime::Config out;
  out.bounds_checks = config.guard_pages ? runtime::BoundsChecks::GuardPages : runtime::BoundsChecks::Explicit;
  out.fuel = config.fuel;
  out.lazy_validation = config.lazy_validation;
  out.max_memory64_reservation = config.max_memory64_reservation;
  out.pool = {config.pool.memories, config.pool.memory_bytes, config.pool.keep_bytes, config.pool.overflow};
  for (const auto& [name, on] : Access::features(config)) out.features.set(name, on);
  return out;
}

}  // namespace

Engine::Engine(const Config& config)
    : state_(std::make_shared<detail::EngineState>(
          std::make_shared<runtime::Engine>(to_runtime(config), interp::tier()))) {}
Engine::Engine(const Engine&) = default;
Engine::Engine(Engine&&) noexcept = default;
Engine& Engine::operator=(const Engine&) = default;
Engine& Engine::operator=(Engine&&) noexcept = default;
Engine::~Engine() = default;

std::string_view version() { return ASHLAR_VERSION; }

Module::Module(std::shared_ptr<detail::ModuleState> state) : state_(std::move(state)) {}
Module::Module(const Module&) = default;
Module::Module(Module&&) noexcept = default;
Module& Module::operator=(const Module&) = default;
Module& Module::operator=(Module&&) noexcept = default;
Module::~Module() = default;

Result<Module> Module::compile(const Engine& engine, std::span<const uint8_t> bytes) {
  auto copy = std::make_shared<const std::vector<uint8_t>>(bytes.begin(), bytes.end());
  const std::span<const uint8_t> view(*copy);
  auto source = api::assemble(view, std::move(copy));
  if (!source) return std::unexpected(Access::error(std::move(source).error()));
  auto compiled = api::compile(Access::engine(engine), *source);
  if (!compiled) return std::unexpected(Access::error(std::move(compiled).error()));
  return Access::module(std::move(*compiled));
}

Result<Module> Module::compile(const Engine& engine, std::string_view bytes) {
  return compile(engine, std::span(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()));
}

Result<Module> Module::from_file(const Engine& engine, const std::string& path) {
  auto compiled = api::compile_file(Access::engine(engine), path);
  if (!compiled) return std::unexpected(Access::error(std::move(compiled).error().in_file(path)));
  return Access::module(std::move(*compiled));
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

ExternType extern_type(const module::Module& m, module::ExternKind kind, uint32_t index) {
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
    out.push_back({std::string(i.module), std::string(i.name), extern_type(m, i.kind, i.index)});
  }
  return out;
}

std::vector<ExportType> Module::exports() const {
  const module::Module& m = state_->compiled->module();
  std::vector<ExportType> out;
  out.reserve(m.exports.size());
  for (const module::Export& e : m.exports) out.push_back({std::string(e.name), extern_type(m, e.kind, e.index)});
  return out;
}

std::string Module::name() const { return std::string(state_->compiled->module().debug_names().module); }

}  // namespace v0
}  // namespace ashlar
