// Loading, initialising, writing; see snapshot_program.h.
#include "cli/snapshot_program.h"

#include <algorithm>
#include <memory>
#include <string_view>

#include "api/load.h"
#include "cli/component_modules.h"
#include "cli/network_flags.h"
#include "cli/output.h"
#include "cli/run_component.h"
#include "cli/tiers.h"
#include "cli/watchdog.h"
#include "component/instance.h"
#include "component/wave.h"
#include "runtime/linker.h"
#include "snapshot/component.h"
#include "snapshot/watch.h"
#include "wasi/p2/program.h"

namespace ashlar::cli {

namespace {

constexpr std::string_view kReactor = "_initialize";
constexpr std::string_view kCommand = "_start";
/// What guests made for such tools export, newer ones first.
constexpr std::string_view kUsualInits[] = {"wizer-initialize", "wizer.initialize"};

snapshot::Options options_of(const SnapshotPlan& plan) {
  return {.features = plan.run.settings.config.features,
          .limits = plan.run.settings.config.limits,
          .without = {},
          .renamed = plan.renamed};
}

/// An end that the program chose itself is not the one that was wanted.
Error explain(Error error) {
  if (const std::optional<int> code = api::exit_code(error)) {
    return Error(ErrorCode::snapshot_exit, kNoOffset, std::to_string(*code));
  }
  return error;
}

std::string notes_of(const snapshot::Watch& watch, bool ran) {
  std::string out;
  if (!ran) out = "nothing of it ran: it has no start function; --init names a function to call";
  const std::string learnt = watch.learnt();
  if (!learnt.empty()) out = "it asked for " + learnt + ": what it found stays in the snapshot";
  return out;
}

// ---- core modules

/// The function to call after the module's own; nothing when there is none to be called.
Result<std::optional<std::string>> choose_init(const module::Module& m, const SnapshotPlan& plan) {
  if (plan.init) return plan.init;
  for (const std::string_view name : kUsualInits) {
    if (m.find_export(name) != nullptr) return std::string(name);
  }
  if (m.find_export(kCommand) != nullptr && m.find_export(kReactor) == nullptr && !m.start) {
    return make_error(ErrorCode::snapshot_refused, kNoOffset,
                      "the program is a command, which '_start' initialises and runs at once; --init must name a "
                      "function that only initialises it");
  }
  return std::nullopt;
}

Status call_init(runtime::Store& store, runtime::Instance& instance, std::string_view name) {
  runtime::Extern found;
  if (!instance.find_export(name, &found) || found.kind != module::ExternKind::Func) {
    std::vector<std::string_view> names;
    for (const module::Export& e : instance.module().exports) {
      if (e.kind == module::ExternKind::Func) names.push_back(e.name);
    }
    return make_error(ErrorCode::no_such_export, kNoOffset, printable(name), suggest(name, names));
  }
  const module::FuncType& type = store.types().get(found.func->type_id).def.func;
  if (!type.params.empty() || !type.results.empty()) {
    return make_error(ErrorCode::snapshot_init_type, kNoOffset, printable(name), to_string(type));
  }
  std::vector<runtime::Value> none;
  return store.call(found.func, {}, none);
}

/// All that runs, never destroyed: see run_program.cc.
struct RunningModule {
  explicit RunningModule(SnapshotPlan& plan)
      : engine(std::make_shared<runtime::Engine>(plan.run.settings.config, engine_tier(plan.run.settings))),
        store(engine, plan.run.settings.limits),
        wasi(store, std::move(plan.run.wasi)),
        linker(store),
        tier_watch(store),
        watch(plan.allow_random) {
    store.fuel = plan.run.settings.fuel;
  }
  std::shared_ptr<runtime::Engine> engine;
  runtime::Store store;
  api::WasiBinding wasi;
  runtime::Linker linker;
  tiering::StoreWatch tier_watch;
  snapshot::Watch watch;
  ComponentModules::Tiers tiers;
  std::optional<Watchdog> watchdog;
};

/// Returns the name of the function that was called.
Result<std::optional<std::string>> initialise(RunningModule& r, SnapshotPlan& plan, runtime::Instance& instance) {
  TRY_ASSIGN(auto init, choose_init(instance.module(), plan));
  if (instance.module().find_export(kReactor) != nullptr) TRY(call_init(r.store, instance, kReactor));
  if (init && *init != kReactor) TRY(call_init(r.store, instance, *init));
  return init;
}

}  // namespace

Result<Snapshot> snapshot_module(SnapshotPlan& plan) {
  static RunningModule& r = *new RunningModule(plan);
  const std::string& file = plan.run.file;
  TRY_ASSIGN(const api::ModuleBytes source, api::read_module(file));
  TRY_ASSIGN(const auto compiled, compile_in_memory(r.engine, source, plan.run.settings, r.tiers));
  const module::Module& m = compiled->module();
  TRY(snapshot::check_alone(m));
  TRY(choose_init(m, plan));
  if (plan.run.settings.timeout_ns != 0) r.watchdog.emplace(r.store, plan.run.settings.timeout_ns, file);
  TRY(r.wasi.define(r.linker, m));
  r.watch.define(r.linker, r.store, m);
  auto instance = r.linker.instantiate(compiled);
  if (!instance) return std::unexpected(explain(std::move(instance).error()));
  for (const auto& [module, tier] : r.tiers) r.tier_watch.add(tier, **instance);
  auto init = initialise(r, plan, **instance);
  if (!init) return std::unexpected(explain(std::move(init).error()));
  r.watchdog.reset();
  TRY(r.watch.check_closed());
  const bool reactor = m.find_export(kReactor) != nullptr;
  snapshot::Options options = options_of(plan);
  options.without.emplace_back(kReactor);
  if (*init) options.without.push_back(**init);
  const snapshot::Part part{*instance, source.bytes, ""};
  TRY_ASSIGN(auto modules, snapshot::write(std::span(&part, 1), options));
  return Snapshot{std::move(modules[0]), notes_of(r.watch, reactor || *init || m.start)};
}

// ---- components

namespace {

struct RunningComponent {
  explicit RunningComponent(const SnapshotPlan& plan)
      : engine(std::make_shared<runtime::Engine>(plan.run.settings.config, engine_tier(plan.run.settings))),
        store(engine, plan.run.settings.limits),
        tier_watch(store),
        watch(plan.allow_random) {
    store.fuel = plan.run.settings.fuel;
  }
  std::shared_ptr<runtime::Engine> engine;
  runtime::Store store;
  tiering::StoreWatch tier_watch;
  snapshot::Watch watch;
  std::unique_ptr<wasi::p2::Program> program;
  component::HostImports imports;
  std::unique_ptr<component::Instance> instance;
  ComponentModules::Tiers tiers;
  std::optional<Watchdog> watchdog;
};

Status call_init(component::Instance& instance, const std::string& name) {
  TRY_ASSIGN(const uint32_t func, find_component_func(instance.plan(), name));
  const component::FuncType& type = instance.plan().funcs[func].type;
  if (!type.params.empty()) {
    return make_error(ErrorCode::snapshot_init_type, kNoOffset, printable(name), "a function with parameters");
  }
  TRY_ASSIGN(const auto result, instance.call(func, {}));
  if (!result || type.result->kind != component::TypeKind::Result || result->index() == 0) return {};
  return make_error(ErrorCode::snapshot_init_failed, kNoOffset, printable(name),
                    ": " + component::format_wave(*result, *type.result));
}

Status grant(RunningComponent& r, SnapshotPlan& plan) {
  wasi::p2::Grants grants;
  const bool interruptible = plan.run.wasi.interruptible;
  TRY(read_grants(std::move(plan.run.wasi), grants));
  grants.inherit_stdio = true;
  if (interruptible) {
    grants.interrupted = [&store = r.store] { return store.interrupt_flag().load(std::memory_order_relaxed) != 0; };
  }
  TRY_ASSIGN(r.program, wasi::p2::Program::make(std::move(grants)));
  r.program->add_to(r.imports);
  return {};
}

Status start(RunningComponent& r, SnapshotPlan& plan, std::shared_ptr<const component::Executable> executable) {
  TRY_ASSIGN(r.instance, component::Instance::make(r.store, std::move(executable), r.imports));
  for (const auto& core : r.store.instances()) {
    for (const auto& [module, tier] : r.tiers) {
      if (core->compiled().get() == module) r.tier_watch.add(tier, *core);
    }
  }
  return plan.init ? call_init(*r.instance, *plan.init) : Status();
}

bool has_start(const component::Instance& instance) {
  return std::ranges::any_of(instance.core_instances(),
                             [](const runtime::Instance* core) { return core->module().start.has_value(); });
}

}  // namespace

Result<Snapshot> snapshot_component(SnapshotPlan& plan) {
  static RunningComponent& r = *new RunningComponent(plan);
  if (!plan.renamed.empty()) {
    return make_error(ErrorCode::not_implemented, kNoOffset, "--rename-func for components");
  }
  const Settings& settings = plan.run.settings;
  ComponentModules modules(r.engine, plan.run.file, settings, r.tiers);
  TRY_ASSIGN(const LoadedComponent loaded, load_component(plan.run.file, settings.config));
  TRY(modules.check(loaded));
  const auto compile = [&](const component::CoreModuleDef& def, size_t) { return modules.compile(def); };
  TRY_ASSIGN(auto executable, component::Executable::make(r.engine, loaded.component, compile));
  TRY(grant(r, plan));
  r.watch.define(r.imports, executable->plan());
  if (settings.timeout_ns != 0) r.watchdog.emplace(r.store, settings.timeout_ns, plan.run.file);
  Status done = start(r, plan, std::move(executable));
  if (!done) return std::unexpected(explain(std::move(done).error()));
  r.watchdog.reset();
  TRY_ASSIGN(auto bytes, snapshot::write_component(*r.instance, *loaded.component, loaded.bytes, options_of(plan)));
  return Snapshot{std::move(bytes), notes_of(r.watch, plan.init || has_start(*r.instance))};
}

}  // namespace ashlar::cli
