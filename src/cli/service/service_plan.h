// A service of several programs, as its file describes it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/run_plan.h"
#include "cli/service/toml_reader.h"
#include "http/address_rules.h"
#include "os/file_watch.h"
#include "serve/app.h"
#include "serve/router.h"
#include "serve/service.h"

namespace ashlar::cli {

/// A name and what it stands for, with its place in the file.
struct NamedPlace {
  std::string name;
  std::string where;
  uint32_t offset = 0;
};

struct RoutePlan {
  uint32_t offset = 0;         ///< of its table
  uint32_t module_offset = 0;  ///< of the module's name
  uint32_t cacert_offset = 0;  ///< of the name of the file with certificates
  std::string name;
  serve::RouteMatch match;
  std::string kind;       ///< "http", "cgi" or "raw"; empty: the module tells
  uint64_t requests = 0;  ///< under way at once; 0: as many as the server has
  serve::Reuse reuse;
  Plan run;
  std::shared_ptr<http::AddressRules> http;
  std::string http_text;                  ///< the rules, as they are written
  bool config = false;                    ///< wasi:config is there, even without a setting
  std::vector<NamedPlace> stores;         ///< of wasi:keyvalue
  std::vector<NamedPlace> secrets;        ///< each with the key as whose entry it is given, "env" or "config"
  std::vector<NamedPlace> of_components;  ///< keys that are given and that WASI programs have no use for
  std::vector<os::FileStamp> files;       ///< module and secrets, as they were before they were read
  /// Equal for routes that the same app can answer, but for the files' contents. Secrets are in it by their digests.
  std::string identity;
};

/// Lines for requests; without a format none.
struct LogPlan {
  std::optional<serve::LogFormat> format;
  std::string file;  ///< empty: standard error
};
/// Where operators look; addresses that are the same are one.
void add_admin(std::string_view address, serve::ServiceOptions& out);
/// Room for a request's header that a limit leaves: with less every one would be refused.
inline constexpr uint64_t kLeastHeader = 256;
/// Why lines cannot be added to a file, "" where nothing speaks against it.
std::string problem_of_log(const std::string& file);
/// "text", "json".
std::optional<serve::LogFormat> log_format_from_name(std::string_view name);

struct ServicePlan {
  serve::ServiceOptions service;
  LogPlan log;
  bool watch = true;
  std::vector<RoutePlan> routes;
  /// Of service.listen, by the same index, where certificate and key are named; none: not in a file.
  struct TlsPlace {
    uint32_t certificate = 0, key = 0;
  };
  std::vector<TlsPlace> tls_places;
  /// What takes effect only at the start: a key of the server's and what it says.
  std::vector<std::pair<std::string, std::string>> fixed;
};

/// What the command line says of all routes, and what it says in place of the file.
struct ServiceDefaults {
  Plan run;                         ///< features, tier and cache
  std::vector<std::string> listen;  ///< --addr; empty: as the file says
  uint64_t threads = 0;             ///< 0: as the file says
  std::vector<std::string> admin;   ///< --metrics and --status; empty: as the file says
  LogPlan log;                      ///< --access-log; without a format: as the file says
};

/// Reads the file; mistakes are the reader's. What is not mistaken is there even when something else is.
ServicePlan read_service_plan(const TomlValue& file, const ServiceDefaults& defaults, TomlReader& reader);

/// Reads a table [[route]].
RoutePlan read_route(const TomlValue& table, const ServiceDefaults& defaults, TomlReader& reader);

/// Whom it trusts beside the system: a PEM file, loaded anew when it changes.
void set_cacert(std::string file, RoutePlan& out);

/// Requests that an instance answers where nothing is said but that it is reused.
inline constexpr uint64_t kUsualReuse = 128;

/// All keys, "route.path", for the documentation's test.
std::vector<std::string> service_keys();
std::vector<std::string> route_keys();

}  // namespace ashlar::cli
