// Components on the command line; see run_component.h.
#include "cli/run_component.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <vector>

#include "cli/component_modules.h"
#include "cli/network_flags.h"
#include "cli/output.h"
#include "cli/tiers.h"
#include "cli/watchdog.h"
#include "component/exported_funcs.h"
#include "component/instance.h"
#include "component/wave.h"
#include "http/client.h"
#include "inspect/heap_stats.h"
#include "os/clock.h"
#include "serve/blocking_waiter.h"
#include "wasi/p2/program.h"

namespace ashlar::cli {
namespace {

using component::PlanExport;
using component::PlanExports;

/// How long a program that has ended may go on to send what it wrote.
constexpr uint64_t kLastSends = 10'000'000'000;

/// wasi:cli/run of any version that is close enough.
std::optional<uint32_t> find_run(const component::Plan& plan) {
  const PlanExports* found = component::find_interface(plan, "wasi:cli/run@0.2.0");
  const PlanExport* run = found == nullptr ? nullptr : found->find("run");
  if (run == nullptr || run->kind != PlanExport::Kind::Func) return std::nullopt;
  return run->index;
}

Status invoke(component::Instance& instance, std::string_view call) {
  const component::WaveCall split = component::split_wave_call(call);
  TRY_ASSIGN(const uint32_t func, find_component_func(instance.plan(), split.name));
  const component::FuncType& type = instance.plan().funcs[func].type;
  TRY_ASSIGN(const std::vector<component::Val> args, component::parse_wave_arguments(split, type.params));
  TRY_ASSIGN(const auto result, instance.call(func, args));
  if (result) write_all(kStdout, component::format_wave(*result, *type.result) + "\n");
  return {};
}

/// 'f(1, "a")' as it is; f, 1 and "a" as arguments of their own become that.
Result<std::string> call_of(const Plan& plan) {
  std::string out(*plan.invoke);
  if (plan.arguments.empty()) return out;
  if (out.contains('(')) {
    return make_error(ErrorCode::extra_operand, kNoOffset, std::string(plan.arguments[0]));
  }
  for (const std::string_view& argument : plan.arguments) {
    out += &argument == plan.arguments.data() ? "(" : ", ";
    out += argument;
  }
  return out + ")";
}

Status start(component::Instance& instance, const Plan& plan) {
  if (plan.invoke) {
    TRY_ASSIGN(const std::string call, call_of(plan));
    return invoke(instance, call);
  }
  const std::optional<uint32_t> run = find_run(instance.plan());
  if (!run) {
    return make_error(ErrorCode::component_no_run, kNoOffset);
  }
  TRY_ASSIGN(const auto result, instance.call(*run, {}));
  if (result && result->index() != 0) return make_error(ErrorCode::program_exit, kNoOffset, "1");
  return {};
}

/// What HTTP requests need.
struct HttpAccess {
  boost::asio::io_context loop{1};
  std::shared_ptr<http::AddressRules> rules = std::make_shared<http::AddressRules>();
  serve::BlockingWaiter waiter{loop};
  std::optional<http::Client> client;
};

/// All that a running component needs, never destroyed: see run_program.cc.
struct Running {
  explicit Running(const Plan& plan)
      : engine(std::make_shared<runtime::Engine>(plan.settings.config, engine_tier(plan.settings))),
        store(engine, plan.settings.limits),
        watch(std::in_place, store) {
    store.fuel = plan.settings.fuel;
  }
  std::shared_ptr<runtime::Engine> engine;
  runtime::Store store;
  std::optional<tiering::StoreWatch> watch;
  std::optional<HttpAccess> http;
  std::unique_ptr<wasi::p2::Program> program;
  component::HostImports imports;
  std::unique_ptr<component::Instance> instance;
  std::vector<std::pair<const runtime::CompiledModule*, std::shared_ptr<tiering::AutoTier>>> tiers;
  std::optional<Watchdog> watchdog;
};

Status grant(Running& running, Plan& plan) {
  wasi::p2::Grants grants;
  const bool interruptible = plan.wasi.interruptible;
  TRY(read_grants(std::move(plan.wasi), grants));
  for (std::string_view argument : plan.arguments) grants.args.emplace_back(argument);
  grants.inherit_stdio = true;
  if (!plan.allow_http.empty()) {
    HttpAccess& http = running.http.emplace();
    TRY(read_http_rules(plan.allow_http, *http.rules));
    TRY_ASSIGN(auto tls, read_client_tls(plan.cacert));
    grants.http = &http.client.emplace(http.loop, http.rules, std::move(tls));
    grants.waiter = &http.waiter;
  }
  runtime::Store& store = running.store;
  if (interruptible) {
    grants.interrupted = [&store] { return store.interrupt_flag().load(std::memory_order_relaxed) != 0; };
  }
  TRY_ASSIGN(running.program, wasi::p2::Program::make(std::move(grants)));
  running.program->add_to(running.imports);
  return {};
}

/// What a component has no use for, and what nothing is there for.
Status check_component_grants(const Plan& plan) {
  const auto refuse = [](const char* flag) {
    return make_error(ErrorCode::not_implemented, kNoOffset, std::string(flag) + " for components");
  };
  if (!plan.wasi.listen.empty()) return refuse("--listen");
  if (!plan.preloads.empty()) return refuse("--preload");
  if (!plan.heap_snapshot.empty()) return refuse("heap snapshots");
  return {};
}

}  // namespace

Result<uint32_t> find_component_func(const component::Plan& plan, std::string_view name) {
  const std::vector<component::ExportedFunc> all = component::exported_funcs(plan);
  std::optional<uint32_t> found;
  std::vector<std::string> names;
  for (const component::ExportedFunc& e : all) {
    names.push_back(e.full_name());
    if (names.back() == name) return e.func;
  }
  for (const component::ExportedFunc& e : all) {
    if (!e.full_name().ends_with("#" + std::string(name))) continue;
    if (found) {
      return make_error(ErrorCode::no_such_export, kNoOffset, printable(name),
                        "; several interfaces have it: say which, as in INTERFACE#" + std::string(name));
    }
    found = e.func;
  }
  if (found) return *found;
  std::string hint = suggest(name, std::vector<std::string_view>(names.begin(), names.end()));
  if (hint.empty() && !names.empty()) {
    hint = "; there are: ";
    for (size_t i = 0; i < names.size(); ++i) hint += (i ? ", " : "") + printable(names[i]);
  }
  return make_error(ErrorCode::no_such_export, kNoOffset, printable(name), hint);
}

Status run_component(Plan& plan) {
  // Static, so that leak checkers see that it is held.
  TRY(check_component_grants(plan));
  TRY(start_inspection(plan));
  static Running& running = *new Running(plan);
  TRY_ASSIGN(auto executable, load_executable(running.engine, plan.file, plan.settings, running.tiers));
  TRY(grant(running, plan));
  if (plan.settings.timeout_ns != 0) running.watchdog.emplace(running.store, plan.settings.timeout_ns, plan.file);
  TRY_ASSIGN(running.instance, component::Instance::make(running.store, std::move(executable), running.imports));
  for (const auto& core : running.store.instances()) {
    for (const auto& [module, tier] : running.tiers) {
      if (core->compiled().get() == module) running.watch->add(tier, *core);
    }
  }
  const uint64_t started = os::monotonic_now();
  const Status done = start(*running.instance, plan);
  const uint64_t ran = os::monotonic_now() - started;
  running.program->finish(kLastSends);
  running.watchdog.reset();
  // What has begun to be compiled goes to the cache.
  running.watch.reset();
  running.tiers.clear();
  running.store.heap().forget_stacks();
  if (plan.settings.gc_stats) write_all(kStderr, inspect::describe_heap(running.store, ran));
  if (!done) return std::unexpected(done.error().clone());
  return {};
}

}  // namespace ashlar::cli
