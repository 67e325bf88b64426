// Programs that answer requests, loaded from files.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "cli/run_plan.h"
#include "component/executable.h"
#include "os/file_bytes.h"
#include "serve/app.h"
#include "serve/guest_output.h"
#include "tiering/service_tier.h"
#include "wasi/p2/settings.h"

namespace ashlar::cli {

/// What the programs of one service share: an engine, and with it the places for memories, where they can; components
/// that several have. One thread at a time.
class Engines {
 public:
  std::shared_ptr<runtime::Engine> find(const Settings& settings);
  struct Loaded {
    std::weak_ptr<const component::Executable> executable;
    std::weak_ptr<tiering::ServiceTier> tier;
    bool tiered = false;  ///< there was one: without it the executable is about to go, too
  };
  /// A component that some program of the service has loaded, as long as one has it. Empty until it is set.
  Loaded& component(const std::string& file, const Settings& settings);

  /// Of a program that is about to be loaded. Errors: Io, from the second load on: the file changes while it is read.
  Status add_file(const std::string& file, const std::shared_ptr<os::FileBytes>& bytes);
  /// Whoever writes over files that were added, or will be, does no more harm to what runs. Takes its time.
  void set_files_apart();

 private:
  struct Entry {
    bool interpreted, fuel;
    std::shared_ptr<runtime::Engine> engine;
  };
  std::vector<Entry> engines_;
  std::map<std::string, Loaded> components_;
  std::vector<std::weak_ptr<os::FileBytes>> files_;  ///< that are not yet set apart
  bool apart_at_once_ = false;
};

/// What a service wants of a program beside its plan.
struct AppRequest {
  std::string name;       ///< in the log
  std::string kind = {};  ///< "http" (a component), "cgi" or "raw"; empty: what the file looks like
  size_t concurrent = 0;  ///< requests under way on one loop
  wasi::p2::KeyValueHost::Stores stores = {};  ///< beside those of the plan
  /// Where it prints to, as long as that is there; null: standard error.
  std::shared_ptr<serve::GuestOutput> output = {};
  bool config = false;  ///< wasi:config is there, even without a setting
  serve::Reuse reuse = {};
};

/// Of the plan's file, with what the plan grants it. Errors: those of reading, checking and compiling it.
Result<std::shared_ptr<const serve::App>> load_app(Plan& plan, AppRequest request, Engines& engines);

}  // namespace ashlar::cli
