// The keys of [[route]].
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <limits>

#include "base/sha256.h"
#include "cli/output.h"
#include "cli/service/service_plan.h"
#include "component/enum_labels.h"
#include "os/file_bytes.h"
#include "os/name_lookup.h"
#include "wasi/p2/settings.h"

namespace ashlar::cli {

namespace {

using Text = TomlReader::Text;

constexpr uint64_t kMostSecretBytes = 1 << 20;
constexpr std::string_view kTexts = "a text or a list of texts";
constexpr std::string_view kNamedTexts = "a table of names and texts";

// ---- which requests

void read_hosts(TomlReader& reader, const TomlEntry& entry, RoutePlan& out) {
  for (Text& host : reader.some_texts(entry)) {
    if (!serve::is_host_pattern(host.text)) {
      reader.bad_value(entry.name, host, "is no host: example.org, or *.example.org for all below it, without a port");
    } else {
      out.match.hosts.push_back(std::move(host.text));
    }
  }
}

/// A path as clients send it: bytes that are no part of one are escaped, but for those of names in braces, which are
/// ours.
std::string sent_path(std::string_view path) {
  std::string out;
  for (size_t from = 0; from < path.size();) {
    const size_t end = std::min(path.find('/', from + 1), path.size());
    const std::string_view piece = path.substr(from, end - from);
    const bool name = piece.starts_with("/{") && piece.ends_with('}');
    for (const char c : piece) {
      const auto byte = static_cast<unsigned char>(c);
      out += name || (byte > ' ' && byte < 0x7f) ? std::string(1, c) : strf("%%%02X", byte);
    }
    from = end;
  }
  return out;
}

void read_paths(TomlReader& reader, const TomlEntry& entry, RoutePlan& out) {
  for (Text& path : reader.some_texts(entry)) {
    if (const auto parsed = serve::PathPattern::parse(path.text); !parsed) {
      reader.bad_value(entry.name, path, parsed.error());
    } else if (const std::string sent = sent_path(path.text); sent != path.text) {
      reader.bad_value(entry.name, path, "is never asked for: clients send, and a path is written as, '" + sent + "'");
    } else {
      out.match.paths.push_back(std::move(path.text));
    }
  }
}

void read_methods(TomlReader& reader, const TomlEntry& entry, RoutePlan& out) {
  for (Text& method : reader.some_texts(entry)) {
    if (!wasi::host::is_http_token(method.text) ||
        std::ranges::any_of(method.text, [](char c) { return c >= 'a' && c <= 'z'; })) {
      reader.bad_value(entry.name, method, "is no method: they are written in capitals, such as GET");
    } else {
      out.match.methods.push_back(std::move(method.text));
    }
  }
}

// ---- the program

void read_module(TomlReader& reader, const TomlEntry& entry, RoutePlan& out) {
  out.module_offset = entry.value.offset;
  const auto text = reader.text(entry);
  if (!text) return;
  out.run.file = reader.resolve(*text);
  out.files.push_back(os::stamp_file(out.run.file));
  struct stat info{};
  if (::stat(out.run.file.c_str(), &info) != 0 || S_ISDIR(info.st_mode)) {
    const char* const why = info.st_mode != 0 ? "is a folder" : "is not there";
    reader.bad_value(entry.name, {out.run.file, entry.value.offset}, why);
    out.run.file.clear();
  }
}

void read_kind(TomlReader& reader, const TomlEntry& entry, RoutePlan& out) {
  const auto text = reader.text(entry);
  if (!text) return;
  if (*text == "http" || serve::style_from_name(*text)) {
    out.kind = *text;
  } else {
    reader.bad_value(entry.name, {*text, entry.value.offset}, "is not http, cgi or raw");
  }
}

void read_tier(TomlReader& reader, const TomlEntry& entry, RoutePlan& out) {
  const auto text = reader.text(entry);
  if (!text) return;
  const auto mode = tiering::tier_mode_from_name(*text);
  if (!mode) {
    reader.bad_value(entry.name, {*text, entry.value.offset}, "is not auto, interp or optimizing");
    return;
  }
  out.run.settings.tier.mode = *mode;
  out.run.settings.tier.chosen = true;
}

// ---- what it is granted

void read_args(TomlReader& reader, const TomlEntry& entry, RoutePlan& out) {
  for (Text& text : reader.texts(entry)) out.run.wasi.args.push_back(std::move(text.text));
}

void read_env(TomlReader& reader, const TomlEntry& entry, RoutePlan& out) {
  for (const auto& [name, value] : reader.named_texts(entry)) out.run.wasi.set_env(name, value.text);
}

void read_inherit_env(TomlReader& reader, const TomlEntry& entry, RoutePlan& out) {
  for (const Text& name : reader.texts(entry)) {
    if (const char* own = std::getenv(name.text.c_str())) out.run.wasi.env.emplace_back(name.text, own);
  }
}

struct DirTable {
  api::WasiOptions::Dir dir;
  bool named = false;  ///< what the program finds it as is said
};
constexpr auto kDirKeys = std::to_array<TomlKey<DirTable>>({
    {"host", "a text: the folder", "source path",
     [](TomlReader& reader, const TomlEntry& entry, DirTable& out) { out.dir.host = reader.text(entry).value_or(""); }},
    {"guest", "a text: what the program finds it as", "destination target",
     [](TomlReader& reader, const TomlEntry& entry, DirTable& out) {
       out.dir.guest = reader.text(entry).value_or("");
       out.named = true;
     }},
    {"ro", "true or false: only for reading", "readonly read_only",
     [](TomlReader& reader, const TomlEntry& entry, DirTable& out) {
       out.dir.read_only = reader.on(entry).value_or(false);
     }},
});

/// "HOST::GUEST:ro".
DirTable dir_of(const std::string& text) {
  DirTable out;
  out.dir = parse_dir(text);
  out.named = text.contains("::");
  return out;
}

/// What stands behind the last colon of a folder, where that looks like ":ro" and is something else.
std::string_view unknown_mode(std::string_view folder) {
  const size_t colon = folder.rfind(':');
  if (colon == folder.npos) return {};
  const std::string_view mode = folder.substr(colon);
  return mode.size() > 1 && mode.contains('/') ? std::string_view() : mode;
}

/// As programs look for it: "a", "./a" and "/a/" are the same.
std::string_view plain_guest(std::string_view name) {
  for (bool more = true; more;) {
    more = name.starts_with('/') || name.starts_with("./");
    if (more) name.remove_prefix(name[0] == '/' ? 1 : 2);
  }
  if (name == ".") return {};
  while (name.ends_with('/')) name.remove_suffix(1);
  return name;
}

/// What is wrong with the name of a folder; "": nothing.
std::string problem_of_guest(const DirTable& table, const RoutePlan& route) {
  const std::string& guest = table.dir.guest;
  if (table.named && !guest.starts_with('/')) return "is no name for the program: it begins with '/'";
  const auto same = [&](const api::WasiOptions::Dir& other) { return plain_guest(other.guest) == plain_guest(guest); };
  if (std::ranges::any_of(route.run.wasi.dirs, same)) return "is the name of another one, too: give each its own";
  return {};
}

void read_dirs(TomlReader& reader, const TomlEntry& entry, RoutePlan& out) {
  const bool list = entry.value.kind == TomlValue::Kind::List;
  for (const TomlValue& item : list ? std::span(entry.value.items) : std::span(&entry.value, 1)) {
    DirTable table;
    if (item.kind == TomlValue::Kind::Table) {
      reader.read_table<DirTable>(item, "dirs", kDirKeys, table);
    } else if (const auto text = reader.text(entry.name, item)) {
      table = dir_of(*text);
      struct stat info{};
      const std::string_view mode = unknown_mode(table.named ? table.dir.guest : table.dir.host);
      // The name of a folder may look like that.
      if (!mode.empty() && (table.named || ::stat(reader.resolve(table.dir.host).c_str(), &info) != 0)) {
        reader.bad_value(entry.name, {*text, item.offset},
                         "has '" + std::string(mode) + "' behind it, where ':ro' or nothing is expected");
        continue;
      }
    } else {
      continue;
    }
    api::WasiOptions::Dir& dir = table.dir;
    if (dir.host.empty()) {
      reader.mistake(item.offset,
                     Error(ErrorCode::toml_missing_key, kNoOffset, "this one of 'dirs'", "host", "the folder"));
      continue;
    }
    if (!table.named) dir.guest = dir.host;
    const std::string why = problem_of_guest(table, out);
    if (!why.empty()) reader.bad_value(entry.name, {dir.guest, item.offset}, why);
    dir.host = reader.resolve(dir.host);
    struct stat info{};
    if (::stat(dir.host.c_str(), &info) != 0 || !S_ISDIR(info.st_mode)) {
      reader.bad_value(entry.name, {dir.host, item.offset}, info.st_mode != 0 ? "is no folder" : "is not there");
      continue;
    }
    out.run.wasi.dirs.push_back(std::move(dir));
  }
}

void read_allow_http(TomlReader& reader, const TomlEntry& entry, RoutePlan& out) {
  for (const Text& host : reader.texts(entry)) {
    if (!out.http) out.http = std::make_shared<http::AddressRules>();
    out.http_text += host.text + "\n";
    if (Status added = out.http->add(entry.name, host.text); !added) {
      reader.mistake(host.offset, std::move(added).error());
    }
  }
}

void read_allow_net(TomlReader& reader, const TomlEntry& entry, RoutePlan& out) {
  for (Text& rule : reader.texts(entry)) {
    wasi::host::NetworkPolicy policy;
    if (rule.text.contains(',') || !policy.add(rule.text)) {
      reader.bad_value(entry.name, rule, "is not HOST, ADDRESS, ADDRESS/BITS or *, with :PORT or :FIRST-LAST");
    } else {
      out.run.wasi.allow_net.push_back(std::move(rule.text));
    }
  }
}

void read_config(TomlReader& reader, const TomlEntry& entry, RoutePlan& out) {
  out.config = true;
  for (const auto& [name, value] : reader.named_texts(entry)) out.run.wasi.config.push_back(name + "=" + value.text);
}

void read_stores(TomlReader& reader, const TomlEntry& entry, RoutePlan& out) {
  std::vector<std::pair<std::string, Text>> stores;
  if (entry.value.kind == TomlValue::Kind::Text) {
    stores.emplace_back("", Text{entry.value.text, entry.value.offset});
  } else {
    stores = reader.named_texts(entry, true);
  }
  for (auto& [name, where] : stores) out.stores.push_back({std::move(name), std::move(where.text), where.offset});
}

void read_logging(TomlReader& reader, const TomlEntry& entry, RoutePlan& out) {
  const auto text = reader.text(entry);
  if (!text) return;
  if (component::enum_of<wasi::p2::LogLevel>(*text)) {
    out.run.wasi.logging = *text;
  } else {
    reader.bad_value(entry.name, {*text, entry.value.offset}, "is not trace, debug, info, warn, error or critical");
  }
}

// ---- secrets

struct Secret {
  std::string file;
  bool env = true, config = false;
};
constexpr auto kSecretKeys = std::to_array<TomlKey<Secret>>({
    {"file", "a text: the file's name", "path source",
     [](TomlReader& reader, const TomlEntry& entry, Secret& out) { out.file = reader.text(entry).value_or(""); }},
    {"as", "'env', 'config' or both in a list", "to type",
     [](TomlReader& reader, const TomlEntry& entry, Secret& out) {
       out.env = out.config = false;
       for (const Text& as : reader.some_texts(entry)) {
         out.env |= as.text == "env";
         out.config |= as.text == "config";
         if (as.text != "env" && as.text != "config") reader.bad_value(entry.name, as, "is not env or config");
       }
     }},
});

/// Its contents without the line's end. What they are is told nobody, whatever is wrong with them.
std::optional<std::string> read_secret(TomlReader& reader, const std::string& name, const std::string& path,
                                       uint32_t offset) {
  const auto refuse = [&](std::string why) {
    reader.bad_value("secrets." + name, {path, offset}, std::move(why));
    return std::nullopt;
  };
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0) return refuse("is not there");
  if (!S_ISREG(info.st_mode)) return refuse("is no file");
  if (static_cast<uint64_t>(info.st_size) > kMostSecretBytes) return refuse("is too large for a secret");
  auto file = os::read_file(path);
  if (!file) return refuse("cannot be read: " + file.error().arg(1));
  if (!file->set_apart()) return refuse("changes while it is read");
  if ((info.st_mode & S_IROTH) != 0) {
    reader.warn(offset, Error(ErrorCode::service_bad_value, kNoOffset, "secrets." + name, path,
                              "can be read by everybody on this machine"));
  }
  std::string out(reinterpret_cast<const char*>(file->bytes().data()), file->bytes().size());
  if (out.ends_with('\n')) out.pop_back();
  if (out.ends_with('\r')) out.pop_back();
  if (out.contains('\0')) return refuse("has a zero byte in it");
  return out;
}

void read_secrets(TomlReader& reader, const TomlEntry& entry, RoutePlan& out) {
  if (entry.value.kind != TomlValue::Kind::Table) return reader.wrong_kind(entry.name, entry.value);
  for (const TomlEntry& inner : entry.value.entries) {
    Secret secret;
    if (inner.value.kind == TomlValue::Kind::Table) {
      reader.read_table<Secret>(inner.value, "secrets", kSecretKeys, secret);
    } else {
      secret.file = reader.text(entry.name + "." + inner.name, inner.value).value_or("");
    }
    if (inner.name.empty() || inner.name.find_first_of(std::string_view("=\0", 2)) != std::string::npos) {
      reader.bad_value(entry.name, {inner.name, inner.offset}, "is no name for it");
      continue;
    }
    if (secret.file.empty()) {
      reader.mistake(inner.value.offset, Error(ErrorCode::toml_missing_key, kNoOffset, "secrets." + inner.name, "file",
                                               "which holds the secret"));
      continue;
    }
    if (secret.env) out.secrets.push_back({inner.name, "env", inner.offset});
    if (secret.config) out.secrets.push_back({inner.name, "config", inner.offset});
    const std::string path = reader.resolve(secret.file);
    out.files.push_back(os::stamp_file(path));
    const auto value = read_secret(reader, inner.name, path, inner.value.offset);
    if (!value) continue;
    if (secret.env) out.run.wasi.set_env(inner.name, *value);
    if (secret.config) out.run.wasi.config.push_back(inner.name + "=" + *value);
    out.identity += inner.name + base::to_hex(base::Sha256().add(*value).finish());
  }
}

// ---- limits

void read_stack(TomlReader& reader, const TomlEntry& entry, RoutePlan& out) {
  const auto bytes = reader.amount(entry, &parse_size);
  if (!bytes) return;
  if (*bytes < kLeastStack || *bytes > kMostStack) {
    reader.bad_value(entry.name, {entry.value.text, entry.value.offset}, "is not a size between 64K and 64G");
  } else {
    out.run.settings.limits.stack_bytes = *bytes;
  }
}

void read_fuel(TomlReader& reader, const TomlEntry& entry, RoutePlan& out) {
  const auto fuel = reader.amount(entry, &parse_count, 1);
  if (!fuel) return;
  out.run.settings.fuel = static_cast<int64_t>(std::min<uint64_t>(*fuel, std::numeric_limits<int64_t>::max()));
  out.run.settings.config.fuel = true;
}

// ---- reuse

void read_nanoseconds(TomlReader& reader, const TomlEntry& entry, std::chrono::nanoseconds& out, uint64_t least) {
  constexpr uint64_t kMost = std::numeric_limits<int64_t>::max();
  if (const auto time = reader.amount(entry, &parse_duration, least))
    out = std::chrono::nanoseconds(std::min(*time, kMost));
}

constexpr auto kReuseKeys = std::to_array<TomlKey<serve::Reuse>>({
    {"requests", "a whole number", "max_instance_reuse_count count max_requests",
     [](TomlReader& reader, const TomlEntry& entry, serve::Reuse& out) {
       if (const auto requests = reader.amount(entry, &parse_count, 1)) out.requests = *requests;
     }},
    {"idle_timeout", "a duration (\"1s\")", "idle idle_instance_timeout",
     [](TomlReader& reader, const TomlEntry& entry, serve::Reuse& out) {
       read_nanoseconds(reader, entry, out.idle, 1);
     }},
    {"max_age", "a duration (\"10m\"); 0: none", "age max_instance_age",
     [](TomlReader& reader, const TomlEntry& entry, serve::Reuse& out) {
       read_nanoseconds(reader, entry, out.age, 0);
     }},
    {"max_memory", "a size (\"64M\")", "memory max_instance_memory",
     [](TomlReader& reader, const TomlEntry& entry, serve::Reuse& out) {
       if (const auto size = reader.amount(entry, &parse_size, 1)) out.memory = *size;
     }},
});

void read_reuse(TomlReader& reader, const TomlEntry& entry, RoutePlan& out) {
  if (entry.value.kind == TomlValue::Kind::Table) {
    out.reuse.requests = kUsualReuse;
    reader.read_table<serve::Reuse>(entry.value, "reuse", kReuseKeys, out.reuse);
  } else if (reader.on(entry).value_or(false)) {
    out.reuse.requests = kUsualReuse;
  }
}

constexpr auto kRouteKeys = std::to_array<TomlKey<RoutePlan>>({
    {"name", "a text", "id",
     [](TomlReader& reader, const TomlEntry& entry, RoutePlan& out) { out.name = reader.text(entry).value_or(""); }},
    {"host", kTexts, "hosts hostname hostnames domain domains", &read_hosts},
    {"path", kTexts, "paths route pattern prefix", &read_paths},
    {"methods", kTexts, "method", &read_methods},
    {"module", "a text: the program's file", "component source file wasm program handler", &read_module},
    {"kind", "'http', 'cgi' or 'raw'", "type style executor", &read_kind},
    {"args", kTexts, "argv arguments", &read_args},
    {"env", kNamedTexts, "environment variables", &read_env},
    {"inherit_env", "names of our own variables", "pass_env", &read_inherit_env},
    {"dirs", "a list of texts (\"HOST::GUEST:ro\") or of tables with host, guest and ro", "dir files mounts volumes",
     &read_dirs},
    {"cacert", "a text: a PEM file with certificates that are trusted, too", "ca_file ca_cert",
     [](TomlReader& reader, const TomlEntry& entry, RoutePlan& out) {
       out.cacert_offset = entry.value.offset;
       if (const auto file = reader.text(entry)) set_cacert(reader.resolve(*file), out);
     }},
    {"allow_http", kTexts, "allowed_outbound_hosts allowed_http_hosts allowed_hosts outbound", &read_allow_http},
    {"allow_net", kTexts, "allowed_net network", &read_allow_net},
    {"allow_name_lookup", "true or false", "allow_ip_name_lookup",
     [](TomlReader& reader, const TomlEntry& entry, RoutePlan& out) {
       out.run.wasi.name_lookup = reader.on(entry).value_or(false);
     }},
    {"config", kNamedTexts, "settings", &read_config},
    {"keyvalue", "a store (\"memory\", \"sqlite:PATH\", \"redis://HOST:PORT\") or a table of names and stores",
     "key_value_stores key_value keyvalues stores", &read_stores},
    {"secrets", "a table of names and files, or of names and tables with file and as", "secret", &read_secrets},
    {"logging", "a level: trace, debug, info, warn, error or critical", "log_level log", &read_logging},
    {"timeout", "a duration (\"500ms\", \"30s\"); 0: none", "time max_time request_timeout execution_timeout",
     [](TomlReader& reader, const TomlEntry& entry, RoutePlan& out) {
       if (const auto time = reader.amount(entry, &parse_duration)) out.run.settings.timeout_ns = *time;
     }},
    {"max_memory", "a size (\"64M\")", "memory memory_limit max_memory_size",
     [](TomlReader& reader, const TomlEntry& entry, RoutePlan& out) {
       if (const auto size = reader.amount(entry, &parse_size, 1)) out.run.settings.limits.memory_bytes = *size;
     }},
    {"max_stack", "a size (\"1M\")", "stack stack_size max_wasm_stack", &read_stack},
    {"fuel", "a whole number", "max_fuel max_instructions", &read_fuel},
    {"max_requests", "a whole number; 0: those of the server",
     "concurrency concurrent max_concurrency max_concurrent_requests instances",
     [](TomlReader& reader, const TomlEntry& entry, RoutePlan& out) {
       out.requests = reader.amount(entry, &parse_count).value_or(0);
     }},
    {"reuse", "true or false, or a table with requests, idle_timeout, max_age and max_memory",
     "max_instance_reuse_count instance_reuse keep_warm", &read_reuse},
    {"tier", "'auto', 'optimizing' or 'interp'", "compiler", &read_tier},
});

/// As it is called in the log when it has no name: what it answers.
std::string usual_name(const serve::RouteMatch& match) {
  std::string out;
  if (!match.methods.empty()) out += match.methods[0] + " ";
  if (!match.hosts.empty()) out += match.hosts[0];
  return out + (match.paths.empty() ? "/" : match.paths[0]);
}

/// Of all keys but those of the router.
std::string identity_of(const TomlValue& table) {
  std::string out;
  for (const TomlEntry& entry : table.entries) {
    if (entry.name == "host" || entry.name == "path" || entry.name == "methods") continue;
    out += entry.name + "=" + toml_digest_text(entry.value);
  }
  return out;
}

/// One name, one value.
void check_secrets(const TomlValue& table, const RoutePlan& route, TomlReader& reader) {
  for (const NamedPlace& secret : route.secrets) {
    const TomlValue* const others = table.find(secret.where);
    if (others == nullptr) continue;
    const auto same = std::ranges::find(others->entries, secret.name, &TomlEntry::name);
    if (same == others->entries.end()) continue;
    reader.bad_value("secrets", {secret.name, secret.offset},
                     "is a name in '" + secret.where + "' (line " + std::to_string(reader.line(same->offset)) +
                         "), too: there is one value for each");
  }
}

/// What WASI programs cannot use is told when it is known that one answers.
void note_of_components(const TomlValue& table, RoutePlan& out) {
  constexpr std::string_view kAlways[] = {"args", "cacert", "allow_http", "allow_net", "config", "keyvalue", "logging"};
  for (const TomlEntry& entry : table.entries) {
    const bool given = std::ranges::find(kAlways, entry.name) != std::end(kAlways) ||
                       (entry.name == "allow_name_lookup" && out.run.wasi.name_lookup) ||
                       (entry.name == "reuse" && out.reuse.on());
    const char* const why = entry.name == "reuse" ? ", which ends with its request" : "";
    if (given) out.of_components.push_back({entry.name, why, entry.offset});
  }
  for (const NamedPlace& secret : out.secrets) {
    if (secret.where == "config") out.of_components.push_back({"secrets." + secret.name + ".as", "", secret.offset});
  }
}

}  // namespace

