// The keys of a service's file: where it listens, the server's limits, and its routes.
#include <algorithm>
#include <array>
#include <thread>

#include "cli/args.h"
#include "cli/service/service_plan.h"

namespace ashlar::cli {

namespace {

using serve::ListenOptions;
using serve::ServiceOptions;

constexpr auto kListenKeys = std::to_array<TomlKey<ListenOptions>>({
    {"address", "a text: \"HOST:PORT\"", "addr bind host port",
     [](TomlReader& reader, const TomlEntry& entry, ListenOptions& out) {
       out.address = reader.text(entry).value_or("");
     }},
    {"cert", "a text: a PEM file with the certificate and those above it", "certificate tls_cert cert_file",
     [](TomlReader& reader, const TomlEntry& entry, ListenOptions& out) {
       if (const auto file = reader.text(entry)) out.certificate = reader.resolve(*file);
     }},
    {"key", "a text: a PEM file with the certificate's key", "private_key tls_key key_file",
     [](TomlReader& reader, const TomlEntry& entry, ListenOptions& out) {
       if (const auto file = reader.text(entry)) out.key = reader.resolve(*file);
     }},
});

void read_listen_table(TomlReader& reader, const TomlValue& table, ServiceOptions& out) {
  ListenOptions options;
  reader.read_table<ListenOptions>(table, "listen", kListenKeys, options);
  if (table.find("address") == nullptr) {
    reader.mistake(table.offset,
                   Error(ErrorCode::toml_missing_key, kNoOffset, "this table of 'listen'", "address", "HOST:PORT"));
  }
  if (options.certificate.empty() != options.key.empty()) {
    const bool no_key = options.key.empty();
    reader.mistake(table.offset,
                   Error(ErrorCode::toml_missing_key, kNoOffset, "this table of 'listen'", no_key ? "key" : "cert",
                         no_key ? "which belongs to the certificate" : "which belongs to the key"));
  }
  out.listen.push_back(std::move(options));
}

void read_listen(TomlReader& reader, const TomlEntry& entry, ServicePlan& out) {
  const bool list = entry.value.kind == TomlValue::Kind::List;
  for (const TomlValue& item : list ? std::span(entry.value.items) : std::span(&entry.value, 1)) {
    if (item.kind == TomlValue::Kind::Table) {
      read_listen_table(reader, item, out.service);
    } else if (auto address = reader.text(entry.name, item)) {
      out.service.listen.emplace_back();
      out.service.listen.back().address = std::move(*address);
    }
  }
}

template <class T>
void read_amount(TomlReader& reader, const TomlEntry& entry, T& out,
                 Result<uint64_t> (*parse)(std::string_view, std::string_view)) {
  constexpr uint64_t kMost = sizeof(T) == sizeof(uint64_t) ? uint64_t{1} << 62 : 1 << 30;
  if (const auto amount = reader.amount(entry, parse)) out = static_cast<T>(std::min(*amount, kMost));
}

void read_time(TomlReader& reader, const TomlEntry& entry, std::chrono::milliseconds& out) {
  const auto time = reader.amount(entry, &parse_duration);
  if (time) out = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::nanoseconds(*time));
}

constexpr std::string_view kWhole = "a whole number";
constexpr std::string_view kAdmin = "a text: \"HOST:PORT\"";

void read_admin(TomlReader& reader, const TomlEntry& entry, ServicePlan& out) {
  if (const auto address = reader.text(entry)) add_admin(*address, out.service);
}

constexpr std::string_view kDuration = "a duration (\"500ms\", \"30s\")";

constexpr auto kServerKeys = std::to_array<TomlKey<ServicePlan>>({
    {"threads", kWhole, "workers worker_threads loops",
     [](TomlReader& reader, const TomlEntry& entry, ServicePlan& out) {
       constexpr unsigned kMostThreads = 256;
       read_amount(reader, entry, out.service.loops, &parse_count);
       out.service.loops = std::clamp(out.service.loops, 1u, kMostThreads);
     }},
    {"max_connections", kWhole, "connections",
     [](TomlReader& reader, const TomlEntry& entry, ServicePlan& out) {
       read_amount(reader, entry, out.service.limits.connections, &parse_count);
     }},
    {"max_requests", kWhole, "requests concurrency",
     [](TomlReader& reader, const TomlEntry& entry, ServicePlan& out) {
       read_amount(reader, entry, out.service.requests, &parse_count);
     }},
    {"max_header", "a size (\"64K\")", "header max_header_size max_header_bytes",
     [](TomlReader& reader, const TomlEntry& entry, ServicePlan& out) {
       read_amount(reader, entry, out.service.limits.header_bytes, &parse_size);
     }},
    {"max_body", "a size (\"10M\")", "body max_body_size request_body",
     [](TomlReader& reader, const TomlEntry& entry, ServicePlan& out) {
       read_amount(reader, entry, out.service.limits.body_bytes, &parse_size);
     }},
    {"idle_timeout", kDuration, "idle keepalive keep_alive",
     [](TomlReader& reader, const TomlEntry& entry, ServicePlan& out) {
       read_time(reader, entry, out.service.limits.idle_time);
     }},
    {"drain_timeout", kDuration, "drain grace_period shutdown_timeout",
     [](TomlReader& reader, const TomlEntry& entry, ServicePlan& out) {
       read_time(reader, entry, out.service.drain_time);
     }},
    {"metrics", kAdmin, "prometheus metrics_address",
     [](TomlReader& reader, const TomlEntry& entry, ServicePlan& out) { read_admin(reader, entry, out); }},
    {"status", kAdmin, "admin dashboard",
     [](TomlReader& reader, const TomlEntry& entry, ServicePlan& out) { read_admin(reader, entry, out); }},
    {"access_log", "\"text\" or \"json\"", "log log_format access_log_format",
     [](TomlReader& reader, const TomlEntry& entry, ServicePlan& out) {
       const auto text = reader.text(entry);
       if (!text) return;
       out.log.format = log_format_from_name(*text);
       if (!out.log.format) reader.bad_value(entry.name, {*text, entry.value.offset}, "is not text or json");
     }},
    {"access_log_file", "a text: a file, to whose end lines are added", "log_file",
     [](TomlReader& reader, const TomlEntry& entry, ServicePlan& out) {
       if (const auto file = reader.text(entry)) out.log.file = reader.resolve(*file);
     }},
    {"watch", "true or false", "reload",
     [](TomlReader& reader, const TomlEntry& entry, ServicePlan& out) { out.watch = reader.on(entry).value_or(true); }},
});

/// What is read, and with what.
struct File {
  ServicePlan plan;
  const ServiceDefaults& defaults;
};

constexpr auto kFileKeys = std::to_array<TomlKey<File>>({
    {"listen", "an address \"HOST:PORT\", or a list of addresses or of tables", "address addr bind",
     [](TomlReader& reader, const TomlEntry& entry, File& out) { read_listen(reader, entry, out.plan); }},
    {"server", "a table", "servers limits settings",
     [](TomlReader& reader, const TomlEntry& entry, File& out) {
       for (const TomlValue* table : reader.tables(entry)) {
         reader.read_table<ServicePlan>(*table, "[server]", kServerKeys, out.plan);
       }
     }},
    {"route", "tables: [[route]]", "routes trigger component app",
     [](TomlReader& reader, const TomlEntry& entry, File& out) {
       for (const TomlValue* table : reader.tables(entry)) {
         out.plan.routes.push_back(read_route(*table, out.defaults, reader));
       }
     }},
});

void check_routes(const std::vector<RoutePlan>& routes, TomlReader& reader) {
  for (size_t i = 0; i < routes.size(); ++i) {
    const auto same = [&](const RoutePlan& other) { return other.name == routes[i].name; };
    const auto first = std::ranges::find_if(routes, same);
    if (first == routes.begin() + static_cast<ptrdiff_t>(i)) continue;
    reader.mistake(routes[i].offset, Error(ErrorCode::service_same_name, kNoOffset, routes[i].name,
                                           std::to_string(reader.line(first->offset))));
  }
  std::vector<serve::RouteMatch> matches;
  for (const RoutePlan& route : routes) matches.push_back(route.match);
  const auto router = serve::Router::make(matches);
  if (!router) return;
  for (const auto& clash : router->clashes()) {
    reader.mistake(routes[clash.second].offset, Error(ErrorCode::service_same_requests, kNoOffset, clash.what,
                                                      std::to_string(reader.line(routes[clash.first].offset))));
  }
}

/// `watch` may change at any time.
void note_fixed(const TomlValue& file, ServicePlan& out) {
  if (const TomlValue* listen = file.find("listen")) out.fixed.emplace_back("listen", toml_digest_text(*listen));
  const TomlValue* server = file.find("server");
  if (server == nullptr) return;
  for (const TomlEntry& entry : server->entries) {
    if (entry.name != "watch") out.fixed.emplace_back("server." + entry.name, toml_digest_text(entry.value));
  }
}

}  // namespace

