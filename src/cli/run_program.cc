// From the plan to the exit code: loads, links, starts, and reports how it ended.
#include "cli/run_program.h"

#include <optional>

#include "api/load.h"
#include "cli/output.h"
#include "cli/run_plan.h"
#include "cli/tiers.h"
#include "cli/values.h"
#include "cli/watchdog.h"
#include "inspect/heap_stats.h"
#include "inspect/heap_watch.h"
#include "os/clock.h"
#include "runtime/linker.h"

namespace ashlar::cli {
namespace {

using module::ExternKind;

/// The function behind an export; null when there is none.
runtime::FuncCell* find_func(runtime::Instance& instance, std::string_view name) {
  runtime::Extern out;
  return instance.find_export(name, &out) && out.kind == ExternKind::Func ? out.func : nullptr;
}

/// "exports: add, sub": what could be called instead.
std::string exported_functions(const module::Module& m) {
  std::string out;
  size_t count = 0;
  for (const module::Export& e : m.exports) {
    if (e.kind != ExternKind::Func) continue;
    constexpr size_t kShown = 12;
    if (++count > kShown) continue;
    out += (out.empty() ? "" : ", ") + printable(e.name);
    if (count == kShown) out += ", ...";
  }
  return out.empty() ? "it exports no functions" : "--invoke calls one of its exports: " + out;
}

Status invoke(runtime::Store& store, runtime::Instance& instance, std::string_view name,
              std::span<const std::string_view> arguments) {
  runtime::FuncCell* func = find_func(instance, name);
  if (!func) {
    std::vector<std::string_view> names;
    for (const module::Export& e : instance.module().exports) {
      if (e.kind == ExternKind::Func) names.push_back(e.name);
    }
    std::string hint = suggest(name, names);
    if (hint.empty()) hint = "; " + exported_functions(instance.module());
    return make_error(ErrorCode::no_such_export, kNoOffset, printable(name), hint);
  }
  const module::FuncType& type = store.types().get(func->type_id).def.func;
  if (arguments.size() != type.params.size()) {
    std::string takes = std::to_string(type.params.size()) + " arguments";
    if (!type.params.empty()) {
      takes += " (";
      for (size_t i = 0; i < type.params.size(); ++i) takes += (i ? ", " : "") + isa::to_string(type.params[i]);
      takes += ")";
    }
    return make_error(ErrorCode::argument_count, kNoOffset, printable(name), takes, std::to_string(arguments.size()));
  }
  std::vector<runtime::Value> values(arguments.size());
  // Making one may move those before it.
  const runtime::GcHeap::ScannedRange scanned(store.heap(), values.data(), values.size() * sizeof(runtime::Value));
  for (size_t i = 0; i < arguments.size(); ++i) {
    TRY_ASSIGN(values[i], parse_value(store, type.params[i], arguments[i], i + 1));
  }
  std::vector<runtime::Value> results;
  TRY(store.call(func, values, results));
  std::string out;
  for (const runtime::Value& result : results) out += format_value(store, result) + "\n";
  write_all(kStdout, out);
  return {};
}

Status start(runtime::Store& store, runtime::Instance& instance, const Plan& plan) {
  std::vector<runtime::Value> none;
  runtime::FuncCell* command = find_func(instance, "_start");
  if (plan.invoke || !command) {
    if (runtime::FuncCell* initialize = find_func(instance, "_initialize")) {
      TRY(store.call(initialize, {}, none));
    }
  }
  if (plan.invoke) return invoke(store, instance, *plan.invoke, plan.arguments);
  // Some tools export what is to be run under the empty name, in a module that is initialized like a library.
  if (!command) command = find_func(instance, "");
  if (!command) {
    return make_error(ErrorCode::no_entry_point, kNoOffset, exported_functions(instance.module()));
  }
  return store.call(command, {}, none);
}

/// What a program runs in. It is never destroyed: the process ends with the program, and the system takes all its
/// memory back at once, which unmapping and freeing it piece by piece beforehand only delays.
struct Running {
  explicit Running(Plan plan_in)
      : plan(std::move(plan_in)),
        engine(std::make_shared<runtime::Engine>(plan.settings.config, engine_tier(plan.settings))),
        store(engine, plan.settings.limits) {
    store.fuel = plan.settings.fuel;
  }
  Plan plan;
  std::shared_ptr<runtime::Engine> engine;
  runtime::Store store;
  runtime::Instance* instance = nullptr;
  uint64_t started = 0;  ///< when instantiation began, on the monotonic clock; 0: it did not
  std::optional<inspect::HeapWatch> heap_watch;
  bool snapshot_failed = false;
};

void watch_heap(Running& running) {
  if (running.plan.heap_snapshot.empty()) return;
  running.heap_watch.emplace(
      running.store, running.plan.heap_snapshot,
      [&running](const std::string& path, const Result<inspect::SnapshotSize>& written) {
        if (!written) {
          running.snapshot_failed = true;
          report(written.error());
          return;
        }
        print_error(strf("heap snapshot: %llu objects, %.2f MB, in ", static_cast<unsigned long long>(written->objects),
                         static_cast<double>(written->bytes) / (1 << 20)) +
                    path);
      });
}

/// The time limit is the program's: what loading takes, and compiling, does not count.
Status load_and_start(Running& running) {
  Plan& plan = running.plan;
  runtime::Store& store = running.store;
  if (plan.inspect.profile != inspect::Profile::None || plan.inspect.debugger) TRY(inspect::start(plan.inspect));
  TRY_ASSIGN(const tiering::Program program, load_program(running.engine, plan.file, plan.settings));
  std::optional<Watchdog> watchdog;
  if (plan.settings.timeout_ns != 0) watchdog.emplace(store, plan.settings.timeout_ns, plan.file);
  tiering::StoreWatch watch(store);
  const std::shared_ptr<runtime::CompiledModule>& compiled = program.module;
  TRY(accept_late_invoke(compiled->module(), plan));
  for (std::string_view argument : plan.arguments) {
    if (!plan.invoke) plan.wasi.args.emplace_back(argument);
  }
  runtime::Linker linker(store);
  api::WasiBinding wasi(store, std::move(plan.wasi));
  watch_heap(running);
  running.started = os::monotonic_now();
  for (const auto& [name, file] : plan.preloads) {
    Result<std::shared_ptr<runtime::CompiledModule>> other = api::compile_file(running.engine, file);
    if (!other) return std::unexpected(std::move(other).error().in_file(file));
    TRY(wasi.define(linker, (*other)->module()));
    TRY_ASSIGN(runtime::Instance * preloaded, linker.instantiate(std::move(*other)));
    linker.define_instance(name, *preloaded);
  }
  TRY(wasi.define(linker, compiled->module()));
  TRY_ASSIGN(running.instance, linker.instantiate(compiled));
  if (program.tier) watch.add(program.tier, *running.instance);
  return start(store, *running.instance, plan);
}

/// The exit code, after saying what has to be said.
int report_end(const Status& done, Running& running, std::string_view command) {
  const std::string& file = running.plan.file;
  if (done) return kExitOk;
  if (const std::optional<int> code = api::exit_code(done.error())) return *code;
  if (done.error().phase() == Phase::Usage) return report_usage(done.error(), command);
  if (done.error().code() == ErrorCode::uncaught_exception) {
    std::string text = file + ": " + format_exception(running.store, running.instance);
    if (!done.error().notes().empty()) text += "\n" + done.error().notes();
    print_error(text);
    return kExitTrap;
  }
  return report(done.error(), file);
}

}  // namespace

int run_program(const Args& args) {
  Result<Plan> plan = read_plan(args);
  if (!plan) return report_usage(plan.error(), args.command->name);
  static Running& running = *new Running(std::move(*plan));
  const Status done = load_and_start(running);
  const uint64_t ran = os::monotonic_now() - running.started;
  const int code = report_end(done, running, args.command->name);
  if (running.instance == nullptr) return code;
  running.store.heap().forget_stacks();
  if (running.plan.settings.gc_stats) write_all(kStderr, inspect::describe_heap(running.store, ran));
  if (running.heap_watch) running.heap_watch->finish(running.plan.snapshot_at_end);
  return running.snapshot_failed && code == kExitOk ? kExitFailure : code;
}

}  // namespace ashlar::cli
