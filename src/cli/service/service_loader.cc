// Loading of services; see service_loader.h.
#include "cli/service/service_loader.h"

#include <algorithm>
#include <utility>

#include <boost/asio/io_context.hpp>

#include "cli/component_modules.h"
#include "cli/network_flags.h"
#include "cli/output.h"
#include "os/file_bytes.h"

namespace ashlar::cli {

namespace {

constexpr std::string_view kMemory = "memory", kSqlite = "sqlite:";

/// Of which contents a file of the route is.
std::string file_identity(const RoutePlan& route, const std::string& file) {
  const auto found = std::ranges::find(route.files, file, &os::FileStamp::path);
  return found == route.files.end() ? std::string() : found->identity();
}

/// What nobody uses any more goes.
template <class T>
void forget_expired(std::map<std::string, std::weak_ptr<T>>& known) {
  std::erase_if(known, [](const auto& entry) { return entry.second.expired(); });
}

/// A path in a store's name is relative to the file that has it.
std::string resolve_store(const std::string& where, const TomlReader* reader) {
  if (!where.starts_with(kSqlite) || reader == nullptr) return where;
  return std::string(kSqlite) + reader->resolve(std::string_view(where).substr(kSqlite.size()));
}

/// Of a WASI program: takes away what only components have, so that it can be looked at; returns the keys.
std::vector<NamedPlace> take_of_components(RoutePlan& route, wasi::p2::KeyValueHost::Stores& stores) {
  if (route.of_components.empty() || route.kind == "http" || is_component_program(route.run.file)) return {};
  api::WasiOptions& wasi = route.run.wasi;
  wasi.allow_net.clear();
  wasi.config.clear();
  wasi.logging.clear();
  wasi.name_lookup = false;
  route.config = false;
  route.reuse = {};
  route.http = nullptr;
  stores.clear();
  return std::move(route.of_components);
}

}  // namespace

std::shared_ptr<const http::AddressRules> ServiceLoader::shared_rules(const RoutePlan& route) {
  if (route.http == nullptr) return nullptr;
  std::weak_ptr<const http::AddressRules>& known = rules_[route.http_text];
  if (auto rules = known.lock()) return rules;
  known = route.http;
  return route.http;
}

Result<std::shared_ptr<http::ClientTls>> ServiceLoader::shared_tls(const RoutePlan& route) {
  const std::string& file = route.run.cacert;
  std::weak_ptr<http::ClientTls>& known = tls_[file + "\n" + (file.empty() ? "" : file_identity(route, file))];
  if (auto tls = known.lock()) return tls;
  TRY_ASSIGN(auto tls, read_client_tls(file));
  known = tls;
  return tls;
}

// What is only in memory belongs to one route, whatever module it has; others are shared by all who name them.
wasi::p2::KeyValueHost::Stores ServiceLoader::open_stores(const RoutePlan& route, bool only_check,
                                                          const Mistake& mistake) {
  wasi::p2::KeyValueHost::Stores out;
  for (const NamedPlace& store : route.stores) {
    const std::string key = store.where == kMemory ? route.name + "\n" + store.name : store.where;
    std::shared_ptr<wasi::p2::KeyValueStore>& known = used_stores_[key];
    if (known == nullptr) {
      if (const auto found = stores_.find(key); found != stores_.end()) known = found->second;
    }
    if (known == nullptr) {
      auto opened =
          only_check ? check_key_value_store("keyvalue", store.where) : open_key_value_store("keyvalue", store.where);
      if (!opened) {
        mistake(store.offset, std::move(opened).error());
        // The program is looked at nevertheless.
        opened = std::make_shared<wasi::p2::MemoryKeyValueStore>();
      }
      known = std::move(*opened);
    }
    out[store.name] = known;
  }
  return out;
}

Result<std::shared_ptr<const serve::ServedApp>> ServiceLoader::load_route(RoutePlan& route,
                                                                          wasi::p2::KeyValueHost::Stores stores,
                                                                          const ServicePlan& plan, bool only_check) {
  const std::string identity =
      route.identity + file_identity(route, route.run.file) + "\n" + file_identity(route, route.run.cacert);
  AppRequest request;
  request.name = route.name;
  request.kind = route.kind;
  request.config = route.config;
  const uint64_t requests = route.requests != 0 ? route.requests : plan.service.requests;
  request.concurrent = std::max<uint64_t>(1, requests / plan.service.loops);
  request.stores = std::move(stores);
  request.reuse = route.reuse;
  const auto kept = kept_.find(route.name);
  if (!only_check && kept != kept_.end() && kept->second.identity == identity) {
    loaded_[route.name] = kept->second;
    return kept->second.served;
  }
  if (only_check) {
    route.run.settings.tier.mode = tiering::TierMode::Interpreter;
    route.run.settings.tier.chosen = true;
  }
  auto served = std::make_shared<serve::ServedApp>();
  served->name = route.name;
  served->http = shared_rules(route);
  if (served->http) {
    TRY_ASSIGN(served->tls, shared_tls(route));
  }
  TRY_ASSIGN(served->output, outputs_.open(names_shown_ ? route.name : std::string()));
  request.output = served->output;
  TRY_ASSIGN(served->app, load_app(route.run, std::move(request), engines_));
  boost::asio::io_context loop;
  TRY_ASSIGN(const auto guests, served->app->on_loop(loop, nullptr));
  loaded_[route.name] = {identity, served};
  return served;
}

// Of files that did not change the certificates stay, so that sessions with them are resumed.
void ServiceLoader::read_certificates(ServicePlan& plan, const Mistake& mistake) {
  certificates_.clear();
  for (size_t i = 0; i < plan.service.listen.size(); ++i) {
    serve::ListenOptions& options = plan.service.listen[i];
    if (options.certificate.empty() || options.key.empty()) continue;
    const os::FileStamp stamps[] = {os::stamp_file(options.certificate), os::stamp_file(options.key)};
    stamps_.insert(stamps_.end(), std::begin(stamps), std::end(stamps));
    std::string identity;
    for (const os::FileStamp& stamp : stamps) identity += stamp.path + "\n" + stamp.identity() + "\n";
    const auto kept = kept_certificates_.find(identity);
    if (kept != kept_certificates_.end()) {
      options.tls = kept->second;
    } else if (auto made = serve::open_certificate(options)) {
      options.tls = std::move(*made);
    } else {
      const auto place = i < plan.tls_places.size() ? plan.tls_places[i] : ServicePlan::TlsPlace();
      const bool of_certificate = made.error().arg(0) == options.certificate;
      mistake(of_certificate ? place.certificate : place.key, std::move(made).error());
      continue;
    }
    certificates_[identity] = options.tls;
  }
}

ServiceLoader::Outcome ServiceLoader::load(bool only_check) {
  os::FileStamp stamp = os::stamp_file(file_);
  PlanReading reading = read_();
  // A program alone could write lines of the access log, were there no name before them.
  const LogPlan& log = reading.plan.log;
  names_shown_ = reading.reader != nullptr || (log.format && log.file.empty());
  stamps_ = {std::move(stamp)};
  loaded_.clear();
  used_stores_.clear();
  forget_expired(rules_);
  forget_expired(tls_);
  std::vector<Error> mistakes = std::move(reading.mistakes);
  // What cannot start is not compiled.
  bool check = only_check || !mistakes.empty() || (reading.reader && reading.reader->has_mistakes());
  const Mistake mistake = [&](uint32_t offset, Error error) {
    check = true;
    if (reading.reader) return reading.reader->mistake(offset, std::move(error));
    mistakes.push_back(std::move(error));
  };
  read_certificates(reading.plan, mistake);
  auto routes = std::make_shared<serve::Routes>();
  std::vector<serve::RouteMatch> matches;
  size_t fresh = 0;
  for (RoutePlan& route : reading.plan.routes) {
    stamps_.insert(stamps_.end(), route.files.begin(), route.files.end());
    for (NamedPlace& store : route.stores) store.where = resolve_store(store.where, reading.reader.get());
    auto stores = open_stores(route, check, mistake);
    // Here also for who may send no requests, and loaded once.
    auto tls = route.run.cacert.empty() ? Result<std::shared_ptr<http::ClientTls>>() : shared_tls(route);
    if (!tls) {
      mistake(route.cacert_offset, std::move(tls).error());
      // The program is looked at nevertheless.
      route.run.cacert.clear();
    }
    if (route.run.file.empty()) continue;
    matches.push_back(route.match);
    const auto others = take_of_components(route, stores);
    auto served = load_route(route, std::move(stores), reading.plan, check);
    // What cannot be read is neither.
    if (served || served.error().phase() != Phase::Malformed) {
      for (const NamedPlace& key : others) {
        mistake(key.offset, Error(ErrorCode::service_bad_value, kNoOffset, key.name, route.run.file,
                                  "is a WASI program" + key.where + ": this is for components"));
      }
    }
    if (served) {
      const auto kept = kept_.find(route.name);
      if (kept == kept_.end() || kept->second.served != *served) ++fresh;
      routes->apps.push_back(std::move(*served));
    } else if (reading.reader) {
      mistake(route.module_offset,
              Error(ErrorCode::service_bad_program, kNoOffset, route.name, describe(served.error(), route.run.file)));
    } else {
      // What is of no file names its file itself.
      const bool named = served.error().phase() == Phase::Io;
      mistakes.push_back(named ? std::move(served).error() : std::move(served).error().in_file(route.run.file));
    }
  }
  if (reading.reader) {
    for (Error& error : reading.reader->take_mistakes()) mistakes.push_back(std::move(error));
  }
  if (!mistakes.empty()) return std::unexpected(std::move(mistakes));
  auto router = serve::Router::make(matches);
  CHECK(router.has_value());  // paths were parsed when they were read
  routes->router = std::move(*router);
  Loaded out{std::move(reading.plan), std::move(routes), {}, fresh};
  if (reading.reader) out.warnings = reading.reader->take_warnings();
  return out;
}

void ServiceLoader::keep(const Loaded&) {
  kept_ = std::move(loaded_);
  stores_ = std::move(used_stores_);
  kept_certificates_ = certificates_;
}

PlanReading read_service_file(const std::string& file, const ServiceDefaults& defaults) {
  PlanReading out;
  auto bytes = os::read_file(file);
  if (!bytes || !bytes->set_apart()) {
    out.mistakes.push_back(bytes ? Error(ErrorCode::io_failed, kNoOffset, file, "changes while it is read")
                                 : std::move(bytes).error());
    return out;
  }
  std::string text(reinterpret_cast<const char*>(bytes->bytes().data()), bytes->bytes().size());
  auto parsed = parse_toml(text);
  if (!parsed) {
    out.mistakes.push_back(std::move(parsed).error().in_file(file));
    return out;
  }
  out.reader = std::make_unique<TomlReader>(file, std::move(text));
  out.plan = read_service_plan(*parsed, defaults, *out.reader);
  return out;
}

PlanReading plan_of_program(const Plan& plan, const serve::ServiceOptions& service) {
  PlanReading out;
  out.plan.service = service;
  RoutePlan& route = out.plan.routes.emplace_back();
  route.run = plan;
  route.name = plan.file;
  route.files.push_back(os::stamp_file(plan.file));
  if (!plan.cacert.empty()) set_cacert(plan.cacert, route);
  // Stores are the service's, so that what they hold is there after a reload, too.
  for (const std::string& text : std::exchange(route.run.wasi.key_values, {})) {
    auto [name, where] = split_store(text);
    route.stores.push_back({std::move(name), std::move(where)});
  }
  for (const auto& [flag, host] : plan.allow_http) {
    if (!route.http) route.http = std::make_shared<http::AddressRules>();
    route.http_text += std::string(host) + "\n";
    if (Status added = route.http->add(flag, host); !added) out.mistakes.push_back(std::move(added).error());
  }
  return out;
}

}  // namespace ashlar::cli