void add_admin(std::string_view address, serve::ServiceOptions& out) {
  if (std::ranges::find(out.admin, address) == out.admin.end()) out.admin.emplace_back(address);
}

std::optional<serve::LogFormat> log_format_from_name(std::string_view name) {
  if (name == "text") return serve::LogFormat::Text;
  if (name == "json") return serve::LogFormat::Json;
  return std::nullopt;
}

ServicePlan read_service_plan(const TomlValue& file, const ServiceDefaults& defaults, TomlReader& reader) {
  File out{{}, defaults};
  out.plan.service.loops = std::max(1u, std::thread::hardware_concurrency());
  reader.read_table<File>(file, "the file", kFileKeys, out);
  ServicePlan& plan = out.plan;
  if (!defaults.listen.empty()) {
    plan.service.listen.clear();
    for (const std::string& address : defaults.listen) plan.service.listen.emplace_back().address = address;
  }
  if (plan.service.listen.empty()) plan.service.listen.emplace_back();
  if (!defaults.admin.empty()) plan.service.admin = defaults.admin;
  if (defaults.log.format) plan.log = defaults.log;
  if (!plan.log.file.empty() && !plan.log.format) plan.log.format = serve::LogFormat::Text;
  if (defaults.threads != 0) plan.service.loops = static_cast<unsigned>(defaults.threads);
  if (file.find("route") == nullptr || plan.routes.empty()) {
    reader.mistake(0, Error(ErrorCode::service_no_route));
  }
  check_routes(plan.routes, reader);
  note_fixed(file, plan);
  return std::move(plan);
}

std::vector<std::string> service_keys() {
  std::vector<std::string> out;
  for (const auto& key : kFileKeys) out.emplace_back(key.name);
  for (const auto& key : kListenKeys) out.push_back("listen." + std::string(key.name));
  for (const auto& key : kServerKeys) out.push_back("server." + std::string(key.name));
  for (std::string& name : route_keys()) out.push_back(std::move(name));
  return out;
}

}  // namespace ashlar::cli
