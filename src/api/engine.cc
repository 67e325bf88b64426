// Engines: public configurations over internal ones.
#include "api/access.h"

namespace ashlar {
inline namespace v0 {

using detail::Access;

bool Config::set_feature(std::string_view name, bool on) {
  if (!isa::feature_from_name(name)) return false;
  features_.emplace_back(name, on);
  return true;
}

bool Config::set_fuel_cost(std::string_view instructions, uint32_t cost) {
  if (!isa::FuelCosts().set(instructions, cost)) return false;
  fuel_costs_.emplace_back(instructions, cost);
  return true;
}

namespace {

runtime::Config to_runtime(const Config& config) {
  runtime::Config out;
  out.bounds_checks = config.guard_pages ? runtime::BoundsChecks::GuardPages : runtime::BoundsChecks::Explicit;
  out.fuel = config.fuel;
  for (const auto& [instructions, cost] : Access::fuel_costs(config)) out.fuel_costs.set(instructions, cost);
  out.lazy_validation = config.lazy_validation;
  out.max_memory64_reservation = config.max_memory64_reservation;
  out.pool = {config.pool.memories, config.pool.memory_bytes, config.pool.keep_bytes, config.pool.overflow,
              config.pool.keep_more_bytes};
  for (const auto& [name, on] : Access::features(config)) out.features.set(name, on);
  return out;
}

}  // namespace

Engine::Engine(const Config& config) : state_(std::make_shared<detail::EngineState>()) {
  const runtime::Tier& tier = config.tier == Tier::Interpreter ? interp::tier() : tiering::tier();
  state_->engine = std::make_shared<runtime::Engine>(to_runtime(config), tier);
  state_->tier = config.tier;
  tiering::ImageRequest& request = state_->request;
  request.config = tiering::image_config(state_->engine->config());
  request.level = "0123s"[static_cast<int>(config.opt_level)];
  request.use_cache = config.code_cache;
  request.cache_folder = config.cache_folder;
  request.compiler = config.compiler;
  if (config.on_warning) {
    request.warn = [warn = config.on_warning](const internal::Error& e) { warn(Access::error(e.clone())); };
  }
}
Engine::Engine(std::shared_ptr<detail::EngineState> state) : state_(std::move(state)) {}
Engine::Engine(const Engine&) = default;
Engine::Engine(Engine&&) noexcept = default;
Engine& Engine::operator=(const Engine&) = default;
Engine& Engine::operator=(Engine&&) noexcept = default;
Engine::~Engine() = default;

Tier Engine::tier() const { return state_->tier; }

std::string_view version() { return ASHLAR_VERSION; }

}  // namespace v0
}  // namespace ashlar
