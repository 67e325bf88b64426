// From a service's file, or from one program, to routes that can answer; again and again, keeping what did not change.
#pragma once

#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "cli/serve_app.h"
#include "cli/service/service_plan.h"
#include "os/file_watch.h"
#include "serve/routes.h"

namespace ashlar::cli {

/// A plan as it was read, with all that is wrong with it.
struct PlanReading {
  ServicePlan plan;
  std::unique_ptr<TomlReader> reader;  ///< for mistakes found later; null: the plan is of no file
  std::vector<Error> mistakes;
};

/// Of one thread at a time.
class ServiceLoader {
 public:
  using ReadPlan = std::function<PlanReading()>;
  /// `file`: what `read` reads; it is watched. `name`: for messages.
  ServiceLoader(std::string file, ReadPlan read) : file_(std::move(file)), read_(std::move(read)) {}

  struct Loaded {
    ServicePlan plan;  ///< without its routes' runs
    std::shared_ptr<const serve::Routes> routes;
    std::vector<Error> warnings;
    size_t fresh = 0;  ///< programs that were loaded for it
  };
  using Outcome = std::expected<Loaded, std::vector<Error>>;
  /// Each program is instantiated once. All mistakes are found, not only the first.
  Outcome load() { return load(false); }
  /// The same, but nothing is compiled, no store is opened, and nothing is kept.
  Outcome check() { return load(true); }
  /// What load() gave is what the service answers with.
  void keep(const Loaded& loaded);
  /// What was loaded, and what will be, is no longer changed by who writes over its files. Takes its time with large
  /// ones.
  void set_files_apart() { engines_.set_files_apart(); }
  /// Of the last load(): what was read, before it was.
  const std::vector<os::FileStamp>& stamps() const { return stamps_; }

 private:
  struct Kept {
    std::string identity;
    std::shared_ptr<const serve::ServedApp> served;
  };
  Outcome load(bool only_check);
  using Mistake = std::function<void(uint32_t offset, Error error)>;
  Result<std::shared_ptr<const serve::ServedApp>> load_route(RoutePlan& route, wasi::p2::KeyValueHost::Stores stores,
                                                             const ServicePlan& plan, bool only_check);
  wasi::p2::KeyValueHost::Stores open_stores(const RoutePlan& route, bool only_check, const Mistake& mistake);
  std::shared_ptr<const http::AddressRules> shared_rules(const RoutePlan& route);
  Result<std::shared_ptr<http::ClientTls>> shared_tls(const RoutePlan& route);
  void read_certificates(ServicePlan& plan, const Mistake& mistake);

  std::string file_;
  ReadPlan read_;
  Engines engines_;
  serve::GuestOutputs outputs_;                ///< of the apps below
  bool names_shown_ = false;                   ///< what they print has their names in front
  std::map<std::string, Kept> kept_, loaded_;  ///< by the routes' names
  std::map<std::string, std::shared_ptr<wasi::p2::KeyValueStore>> stores_, used_stores_;
  // As long as an app has them.
  std::map<std::string, std::weak_ptr<const http::AddressRules>> rules_;  ///< by their text
  std::map<std::string, std::weak_ptr<http::ClientTls>> tls_;             ///< by the file of --cacert and its contents
  std::map<std::string, std::shared_ptr<const http::TlsContext>> certificates_, kept_certificates_;  ///< by their files
  std::vector<os::FileStamp> stamps_;
};

/// Reads a service's file.
PlanReading read_service_file(const std::string& file, const ServiceDefaults& defaults);
/// A service of one program that answers all requests.
PlanReading plan_of_program(const Plan& plan, const serve::ServiceOptions& service);

}  // namespace ashlar::cli
