// From the plan to the exit code: loads, links, starts, and reports how it ended.
#include "cli/run_program.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "api/load.h"
#include "cli/component_modules.h"
#include "cli/output.h"
#include "cli/run_component.h"
#include "cli/run_plan.h"
#include "cli/tiers.h"
#include "cli/values.h"
#include "cli/watchdog.h"
#include "inspect/heap_stats.h"
#include "inspect/heap_watch.h"
#include "os/clock.h"
#include "runtime/linker.h"
#include "tiering/cache.h"

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

/// The code of a program and of what is linked with it.
struct Code {
  tiering::Program program;
  std::vector<std::pair<std::string, std::shared_ptr<runtime::CompiledModule>>> preloads;
};

/// Links and instantiates all of it in a store. `of`: of a thread, the instance that starts it, whose shared memories
/// it gets.
Result<runtime::Instance*> link(runtime::Store& store, api::WasiBinding& wasi, const Code& code,
                                const runtime::Instance* of) {
  runtime::Linker linker(store);
  for (const auto& [name, module] : code.preloads) {
    TRY(wasi.define(linker, module->module()));
    TRY_ASSIGN(runtime::Instance * preloaded, linker.instantiate(module));
    linker.define_instance(name, *preloaded);
  }
  const module::Module& m = code.program.module->module();
  if (of != nullptr) {
    for (const module::Import& import : m.imports) {
      if (import.kind != ExternKind::Memory || !of->ctx.memories[import.index]->shared()) continue;
      runtime::Memory* memory = api::hand_over(of->store(), *of->ctx.memories[import.index], store);
      linker.define(std::string(import.module), std::string(import.name), runtime::Extern::of(memory));
    }
  }
  TRY(wasi.define(linker, m));
  return linker.instantiate(code.program.module);
}

/// What a thread of the program runs in.
class ProgramThread final : public api::ThreadStore {
 public:
  ProgramThread(const Code& code, const api::WasiBinding& wasi, const runtime::Instance& of)
      : code_(code), of_(of), store_(of.compiled()->engine(), of.store().limits()), wasi_(store_, wasi) {}
  runtime::Store& store() override { return store_; }
  Result<runtime::Instance*> instantiate() override { return link(store_, wasi_, code_, &of_); }
  void begin(runtime::Instance& instance) override {
    if (code_.program.tier) watch_.add(code_.program.tier, instance);
  }

 private:
  const Code& code_;
  const runtime::Instance& of_;
  runtime::Store store_;
  api::WasiBinding wasi_;
  tiering::StoreWatch watch_{store_};
};

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
  Code code;
  std::optional<api::WasiBinding> wasi;
  runtime::Instance* instance = nullptr;
  bool threads_ended = true;
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

Result<Code> load(Running& running) {
  const Plan& plan = running.plan;
  Code out;
  TRY_ASSIGN(out.program, load_program(running.engine, plan.file, plan.settings));
  for (const auto& [name, file] : plan.preloads) {
    Result<std::shared_ptr<runtime::CompiledModule>> other = api::compile_file(running.engine, file);
    if (!other) return std::unexpected(std::move(other).error().in_file(file));
    out.preloads.emplace_back(name, std::move(*other));
  }
  return out;
}

/// Whatever may start threads takes part in what interrupts them.
void make_wasi(Running& running) {
  api::WasiOptions& options = running.plan.wasi;
  const Code& code = running.code;
  const auto with_threads = [](const runtime::CompiledModule& m) { return api::starts_threads(m.module()); };
  if (with_threads(*code.program.module) ||
      std::ranges::any_of(code.preloads, [&](const auto& preload) { return with_threads(*preload.second); })) {
    options.interruptible = true;
  }
  options.allow_threads = "--max-threads=N allows N of them";
  options.make_thread = [&running](runtime::Instance& of) -> Result<std::unique_ptr<api::ThreadStore>> {
    if (of.compiled() != running.code.program.module) return make_error(ErrorCode::foreign_module);
    return std::make_unique<ProgramThread>(running.code, *running.wasi, of);
  };
  running.wasi.emplace(running.store, std::move(options));
}

/// The program has ended with its main thread; the others get a little time for it. What one of them ended the program
/// with stands for what the main one says of that.
Status end_threads(Running& running, Status done) {
  api::ThreadGroup* threads = running.wasi ? running.wasi->threads() : nullptr;
  if (threads == nullptr) return done;
  constexpr std::chrono::seconds kGrace(2);
  threads->end();
  running.threads_ended = threads->wait_for(kGrace);
  if (std::optional<Error> cause = threads->cause()) return std::unexpected(std::move(*cause));
  return done;
}

/// The time limit is the program's: what loading takes, and compiling, does not count.
Status load_and_start(Running& running) {
  Plan& plan = running.plan;
  runtime::Store& store = running.store;
  TRY(start_inspection(plan));
  TRY_ASSIGN(running.code, load(running));
  std::optional<Watchdog> watchdog;
  if (plan.settings.timeout_ns != 0) watchdog.emplace(store, plan.settings.timeout_ns, plan.file);
  tiering::StoreWatch watch(store);
  TRY(accept_late_invoke(running.code.program.module->module(), plan));
  for (std::string_view argument : plan.arguments) {
    if (!plan.invoke) plan.wasi.args.emplace_back(argument);
  }
  make_wasi(running);
  watch_heap(running);
  running.started = os::monotonic_now();
  const Result<runtime::Instance*> instance = link(store, *running.wasi, running.code, nullptr);
  if (!instance) return end_threads(running, std::unexpected(instance.error().clone()));
  running.instance = *instance;
  if (running.code.program.tier) watch.add(running.code.program.tier, **instance);
  return end_threads(running, start(store, **instance, plan));
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
  if (is_component_program(plan->file)) {
    const Status done = run_component(*plan);
    if (done) return kExitOk;
    if (const std::optional<int> code = api::exit_code(done.error())) return *code;
    if (done.error().phase() == Phase::Usage) return report_usage(done.error(), args.command->name);
    return report(done.error(), plan->file);
  }
  // What is not there is told below.
  const bool there = tiering::regular_file_info(plan->file).has_value();
  if (there) {
    if (const Status fine = check_module_grants(*plan); !fine) return report(fine.error());
  }
  static Running& running = *new Running(std::move(*plan));
  const Status done = load_and_start(running);
  // What it has begun to compile goes to the cache.
  if (running.threads_ended) running.code.program.tier.reset();
  const uint64_t ran = os::monotonic_now() - running.started;
  const int code = report_end(done, running, args.command->name);
  // Whatever still runs must not see this process's end.
  if (!running.threads_ended) ::_exit(code);
  if (running.instance == nullptr) return code;
  running.store.heap().forget_stacks();
  if (running.plan.settings.gc_stats) write_all(kStderr, inspect::describe_heap(running.store, ran));
  if (running.heap_watch) running.heap_watch->finish(running.plan.snapshot_at_end);
  return running.snapshot_failed && code == kExitOk ? kExitFailure : code;
}

}  // namespace ashlar::cli
