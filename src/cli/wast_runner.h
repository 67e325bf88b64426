// Runs scripts of the specification's test format and counts what passes.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "api/load.h"
#include "cli/component_scripts.h"
#include "cli/config_flags.h"
#include "inspect/heap_stats.h"
#include "runtime/linker.h"
#include "text/script.h"

namespace ashlar::cli {

using ScriptCommand = text::Command;

struct WastFailure {
  uint32_t line;
  std::string kind;  ///< the directive: "assert_return"
  std::string message;
};

/// The outcome of one script; every directive is counted once.
struct WastReport {
  std::string file;
  size_t passed = 0;
  size_t failed = 0;
  size_t skipped = 0;
  std::vector<WastFailure> failures;

  void add(WastReport other);
};

enum class WastVerdict : uint8_t { Passed, Skipped };

struct WastOptions {
  Settings settings;
  bool run = true;       ///< false: only decode and validate; what executes is skipped
  bool verbose = false;  ///< let spectest's functions print
  component::Gates gates;
};

/// Reads, parses and runs one script. Folders of proposals whose suite was made before other features came run without
/// those.
WastReport run_script(const std::string& path, const WastOptions& options);

/// The state of one script, or of one of its threads: a store of its own.
class WastRunner {
 public:
  WastRunner(std::shared_ptr<runtime::Engine> engine, const WastOptions& options);
  ~WastRunner();
  WastRunner(const WastRunner&) = delete;
  WastRunner& operator=(const WastRunner&) = delete;

  Status prepare();
  void run(std::span<const ScriptCommand> commands);
  /// What the collector of this script's own store did in the time it ran.
  std::string describe_heap(uint64_t run_ns) { return inspect::describe_heap(store_, run_ns); }
  WastReport take_report() { return std::move(report_); }

 private:
  using Kind = ScriptCommand::Kind;
  using Compiled = std::shared_ptr<runtime::CompiledModule>;
  using Exports = std::vector<std::pair<std::string, runtime::Extern>>;
  /// An instance of this store, or what a thread sees of its parent's.
  struct Instance {
    runtime::Instance* real = nullptr;
    Exports shared;
  };
  struct Thread {
    std::unique_ptr<WastRunner> runner;
    std::thread thread;
  };
  using Verdict = WastVerdict;

  void run_one(const ScriptCommand& command);
  Result<Verdict> perform(const ScriptCommand& command);

  /// Directives about components; nothing for others.
  std::optional<Result<Verdict>> perform_on_component(const ScriptCommand& command);
  Status define_module(const ScriptCommand& command);
  Status instantiate(const ScriptCommand& command, const Compiled& compiled);
  Status register_instance(const ScriptCommand& command);
  Status start_thread(const ScriptCommand& command);
  Status wait_thread(const ScriptCommand& command);

  Status assert_return(const ScriptCommand& command);
  Status assert_trap(const ScriptCommand& command);
  Status assert_exception(const ScriptCommand& command);
  Status assert_bad_module(const ScriptCommand& command, Phase phase);
  Status assert_unlinkable(const ScriptCommand& command);

  Result<Compiled> compile(const text::ModuleSource& source);
  Result<Compiled> compile(const api::ModuleBytes& bytes);
  Status expect_error(const Status& outcome, Phase phase, const std::string& text) const;
  Status check_only(const text::ModuleSource& source);
  Status act(const text::Action& action, std::vector<runtime::Value>& results);
  /// Of the action or of instantiating the module.
  Status act_or_instantiate(const ScriptCommand& command, std::vector<runtime::Value>& results);
  Result<const Instance*> find_instance(const std::string& id) const;
  Result<runtime::Extern> find_export(const Instance& instance, std::string_view name) const;
  Exports shared_exports(const Instance& instance) const;

  std::shared_ptr<runtime::Engine> engine_;
  const WastOptions& options_;
  runtime::Store store_;
  runtime::Linker linker_;
  WastReport report_;
  std::map<std::string, Compiled, std::less<>> definitions_;  ///< "" is the latest
  std::map<std::string, Instance, std::less<>> instances_;
  std::map<std::string, Thread, std::less<>> threads_;
  ComponentScripts components_;
};

}  // namespace ashlar::cli
