// ashlar run: runs a program (command or reactor) or one exported function.
#include <unistd.h>

#include <cstdlib>
#include <optional>

#include "api/load.h"
#include "api/wasi_bind.h"
#include "cli/config_flags.h"
#include "cli/output.h"
#include "cli/registry.h"
#include "cli/tiers.h"
#include "cli/values.h"
#include "cli/watchdog.h"
#include "inspect/inspect.h"
#include "runtime/linker.h"

namespace ashlar::cli {
namespace {

using module::ExternKind;

enum RunFlag : int {
  kDir = kFirstOwnFlag,
  kEnv,
  kInheritEnv,
  kListen,
  kInvoke,
  kPreload,
  kArgv0,
  kProfile,
  kDebugInfo,
};

constexpr Flag kFlags[] = {
    {kDir, 0, "dir", "HOST[::GUEST][:ro]", "grant a directory, with ':ro' only for reading"},
    {kEnv, 0, "env", "NAME[=VALUE]", "set an environment variable, or pass on our own"},
    {kInheritEnv, 0, "inherit-env", "", "pass on the whole environment"},
    {kListen, 0, "listen", "ADDRESS:PORT", "open a listening socket and hand it to the program"},
    {kInvoke, 0, "invoke", "NAME", "call this exported function with ARGS and print its results"},
    {kPreload, 0, "preload", "NAME=FILE", "instantiate another module first; imports from NAME are its exports"},
    {kArgv0, 0, "argv0", "NAME", "the program's own name, as it sees it"},
    {kMaxMemoryFlag, 0, "max-memory", "SIZE", "limit of linear memory (512M, 2G)"},
    {kMaxStackFlag, 0, "max-stack", "SIZE", "limit of the call stack (8M)"},
    kMaxGcHeapFlagRow,
    kGcStressFlagRow,
    {kFuelFlag, 0, "fuel", "N", "trap after about N instructions, always at the same place"},
    {kTimeoutFlag, 0, "timeout", "DURATION", "trap when the program has run so long (5s, 500ms)"},
    {kTierFlag, 0, "tier", "interp|optimizing|auto",
     "interpret, compile everything first, or compile\nwhat is hot while the program runs (the default)"},
    kNoCacheFlagRow,
    {kAllowPrecompiledFlag, 0, "allow-precompiled", "",
     "FILE may be what 'ashlar compile' wrote: machine code\nthat nothing holds back, so know where it came from"},
    {kProfile, 0, "profile", "perf|jitdump",
     "tell perf the names of compiled functions, or also\ntheir lines (jit-PID.dump, for 'perf inject --jit')"},
    {kDebugInfo, 'g', "debug-info", "",
     "show GDB the functions and the lines of their source;\ncompiles without optimizing"},
    kBoundsChecksFlagRow,
    kLazyFlagRow,
    kFeatureFlagRow,
};

/// "HOST", "HOST::GUEST", each with ":ro" behind.
api::WasiOptions::Dir parse_dir(std::string_view text) {
  api::WasiOptions::Dir out;
  if (text.ends_with(":ro") && !text.ends_with("::ro")) {
    out.read_only = true;
    text.remove_suffix(3);
  }
  const size_t split = text.find("::");
  out.host = text.substr(0, split);
  out.guest = split == text.npos ? out.host : std::string(text.substr(split + 2));
  return out;
}

void add_environment(api::WasiOptions& out) {
  for (char** entry = environ; entry && *entry; ++entry) {
    const std::string_view text(*entry);
    const size_t equals = text.find('=');
    if (equals != text.npos && equals != 0) out.set_env(text.substr(0, equals), text.substr(equals + 1));
  }
}

Status add_env(const Args::Given& given, api::WasiOptions& out) {
  const size_t equals = given.value.find('=');
  const std::string name(given.value.substr(0, equals));
  if (name.empty()) {
    return make_error(ErrorCode::bad_flag_value, kNoOffset, std::string(given.flag), std::string(given.value),
                      "NAME=VALUE or NAME");
  }
  if (equals != given.value.npos) {
    out.set_env(name, given.value.substr(equals + 1));
  } else if (const char* own = std::getenv(name.c_str())) {
    out.set_env(name, own);
  }
  return {};
}

std::string_view base_name(std::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == path.npos ? path : path.substr(slash + 1);
}

/// What is to be run, read off the command line.
struct Plan {
  Settings settings;
  api::WasiOptions wasi;
  std::string file;
  std::vector<std::pair<std::string, std::string>> preloads;
  std::optional<std::string_view> invoke;
  inspect::Options inspect;
  std::span<const std::string_view> arguments;
};

/// --profile and --debug-info.
Status read_inspection(const Args& args, Plan& plan) {
  inspect::Options& out = plan.inspect;
  const Args::Given* shown = args.find(kDebugInfo);
  out.debugger = shown != nullptr;
  if (const Args::Given* given = args.find(kProfile)) {
    shown = given;
    const std::optional<inspect::Profile> profile = inspect::profile_from_name(given->value);
    if (!profile) {
      return make_error(ErrorCode::bad_flag_value, kNoOffset, std::string(given->flag), std::string(given->value),
                        "perf or jitdump");
    }
    out.profile = *profile;
  }
  if (shown == nullptr) return {};
  tiering::TierOptions& tier = plan.settings.tier;
  // Who asked for the interpreter by name must know; whoever left the tier open gets machine code from the start.
  if (!tier.chosen || tier.mode == tiering::TierMode::Interpreter) {
    if (tier.chosen && !tier.allow_precompiled) {
      return make_error(ErrorCode::no_code_to_show, kNoOffset, std::string(shown->flag));
    }
    tier.mode = tiering::TierMode::Optimizing;
  }
  tier.all_places = out.debugger || out.profile == inspect::Profile::Jitdump;
  // What is to be measured is compiled as it is without; what is to be stepped through goes line by line.
  if (out.debugger && out.profile == inspect::Profile::None) tier.level = '0';
  out.file = plan.file;
  out.warn = [](const Error& e) { print_error("warning: " + e.render()); };
  return {};
}

Result<Plan> read_plan(const Args& args) {
  Plan plan;
  TRY_ASSIGN(plan.settings, read_settings(args));
  if (!plan.settings.tier.chosen) plan.settings.tier.mode = tiering::TierMode::Auto;
  if (args.operands.empty()) return make_error(ErrorCode::missing_operand, kNoOffset, "FILE");
  plan.file = args.operands[0];
  plan.arguments = std::span(args.operands).subspan(1);
  if (args.has(kInheritEnv)) add_environment(plan.wasi);
  for (const Args::Given& given : args.flags) {
    switch (given.id) {
      case kDir:
        plan.wasi.dirs.push_back(parse_dir(given.value));
        break;
      case kEnv:
        TRY(add_env(given, plan.wasi));
        break;
      case kListen:
        plan.wasi.listen.emplace_back(given.value);
        break;
      case kInvoke:
        plan.invoke = given.value;
        break;
      case kPreload: {
        const size_t equals = given.value.find('=');
        if (equals == given.value.npos) {
          return make_error(ErrorCode::bad_flag_value, kNoOffset, std::string(given.flag), std::string(given.value),
                            "NAME=FILE");
        }
        plan.preloads.emplace_back(given.value.substr(0, equals), given.value.substr(equals + 1));
        break;
      }
      default:
        break;
    }
  }
  TRY(read_inspection(args, plan));
  plan.wasi.interruptible = plan.settings.timeout_ns != 0;
  plan.wasi.args.emplace_back(args.value(kArgv0, base_name(plan.file)));
  return plan;
}

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

/// Without a command to give them to, arguments that begin with --invoke are meant for us: FILE --invoke NAME ARGS.
Status accept_late_invoke(const module::Module& m, Plan& plan) {
  if (plan.invoke || plan.arguments.empty() || m.find_export("_start")) return {};
  std::string_view first = plan.arguments[0];
  constexpr std::string_view kFlag = "--invoke";
  if (first == kFlag) {
    if (plan.arguments.size() < 2) {
      return make_error(ErrorCode::flag_needs_value, kNoOffset, std::string(kFlag), "NAME");
    }
    plan.invoke = plan.arguments[1];
    plan.arguments = plan.arguments.subspan(2);
  } else if (first.starts_with("--invoke=")) {
    plan.invoke = first.substr(kFlag.size() + 1);
    plan.arguments = plan.arguments.subspan(1);
  }
  return {};
}

/// The time limit is the program's: what loading takes, and compiling, does not count.
Status load_and_start(Plan& plan, const std::shared_ptr<runtime::Engine>& engine, runtime::Store& store,
                      runtime::Instance*& instance) {
  if (plan.inspect.profile != inspect::Profile::None || plan.inspect.debugger) TRY(inspect::start(plan.inspect));
  TRY_ASSIGN(Program program, load_program(engine, plan.file, plan.settings));
  std::optional<Watchdog> watchdog;
  if (plan.settings.timeout_ns != 0) watchdog.emplace(store, plan.settings.timeout_ns, plan.file);
  std::shared_ptr<runtime::CompiledModule>& compiled = program.module;
  TRY(accept_late_invoke(compiled->module(), plan));
  for (std::string_view argument : plan.arguments) {
    if (!plan.invoke) plan.wasi.args.emplace_back(argument);
  }
  runtime::Linker linker(store);
  api::WasiBinding wasi(store, std::move(plan.wasi));
  for (const auto& [name, file] : plan.preloads) {
    Result<std::shared_ptr<runtime::CompiledModule>> other = api::compile_file(engine, file);
    if (!other) return std::unexpected(std::move(other).error().in_file(file));
    TRY(wasi.define(linker, (*other)->module()));
    TRY_ASSIGN(runtime::Instance * preloaded, linker.instantiate(std::move(*other)));
    linker.define_instance(name, *preloaded);
  }
  TRY(wasi.define(linker, compiled->module()));
  TRY_ASSIGN(instance, linker.instantiate(std::move(compiled)));
  if (program.tier) program.tier->watch(*instance);
  return start(store, *instance, plan);
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
};

int run_run(const Args& args) {
  Result<Plan> plan = read_plan(args);
  if (!plan) return report_usage(plan.error(), "run");
  const std::string file = plan->file;
  static Running& running = *new Running(std::move(*plan));
  runtime::Store& store = running.store;
  const Status done = load_and_start(running.plan, running.engine, store, running.instance);
  if (done) return kExitOk;
  if (const std::optional<int> code = api::exit_code(done.error())) return *code;
  if (done.error().phase() == Phase::Usage) return report_usage(done.error(), "run");
  if (done.error().code() == ErrorCode::uncaught_exception) {
    std::string text = file + ": " + format_exception(store, running.instance);
    if (!done.error().notes().empty()) text += "\n" + done.error().notes();
    print_error(text);
    return kExitTrap;
  }
  return report(done.error(), file);
}

}  // namespace

constinit const Command kRunCommand = {
    .name = "run",
    .operands = "FILE [ARGS...]",
    .summary = "Run a program, or with --invoke one of its functions",
    .details =
        "FILE is a WebAssembly binary or text, '-' is standard input; ARGS are the program's. Flags stand before\n"
        "FILE. 'ashlar FILE [ARGS...]' is the same. A program gets nothing but its arguments, standard input and\n"
        "output, clocks and random numbers; flags grant more. --profile and -g show machine code: they choose\n"
        "--tier=optimizing unless told otherwise, and --tier=interp has nothing to show.\n"
        "Exit code: the program's own, 134 after a trap, 1 when FILE is bad, 2 for a wrong command line.",
    .flags = kFlags,
    .flags_end_at_operand = true,
    .run = run_run,
};

}  // namespace ashlar::cli
