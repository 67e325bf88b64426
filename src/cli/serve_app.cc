// Loading programs for requests; see serve_app.h.
#include "cli/serve_app.h"

#include <unistd.h>

#include <utility>

#include "cli/component_modules.h"
#include "cli/network_flags.h"
#include "cli/output.h"
#include "cli/tiers.h"
#include "os/file_bytes.h"
#include "os/file_watch.h"
#include "serve/component_app.h"
#include "serve/program_app.h"
#include "tiering/service_tier.h"

namespace ashlar::cli {

namespace {

serve::AppOptions app_options(const Plan& plan, const AppRequest& request) {
  serve::AppOptions out;
  out.limits = plan.settings.limits;
  out.time = std::chrono::nanoseconds(plan.settings.timeout_ns);
  out.fuel = plan.settings.fuel;
  out.concurrent = request.concurrent;
  out.reuse = request.reuse;
  return out;
}

/// Has the service's modules compiled while they run.
std::shared_ptr<tiering::ServiceTier> compile_meanwhile(ComponentModules::Tiers tiers) {
  if (tiers.empty()) return nullptr;
  std::vector<std::shared_ptr<tiering::AutoTier>> all;
  for (auto& [module, tier] : tiers) all.push_back(std::move(tier));
  return std::make_shared<tiering::ServiceTier>(std::move(all));
}

void begin_with(std::shared_ptr<tiering::ServiceTier> tier, serve::AppOptions& options) {
  if (tier) options.begins = [tier = std::move(tier)] { tier->enter(); };
}

Result<std::shared_ptr<const serve::App>> load_component_app(Plan& plan, AppRequest request, Engines& engines) {
  if (plan.style) return make_error(ErrorCode::not_implemented, kNoOffset, "--style of components");
  Engines::Loaded& known = engines.component(plan.file, plan.settings);
  auto executable = known.executable.lock();
  auto tier = known.tier.lock();
  if (executable == nullptr || (known.tiered && tier == nullptr)) {
    ComponentModules::Tiers tiers;
    const auto read = [&](const std::string& file) -> Result<LoadedComponent> {
      TRY_ASSIGN(os::FileBytes bytes, os::read_file(file));
      auto kept = std::make_shared<os::FileBytes>(std::move(bytes));
      TRY(engines.add_file(file, kept));
      const std::span<const uint8_t> span = kept->bytes();
      return api::decode_component(span, std::move(kept), plan.settings.config);
    };
    TRY_ASSIGN(executable, load_executable(engines.find(plan.settings), plan.file, plan.settings, tiers, read));
    tier = compile_meanwhile(std::move(tiers));
    known = {executable, tier, tier != nullptr};
  }
  wasi::p2::Grants grants;
  std::function<void(std::string_view)> show;
  if (request.output) show = [output = request.output](std::string_view lines) { output->show(lines); };
  TRY(read_grants(std::move(plan.wasi), grants, std::move(show)));
  grants.log_handle = request.output ? request.output->handle() : STDERR_FILENO;
  if (request.config && !grants.config) grants.config.emplace();
  if (!request.stores.empty()) {
    if (!grants.key_values) grants.key_values.emplace();
    grants.key_values->merge(request.stores);
  }
  serve::AppOptions options = app_options(plan, request);
  begin_with(std::move(tier), options);
  return serve::ComponentApp::make(std::move(executable), std::move(grants), std::move(options));
}

Result<std::shared_ptr<const serve::App>> load_program_app(Plan& plan, AppRequest request, Engines& engines) {
  TRY(check_module_grants(plan));
  if (request.reuse.on()) {
    return make_error(ErrorCode::service_bad_value, kNoOffset, "reuse", plan.file,
                      "is a WASI program, which ends with its request: components of wasi:http/incoming-handler stay");
  }
  if (!request.stores.empty()) {
    return make_error(ErrorCode::not_implemented, kNoOffset, "stores of programs that are not components");
  }
  const ReadModule read = [&](const std::string& file) -> Result<api::ModuleBytes> {
    TRY_ASSIGN(os::FileBytes bytes, os::read_file(file));
    auto kept = std::make_shared<os::FileBytes>(std::move(bytes));
    TRY(engines.add_file(file, kept));
    const std::span<const uint8_t> span = kept->bytes();
    return api::assemble(span, std::move(kept));
  };
  TRY_ASSIGN(tiering::Program program, load_program(engines.find(plan.settings), plan.file, plan.settings, read));
  serve::ProgramGrants grants;
  grants.name = plan.wasi.args.front();
  grants.env = std::move(plan.wasi.env);
  if (request.output) grants.log_handle = request.output->handle();
  for (api::WasiOptions::Dir& dir : plan.wasi.dirs) {
    grants.dirs.push_back({std::move(dir.host), std::move(dir.guest), dir.read_only});
  }
  serve::AppOptions options = app_options(plan, request);
  if (program.tier) begin_with(compile_meanwhile({{program.module.get(), std::move(program.tier)}}), options);
  return serve::ProgramApp::make(std::move(program.module), std::move(grants), plan.style, std::move(options));
}

}  // namespace

std::shared_ptr<runtime::Engine> Engines::find(const Settings& settings) {
  const bool interpreted = settings.tier.mode == tiering::TierMode::Interpreter;
  for (const Entry& entry : engines_) {
    if (entry.interpreted == interpreted && entry.fuel == settings.config.fuel) return entry.engine;
  }
  engines_.push_back(
      {interpreted, settings.config.fuel, std::make_shared<runtime::Engine>(settings.config, engine_tier(settings))});
  return engines_.back().engine;
}

Status Engines::add_file(const std::string& file, const std::shared_ptr<os::FileBytes>& bytes) {
  if (!apart_at_once_) {
    files_.push_back(bytes);
  } else if (!bytes->set_apart()) {
    return make_error(ErrorCode::io_failed, kNoOffset, file,
                      "changes while it is read, or there is no memory for a copy");
  }
  return {};
}

void Engines::set_files_apart() {
  apart_at_once_ = true;
  for (const auto& weak : std::exchange(files_, {})) {
    const auto bytes = weak.lock();
    if (bytes && !bytes->set_apart())
      print_error("warning: no memory for a copy of a program: do not write over its file");
  }
}

Engines::Loaded& Engines::component(const std::string& file, const Settings& settings) {
  std::erase_if(components_, [](const auto& entry) { return entry.second.executable.expired(); });
  const std::string tier = std::to_string(static_cast<int>(settings.tier.mode));
  return components_[tier + " " + (settings.config.fuel ? "fuel " : "") + os::stamp_file(file).identity()];
}

Result<std::shared_ptr<const serve::App>> load_app(Plan& plan, AppRequest request, Engines& engines) {
  if (is_component_program(plan.file)) {
    if (!request.kind.empty() && request.kind != "http") {
      return make_error(ErrorCode::bad_flag_value, kNoOffset, "kind", request.kind, "a component's, which is http");
    }
    return load_component_app(plan, std::move(request), engines);
  }
  if (request.kind == "http") {
    return make_error(ErrorCode::bad_flag_value, kNoOffset, "kind", request.kind, "a WASI program's: cgi or raw");
  }
  if (!request.kind.empty()) plan.style = serve::style_from_name(request.kind);
  return load_program_app(plan, std::move(request), engines);
}

}  // namespace ashlar::cli
