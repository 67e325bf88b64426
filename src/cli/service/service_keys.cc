// The keys of a service's file: where it listens, the server's limits, and its routes.
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <thread>

#include "cli/args.h"
#include "cli/service/service_plan.h"

namespace ashlar::cli {

namespace {

using serve::ListenOptions;
using serve::ServiceOptions;

/// What is read, and with what.
struct File {
  ServicePlan plan;
  const ServiceDefaults& defaults;
  std::vector<NamedPlace> addresses;  ///< that can be listened on, by their keys
};

/// A socket's path is relative to the file's folder, as all paths are.
std::string read_address(TomlReader& reader, std::string_view key, const TomlReader::Text& said, File& out) {
  constexpr std::string_view kUnix = "unix:";
  const bool is_path = said.text.starts_with(kUnix) && said.text.size() > kUnix.size();
  std::string address = is_path ? std::string(kUnix) + reader.resolve(said.text.substr(kUnix.size())) : said.text;
  if (const auto plain = serve::plain_address(address)) {
    out.addresses.push_back({std::string(key), address, said.offset});
  } else {
    reader.bad_value(key, said, "is not HOST:PORT or unix:PATH: " + plain.error().arg(1));
  }
  return address;
}

/// A table of `listen`; offsets of 0 are those of keys that are not there.
struct ListenTable {
  TomlReader::Text address, certificate, key;
};

constexpr auto kListenKeys = std::to_array<TomlKey<ListenTable>>({
    {"address", "a text: \"HOST:PORT\" or \"unix:PATH\"", "addr bind host port",
     [](TomlReader& reader, const TomlEntry& entry, ListenTable& out) {
       if (auto text = reader.text(entry)) out.address = {std::move(*text), entry.value.offset};
     }},
    {"cert", "a text: a PEM file with the certificate and those above it", "certificate tls_cert cert_file",
     [](TomlReader& reader, const TomlEntry& entry, ListenTable& out) {
       if (const auto file = reader.text(entry)) out.certificate = {reader.resolve(*file), entry.value.offset};
     }},
    {"key", "a text: a PEM file with the certificate's key", "private_key tls_key key_file",
     [](TomlReader& reader, const TomlEntry& entry, ListenTable& out) {
       if (const auto file = reader.text(entry)) out.key = {reader.resolve(*file), entry.value.offset};
     }},
});

void read_listen_table(TomlReader& reader, const TomlValue& value, File& out) {
  ListenTable table;
  reader.read_table<ListenTable>(value, "listen", kListenKeys, table);
  const auto lacks = [&](const char* key, const char* what) {
    reader.mistake(value.offset, Error(ErrorCode::toml_missing_key, kNoOffset, "this table of 'listen'", key, what));
  };
  if (value.find("address") == nullptr) lacks("address", "HOST:PORT or unix:PATH");
  const bool has_certificate = value.find("cert") != nullptr, has_key = value.find("key") != nullptr;
  if (has_certificate && !has_key) lacks("key", "which belongs to the certificate");
  if (has_key && !has_certificate) lacks("cert", "which belongs to the key");
  ListenOptions& options = out.plan.service.listen.emplace_back();
  if (table.address.offset != 0) options.address = read_address(reader, "address", table.address, out);
  options.certificate = std::move(table.certificate.text);
  options.key = std::move(table.key.text);
  out.plan.tls_places.push_back({table.certificate.offset, table.key.offset});
}

void read_listen(TomlReader& reader, const TomlEntry& entry, File& out) {
  const bool list = entry.value.kind == TomlValue::Kind::List;
  if (list && entry.value.items.empty()) reader.empty_list(entry.name, entry.value);
  for (const TomlValue& item : list ? std::span(entry.value.items) : std::span(&entry.value, 1)) {
    if (item.kind == TomlValue::Kind::Table) {
      read_listen_table(reader, item, out);
    } else if (const auto address = reader.text(entry.name, item)) {
      ListenOptions& options = out.plan.service.listen.emplace_back();
      options.address = read_address(reader, entry.name, {*address, item.offset}, out);
      out.plan.tls_places.emplace_back();
    }
  }
}

template <class T>
void read_amount(TomlReader& reader, const TomlEntry& entry, T& out,
                 Result<uint64_t> (*parse)(std::string_view, std::string_view), uint64_t least) {
  constexpr uint64_t kMost = sizeof(T) == sizeof(uint64_t) ? uint64_t{1} << 62 : 1 << 30;
  if (const auto amount = reader.amount(entry, parse, least)) out = static_cast<T>(std::min(*amount, kMost));
}

void read_time(TomlReader& reader, const TomlEntry& entry, std::chrono::milliseconds& out, uint64_t least) {
  const auto time = reader.amount(entry, &parse_duration, least);
  if (time) out = std::chrono::ceil<std::chrono::milliseconds>(std::chrono::nanoseconds(*time));
}

constexpr std::string_view kWhole = "a whole number";
constexpr std::string_view kAdmin = "a text: \"HOST:PORT\" or \"unix:PATH\"";

void read_admin(TomlReader& reader, const TomlEntry& entry, File& out) {
  const auto address = reader.text(entry);
  if (address) add_admin(read_address(reader, entry.name, {*address, entry.value.offset}, out), out.plan.service);
}

void read_log_file(TomlReader& reader, const TomlEntry& entry, File& out) {
  const auto text = reader.text(entry);
  if (!text) return;
  out.plan.log.file = reader.resolve(*text);
  const std::string why = text->empty() ? "is no file's name" : problem_of_log(out.plan.log.file);
  if (!why.empty()) reader.bad_value(entry.name, {out.plan.log.file, entry.value.offset}, why);
}

constexpr std::string_view kDuration = "a duration (\"500ms\", \"30s\")";

constexpr auto kServerKeys = std::to_array<TomlKey<File>>({
    {"threads", kWhole, "workers worker_threads loops",
     [](TomlReader& reader, const TomlEntry& entry, File& out) {
       constexpr unsigned kMostThreads = 256;
       read_amount(reader, entry, out.plan.service.loops, &parse_count, 1);
       out.plan.service.loops = std::clamp(out.plan.service.loops, 1u, kMostThreads);
     }},
    {"max_connections", kWhole, "connections",
     [](TomlReader& reader, const TomlEntry& entry, File& out) {
       read_amount(reader, entry, out.plan.service.limits.connections, &parse_count, 1);
     }},
    {"max_requests", kWhole, "requests concurrency",
     [](TomlReader& reader, const TomlEntry& entry, File& out) {
       read_amount(reader, entry, out.plan.service.requests, &parse_count, 1);
     }},
    {"max_header", "a size (\"64K\")", "header max_header_size max_header_bytes",
     [](TomlReader& reader, const TomlEntry& entry, File& out) {
       read_amount(reader, entry, out.plan.service.limits.header_bytes, &parse_size, kLeastHeader);
     }},
    {"max_body", "a size (\"10M\")", "body max_body_size request_body",
     [](TomlReader& reader, const TomlEntry& entry, File& out) {
       read_amount(reader, entry, out.plan.service.limits.body_bytes, &parse_size, 0);
     }},
    {"idle_timeout", kDuration, "idle keepalive keep_alive",
     [](TomlReader& reader, const TomlEntry& entry, File& out) {
       read_time(reader, entry, out.plan.service.limits.idle_time, 1);
     }},
    {"drain_timeout", kDuration, "drain grace_period shutdown_timeout",
     [](TomlReader& reader, const TomlEntry& entry, File& out) {
       read_time(reader, entry, out.plan.service.drain_time, 0);
     }},
    {"metrics", kAdmin, "prometheus metrics_address", &read_admin},
    {"status", kAdmin, "admin dashboard", &read_admin},
    {"access_log", "\"text\" or \"json\"", "log log_format access_log_format",
     [](TomlReader& reader, const TomlEntry& entry, File& out) {
       const auto text = reader.text(entry);
       if (!text) return;
       out.plan.log.format = log_format_from_name(*text);
       if (!out.plan.log.format) reader.bad_value(entry.name, {*text, entry.value.offset}, "is not text or json");
     }},
    {"access_log_file", "a text: a file, to whose end lines are added", "log_file", &read_log_file},
    {"watch", "true or false", "reload",
     [](TomlReader& reader, const TomlEntry& entry, File& out) { out.plan.watch = reader.on(entry).value_or(true); }},
});

constexpr auto kFileKeys = std::to_array<TomlKey<File>>({
    {"listen", "an address \"HOST:PORT\", or a list of addresses or of tables", "address addr bind",
     [](TomlReader& reader, const TomlEntry& entry, File& out) { read_listen(reader, entry, out); }},
    {"server", "a table", "servers limits settings",
     [](TomlReader& reader, const TomlEntry& entry, File& out) {
       for (const TomlValue* table : reader.tables(entry)) {
         reader.read_table<File>(*table, "[server]", kServerKeys, out);
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

bool is_admin(const NamedPlace& place) { return place.name == "metrics" || place.name == "status"; }

/// What the command line says in place of the file, and the address that is listened on where nothing is said, has the
/// offset 0.
std::vector<NamedPlace> all_addresses(const File& file) {
  std::vector<NamedPlace> out;
  const ServiceDefaults& given = file.defaults;
  for (const NamedPlace& place : file.addresses) {
    if (is_admin(place) ? given.admin.empty() : given.listen.empty()) out.push_back(place);
  }
  const auto add = [&](const char* name, const std::string& address) { out.push_back({name, address, 0}); };
  for (const std::string& address : given.listen) add("listen", address);
  for (const std::string& address : given.admin) add("metrics", address);
  const bool usual = given.listen.empty() && file.plan.tls_places.empty();
  if (usual) add("listen", file.plan.service.listen.front().address);
  std::ranges::sort(out, {}, &NamedPlace::offset);
  return out;
}

/// The same address may be given for metrics and status.
void check_addresses(const File& file, TomlReader& reader) {
  std::vector<NamedPlace> before;
  for (NamedPlace& place : all_addresses(file)) {
    const std::string plain = serve::plain_address(place.where).value_or(place.where);
    for (const NamedPlace& other : before) {
      if (!serve::addresses_clash(plain, other.where)) continue;
      if (is_admin(place) && is_admin(other) && plain == other.where) continue;
      if (place.offset == 0) continue;  // nothing of the file: the command line is checked where it is read
      const std::string where = other.offset != 0 ? " of line " + std::to_string(reader.line(other.offset))
                                                  : ", where the service listens, too";
      reader.bad_value(place.name, {place.where, place.offset}, "clashes with '" + other.where + "'" + where);
      break;
    }
    before.push_back({place.name, plain, place.offset});
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
  const auto plain = [](const std::string& text) { return serve::plain_address(text).value_or(text); };
  const std::string added(address);
  const auto same = [&](const std::string& other) { return plain(other) == plain(added); };
  if (std::ranges::none_of(out.admin, same)) out.admin.push_back(added);
}

std::string problem_of_log(const std::string& file) {
  if (file.empty()) return {};
  std::string folder = file.substr(0, file.rfind('/') + 1);
  if (folder.empty()) folder = ".";
  struct stat info{};
  if (::stat(folder.c_str(), &info) != 0 || !S_ISDIR(info.st_mode)) return "cannot be written: its folder is not there";
  if (::stat(file.c_str(), &info) == 0 && S_ISDIR(info.st_mode)) return "cannot be written: it is a folder";
  return {};
}

std::optional<serve::LogFormat> log_format_from_name(std::string_view name) {
  if (name == "text") return serve::LogFormat::Text;
  if (name == "json") return serve::LogFormat::Json;
  return std::nullopt;
}

ServicePlan read_service_plan(const TomlValue& file, const ServiceDefaults& defaults, TomlReader& reader) {
  File out{{}, defaults, {}};
  out.plan.service.loops = std::max(1u, std::thread::hardware_concurrency());
  reader.read_table<File>(file, "the file", kFileKeys, out);
  ServicePlan& plan = out.plan;
  if (!defaults.listen.empty()) {
    plan.service.listen.clear();
    plan.tls_places.clear();
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
  check_addresses(out, reader);
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
