// The script runner; see wast_runner.h.
#include "cli/wast_runner.h"

#include "cli/output.h"
#include "cli/spectest.h"
#include "cli/tiers.h"
#include "cli/wast_values.h"
#include "os/clock.h"
#include "os/file_bytes.h"

namespace ashlar::cli {

namespace {

std::unexpected<Error> failed(std::string message) {
  return make_error(ErrorCode::script_failed, kNoOffset, std::move(message));
}

const char* phase_name(Phase phase) {
  switch (phase) {
    case Phase::Malformed:
      return "malformed";
    case Phase::Invalid:
      return "invalid";
    case Phase::Link:
      return "unlinkable";
    case Phase::Trap:
      return "trap";
    case Phase::Exit:
      return "exit";
    case Phase::Io:
      return "i/o";
    case Phase::Usage:
      return "usage";
    case Phase::Limit:
      return "limit";
    case Phase::Internal:
      return "internal";
  }
  return "?";
}

/// An error may say more than the script expects ("unknown type 3"), or less ("uninitialized element 2" expected).
bool same_text(std::string_view actual, std::string_view expected) {
  return actual.starts_with(expected) || expected.starts_with(actual);
}

template <class T>
Status status_of(Result<T> result) {
  if (result) return {};
  return std::unexpected(std::move(result).error());
}

/// What the scripts of a folder take for granted beyond the settings: suites of proposals are forks of older suites.
struct FolderFeatures {
  std::string_view folder;
  std::initializer_list<isa::Feature> on;
  std::initializer_list<isa::Feature> off;
};
constexpr FolderFeatures kFolderFeatures[] = {
    {"proposals/threads/",
     {isa::Feature::threads},
     {isa::Feature::multi_memory, isa::Feature::memory64, isa::Feature::gc, isa::Feature::function_references,
      isa::Feature::reference_types}},
    {"proposals/custom-page-sizes/", {isa::Feature::custom_page_sizes}, {}},
    {"proposals/wide-arithmetic/", {isa::Feature::wide_arithmetic}, {}},
    {"proposals/custom-descriptors/", {isa::Feature::custom_descriptors}, {}},
    {"legacy/", {isa::Feature::legacy_exceptions}, {}},
};

void set_folder_features(std::string_view path, isa::Features& features) {
  for (const FolderFeatures& row : kFolderFeatures) {
    const size_t at = path.find(row.folder);
    if (at == path.npos || (at != 0 && path[at - 1] != '/')) continue;
    for (isa::Feature feature : row.on) features.set(feature, true);
    for (isa::Feature feature : row.off) features.set(feature, false);
  }
}

}  // namespace

void WastReport::add(WastReport other) {
  passed += other.passed;
  failed += other.failed;
  skipped += other.skipped;
  for (WastFailure& failure : other.failures) failures.push_back(std::move(failure));
}

WastRunner::WastRunner(std::shared_ptr<runtime::Engine> engine, const WastOptions& options)
    : engine_(std::move(engine)),
      options_(options),
      store_(engine_, options.settings.limits),
      linker_(store_),
      components_(engine_, store_, [this](const api::ModuleBytes& bytes) { return compile(bytes); }) {
  store_.fuel = options.settings.fuel;
  components_.set_gates(options.gates);
}

WastRunner::~WastRunner() {
  for (auto& [id, thread] : threads_) {
    if (thread.thread.joinable()) thread.thread.join();
  }
}

Status WastRunner::prepare() {
  if (!options_.run) return {};
  return define_spectest(store_, linker_, !options_.verbose);
}

void WastRunner::run(std::span<const ScriptCommand> commands) {
  for (const ScriptCommand& command : commands) run_one(command);
  for (auto& [id, thread] : threads_) {
    if (!thread.thread.joinable()) continue;
    thread.thread.join();
    report_.add(thread.runner->take_report());
  }
}

void WastRunner::run_one(const ScriptCommand& command) {
  store_.pending_exception = runtime::kNullRef;
  Result<Verdict> verdict = perform(command);
  if (!verdict) {
    ++report_.failed;
    const Error& error = verdict.error();
    std::string message = error.message();
    if (error.code() != ErrorCode::script_failed) message = std::string(phase_name(error.phase())) + ": " + message;
    const bool has_line = error.line() != 0 && command.has_module;
    report_.failures.push_back(
        {has_line ? error.line() : command.position.line, std::string(text::to_string(command)), std::move(message)});
  } else if (*verdict == Verdict::Skipped) {
    ++report_.skipped;
  } else {
    ++report_.passed;
  }
}

namespace {

constexpr auto passed = [](Status status) -> Result<WastVerdict> {
  if (!status) return std::unexpected(std::move(status).error());
  return WastVerdict::Passed;
};

/// The phases of component errors, and their texts, are one engine's: what counts is that there is one.
Status expect_bad(const Status& outcome, const std::string& text) {
  if (!outcome && (outcome.error().phase() == Phase::Malformed || outcome.error().phase() == Phase::Invalid ||
                   outcome.error().phase() == Phase::Limit)) {
    return {};
  }
  if (outcome) return failed("expected '" + text + "', but there was no error");
  return failed("expected '" + text + "', got " + phase_name(outcome.error().phase()) + " '" +
                outcome.error().message() + "'");
}

Status expect_phase(const Status& outcome, Phase phase, const std::string& text) {
  if (outcome) return failed("expected '" + text + "', but there was no error");
  if (outcome.error().code() == ErrorCode::script_failed) return failed(outcome.error().message());
  if (outcome.error().phase() == phase && outcome.error().code() != ErrorCode::component_unsupported_call) return {};
  return failed("expected '" + text + "', got " + phase_name(outcome.error().phase()) + " '" +
                outcome.error().message() + "'");
}

}  // namespace

std::optional<Result<WastRunner::Verdict>> WastRunner::perform_on_component(const ScriptCommand& command) {
  const bool of_source = command.component || (command.has_module && command.module.component);
  const bool of_action = !command.has_module && components_.has(command.action.module);
  switch (command.kind) {
    case Kind::Module:
    case Kind::ModuleDefinition:
      if (!of_source) {
        if (command.kind == Kind::Module) components_.forget_latest();
        return std::nullopt;
      }
      return passed(options_.run ? components_.define(command) : components_.check(command.module));
    case Kind::AssertMalformed:
    case Kind::AssertInvalid:
      if (!of_source) return std::nullopt;
      return passed(expect_bad(components_.check(command.module), command.message));
    default:
      break;
  }
  if (!options_.run) return std::nullopt;
  switch (command.kind) {
    case Kind::ModuleInstance:
      if (!of_source) {
        components_.forget_latest();
        return std::nullopt;
      }
      return passed(components_.instantiate(command));
    case Kind::AssertUnlinkable:
      if (!of_source) return std::nullopt;
      return passed(expect_phase(components_.try_instance(command.module), Phase::Link, command.message));
    case Kind::Action:
      if (!of_action) return std::nullopt;
      return passed(status_of(components_.invoke(command.action)));
    case Kind::AssertReturn:
      if (!of_action) return std::nullopt;
      return passed(components_.assert_return(command));
    case Kind::AssertTrap:
      if (of_source) {
        return passed(expect_phase(components_.try_instance(command.module), Phase::Trap, command.message));
      }
      if (!of_action) return std::nullopt;
      return passed(expect_phase(status_of(components_.invoke(command.action)), Phase::Trap, command.message));
    default:
      return std::nullopt;
  }
}

Result<WastRunner::Verdict> WastRunner::perform(const ScriptCommand& command) {
  if (auto done = perform_on_component(command)) return std::move(*done);
  switch (command.kind) {
    case Kind::Module:
    case Kind::ModuleDefinition:
      return passed(options_.run ? define_module(command) : check_only(command.module));
    case Kind::AssertMalformed:
    case Kind::AssertMalformedCustom:
      return passed(assert_bad_module(command, Phase::Malformed));
    case Kind::AssertInvalid:
    case Kind::AssertInvalidCustom:
      return passed(assert_bad_module(command, Phase::Invalid));
    case Kind::AssertSuspension:
      return Verdict::Skipped;  // of stack switching, a proposal that is not there
    default:
      break;
  }
  if (!options_.run) return Verdict::Skipped;
  switch (command.kind) {
    case Kind::ModuleInstance: {
      const auto found = definitions_.find(command.target);
      if (found == definitions_.end()) return failed("unknown module definition $" + command.target);
      return passed(instantiate(command, found->second));
    }
    case Kind::Register:
      return passed(register_instance(command));
    case Kind::Action: {
      std::vector<runtime::Value> results;
      return passed(act(command.action, results));
    }
    case Kind::AssertReturn:
      return passed(assert_return(command));
    case Kind::AssertTrap:
    case Kind::AssertExhaustion:
      return passed(assert_trap(command));
    case Kind::AssertException:
      return passed(assert_exception(command));
    case Kind::AssertUnlinkable:
      return passed(assert_unlinkable(command));
    case Kind::Thread:
      return passed(start_thread(command));
    case Kind::Wait:
      return passed(wait_thread(command));
    default:
      return failed("unknown directive");
  }
}

Result<WastRunner::Compiled> WastRunner::compile(const text::ModuleSource& source) {
  TRY_ASSIGN(std::vector<uint8_t> binary, text::to_binary(source));
  auto kept = std::make_shared<const std::vector<uint8_t>>(std::move(binary));
  const std::span<const uint8_t> bytes(*kept);
  return compile({std::move(kept), bytes, nullptr});
}

Result<WastRunner::Compiled> WastRunner::compile(const api::ModuleBytes& bytes) {
  TRY_ASSIGN(Compiled compiled, api::compile(engine_, bytes));
  TRY(add_compiled_code(*compiled, {}, options_.settings));
  return compiled;
}

/// Passes when `outcome` is an error of that phase and text.
Status WastRunner::expect_error(const Status& outcome, Phase phase, const std::string& text) const {
  const std::string wanted = std::string(phase_name(phase)) + " '" + text + "'";
  if (outcome) return failed("expected " + wanted + ", but there was no error");
  const Error& error = outcome.error();
  if (error.phase() == phase && same_text(error.message(), text)) return {};
  // Before memory64, limits were 32-bit numbers in the text already; the parser reads 64 bits, validation objects.
  const bool early_limits = !engine_->config().features.has(isa::Feature::memory64) && phase == Phase::Malformed &&
                            text == "i32 constant out of range" &&
                            error.message().starts_with("memory size must be at most");
  if (early_limits) return {};
  return failed("expected " + wanted + ", got " + phase_name(error.phase()) + " '" + error.message() + "'");
}

Status WastRunner::check_only(const text::ModuleSource& source) {
  TRY_ASSIGN(std::vector<uint8_t> binary, text::to_binary(source));
  auto kept = std::make_shared<const std::vector<uint8_t>>(std::move(binary));
  const std::span<const uint8_t> bytes(*kept);
  // What is asserted of bodies must be seen now, whatever the settings say.
  runtime::Config config = engine_->config();
  config.lazy_validation = false;
  return status_of(api::check({std::move(kept), bytes, nullptr}, config, engine_->types()));
}

Status WastRunner::define_module(const ScriptCommand& command) {
  // What follows a module that failed must not run on the one before.
  if (command.kind == Kind::Module) instances_.erase("");
  TRY_ASSIGN(Compiled compiled, compile(command.module));
  definitions_[""] = compiled;
  if (!command.id.empty()) definitions_[command.id] = compiled;
  if (command.kind == Kind::ModuleDefinition) return {};
  return instantiate(command, compiled);
}

Status WastRunner::instantiate(const ScriptCommand& command, const Compiled& compiled) {
  instances_.erase("");
  TRY_ASSIGN(runtime::Instance * instance, linker_.instantiate(compiled));
  instances_[""] = {instance, {}};
  if (!command.id.empty()) instances_[command.id] = {instance, {}};
  return {};
}

Result<const WastRunner::Instance*> WastRunner::find_instance(const std::string& id) const {
  const auto found = instances_.find(id);
  if (found == instances_.end()) return failed(id.empty() ? "there is no instance" : "unknown instance $" + id);
  return &found->second;
}

Result<runtime::Extern> WastRunner::find_export(const Instance& instance, std::string_view name) const {
  runtime::Extern out;
  if (instance.real && instance.real->find_export(name, &out)) return out;
  for (const auto& [shared_name, shared] : instance.shared) {
    if (shared_name == name) return shared;
  }
  return failed("no export is called '" + printable(name) + "'");
}

Status WastRunner::register_instance(const ScriptCommand& command) {
  TRY_ASSIGN(const Instance* instance, find_instance(command.target));
  if (instance->real) linker_.define_instance(command.name, *instance->real);
  for (const auto& [name, shared] : instance->shared) linker_.define(command.name, name, shared);
  return {};
}

Status WastRunner::act(const text::Action& action, std::vector<runtime::Value>& results) {
  TRY_ASSIGN(const Instance* instance, find_instance(action.module));
  TRY_ASSIGN(runtime::Extern target, find_export(*instance, action.name));
  if (action.kind == text::Action::Kind::Get) {
    if (target.kind != module::ExternKind::Global) return failed("'" + printable(action.name) + "' is no global");
    const runtime::GlobalInstance& global = *target.global;
    results.push_back({global.type.type, global.value[0], global.value[1]});
    return {};
  }
  if (target.kind != module::ExternKind::Func) return failed("'" + printable(action.name) + "' is no function");
  std::vector<runtime::Value> args(action.args.size());
  // Making one may move those before it.
  const runtime::GcHeap::ScannedRange scanned(store_.heap(), args.data(), args.size() * sizeof(runtime::Value));
  for (size_t i = 0; i < args.size(); ++i) {
    TRY_ASSIGN(args[i], script_argument(store_, action.args[i]));
  }
  return store_.call(target.func, args, results);
}

Status WastRunner::act_or_instantiate(const ScriptCommand& command, std::vector<runtime::Value>& results) {
  if (!command.has_module) return act(command.action, results);
  TRY_ASSIGN(Compiled compiled, compile(command.module));
  return status_of(linker_.instantiate(std::move(compiled)));
}

Status WastRunner::assert_return(const ScriptCommand& command) {
  std::vector<runtime::Value> results;
  TRY(act(command.action, results));
  bool good = results.size() == command.results.size();
  for (size_t i = 0; good && i < results.size(); ++i) good = matches(store_, command.results[i], results[i]);
  if (good) return {};
  return failed("expected " + describe_expected(command.results) + ", got " + describe_actual(store_, results));
}

Status WastRunner::assert_trap(const ScriptCommand& command) {
  std::vector<runtime::Value> results;
  const Status outcome = act_or_instantiate(command, results);
  if (outcome) return failed("expected a trap '" + command.message + "', got " + describe_actual(store_, results));
  if (outcome.error().code() == ErrorCode::script_failed) return failed(outcome.error().message());
  return expect_error(outcome, Phase::Trap, command.message);
}

Status WastRunner::assert_exception(const ScriptCommand& command) {
  std::vector<runtime::Value> results;
  const Status outcome = act_or_instantiate(command, results);
  if (outcome) return failed("expected an exception, got " + describe_actual(store_, results));
  if (outcome.error().code() == ErrorCode::uncaught_exception) return {};
  return failed("expected an exception, got '" + outcome.error().message() + "'");
}

Status WastRunner::assert_bad_module(const ScriptCommand& command, Phase phase) {
  return expect_error(check_only(command.module), phase, command.message);
}

Status WastRunner::assert_unlinkable(const ScriptCommand& command) {
  TRY_ASSIGN(Compiled compiled, compile(command.module));
  return expect_error(status_of(linker_.instantiate(std::move(compiled))), Phase::Link, command.message);
}

/// Stores share memories only, and of those only shared ones.
WastRunner::Exports WastRunner::shared_exports(const Instance& instance) const {
  Exports out = instance.shared;
  if (!instance.real) return out;
  for (const module::Export& e : instance.real->module().exports) {
    runtime::Extern found;
    if (!instance.real->find_export(e.name, &found)) continue;
    if (found.kind == module::ExternKind::Memory && found.memory->shared()) out.emplace_back(e.name, found);
  }
  return out;
}

Status WastRunner::start_thread(const ScriptCommand& command) {
  auto runner = std::make_unique<WastRunner>(engine_, options_);
  TRY(runner->prepare());
  for (const std::string& id : command.shared) {
    TRY_ASSIGN(const Instance* instance, find_instance(id));
    Exports shared = shared_exports(*instance);
    for (auto& [name, item] : shared) {
      // This store owns the memory and outlives the thread: it is joined before the store goes.
      item.memory = runner->store_.adopt_memory({std::shared_ptr<void>(), item.memory});
    }
    runner->instances_[id] = {nullptr, std::move(shared)};
  }
  Thread& thread = threads_[command.id];
  if (thread.thread.joinable()) return failed("thread $" + command.id + " is running already");
  thread.runner = std::move(runner);
  WastRunner* body = thread.runner.get();
  thread.thread = std::thread([body, &command] { body->run(command.body); });
  return {};
}

Status WastRunner::wait_thread(const ScriptCommand& command) {
  const auto found = threads_.find(command.id);
  if (found == threads_.end() || !found->second.thread.joinable()) return failed("unknown thread $" + command.id);
  found->second.thread.join();
  report_.add(found->second.runner->take_report());
  return {};
}

WastReport run_script(const std::string& path, const WastOptions& options) {
  WastReport report;
  const auto give_up = [&](const Error& error) {
    report.file = path;
    ++report.failed;
    report.failures.push_back({error.line(), "script", error.message()});
    return std::move(report);
  };
  Result<os::FileBytes> file = os::read_file(path);
  if (!file) return give_up(file.error());
  const std::span<const uint8_t> bytes = file->bytes();
  Result<text::Script> script =
      text::parse_script(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
  if (!script) return give_up(script.error());
  runtime::Config config = options.settings.config;
  set_folder_features(path, config.features);
  WastRunner runner(std::make_shared<runtime::Engine>(std::move(config), engine_tier(options.settings)), options);
  if (Status ready = runner.prepare(); !ready) return give_up(ready.error());
  const uint64_t started = os::monotonic_now();
  runner.run(script->commands);
  if (options.settings.gc_stats) write_all(kStderr, runner.describe_heap(os::monotonic_now() - started));
  report = runner.take_report();
  report.file = path;
  return report;
}

}  // namespace ashlar::cli