void set_cacert(std::string file, RoutePlan& out) {
  out.run.cacert = std::move(file);
  out.files.push_back(os::stamp_file(out.run.cacert));
}

RoutePlan read_route(const TomlValue& table, const ServiceDefaults& defaults, TomlReader& reader) {
  RoutePlan out;
  out.offset = table.offset;
  out.run.settings = defaults.run.settings;
  out.run.wasi = defaults.run.wasi;
  out.run.wasi.args = {""};
  reader.read_table<RoutePlan>(table, "[[route]]", kRouteKeys, out);
  if (table.find("module") == nullptr) {
    reader.mistake(table.offset, Error(ErrorCode::toml_missing_key, kNoOffset, "this [[route]]", "module",
                                       "the file of the program that answers"));
  }
  check_secrets(table, out, reader);
  note_of_components(table, out);
  if (out.name.empty()) out.name = usual_name(out.match);
  out.run.wasi.args[0] = out.run.file.substr(out.run.file.rfind('/') + 1);
  out.run.wasi.interruptible = out.run.settings.timeout_ns != 0;
  if (out.http != nullptr) os::use_static_name_services();
  out.identity += out.name + "\n" + identity_of(table);
  return out;
}

std::vector<std::string> route_keys() {
  std::vector<std::string> out;
  for (const auto& key : kRouteKeys) out.push_back("route." + std::string(key.name));
  for (const auto& key : kDirKeys) out.push_back("route.dirs." + std::string(key.name));
  for (const auto& key : kSecretKeys) out.push_back("route.secrets." + std::string(key.name));
  for (const auto& key : kReuseKeys) out.push_back("route.reuse." + std::string(key.name));
  return out;
}

}  // namespace ashlar::cli
