// Rules of the network, settings and stores off the command line; see network_flags.h.
#include "cli/network_flags.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>

#include "cli/output.h"
#include "cli/redis_store.h"
#include "cli/sqlite_store.h"
#include "component/enum_labels.h"
#include "os/file_bytes.h"
#include "os/name_lookup.h"

namespace ashlar::cli {
namespace {

using Named = std::pair<std::string, std::string>;

/// Calls `f` for every piece of a list.
template <class F>
Status for_each_piece(std::string_view list, char separator, F f) {
  for (size_t from = 0; from <= list.size();) {
    const size_t end = std::min(list.find(separator, from), list.size());
    TRY(f(list.substr(from, end - from)));
    from = end + 1;
  }
  return {};
}

std::unexpected<Error> bad(std::string_view flag, std::string_view value, const char* expected) {
  return make_error(ErrorCode::bad_flag_value, kNoOffset, std::string(flag), std::string(value), expected);
}

Status add_rules(const api::WasiOptions& wasi, wasi::host::NetworkPolicy& policy) {
  for (const std::string& list : wasi.allow_net) {
    TRY(for_each_piece(list, ',', [&](std::string_view rule) -> Status {
      if (policy.add(rule)) return {};
      return bad("--allow-net", rule, "HOST, ADDRESS, ADDRESS/BITS or *, with :PORT or :FIRST-LAST");
    }));
  }
  return {};
}

Result<Named> split(std::string_view flag, std::string_view text) {
  const size_t equals = text.find('=');
  if (equals == text.npos || equals == 0) {
    return make_error(ErrorCode::bad_flag_value, kNoOffset, std::string(flag), std::string(text), "KEY=VALUE");
  }
  return Named(text.substr(0, equals), text.substr(equals + 1));
}

/// Lines KEY=VALUE; empty ones and those that begin with '#' say nothing.
Status read_config_file(const std::string& path, wasi::p2::ConfigHost::Values& out) {
  TRY_ASSIGN(const os::FileBytes bytes, os::read_file(path));
  const std::string_view text(reinterpret_cast<const char*>(bytes.bytes().data()), bytes.bytes().size());
  return for_each_piece(text, '\n', [&](std::string_view line) -> Status {
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty() || line[0] == '#') return {};
    TRY_ASSIGN(auto pair, split("--config-file " + path, line));
    out.insert_or_assign(std::move(pair.first), std::move(pair.second));
    return {};
  });
}

constexpr std::string_view kMemory = "memory", kSqlite = "sqlite:";
constexpr const char* kStores = "memory, sqlite:PATH or redis://HOST:PORT/DB";

/// What is wrong is not shown: there may be a password in it.
Result<RedisAddress> redis_address(std::string_view flag, std::string_view where) {
  if (auto out = parse_redis_address(where)) return std::move(*out);
  return bad(flag, std::string(kRedisScheme) + "...", "redis://[[USER]:PASSWORD@]HOST[:PORT][/DB]");
}

std::string sqlite_path(std::string_view where) { return std::string(where.substr(kSqlite.size())); }

Result<wasi::p2::LogSink> make_log(std::string_view least, std::function<void(std::string_view)> show) {
  const auto threshold = component::enum_of<wasi::p2::LogLevel>(least);
  if (!threshold) {
    return make_error(ErrorCode::bad_flag_value, kNoOffset, "--logging", std::string(least),
                      "trace, debug, info, warn, error or critical");
  }
  return [threshold = *threshold, show = std::move(show)](wasi::p2::LogLevel level, std::string_view context,
                                                          std::string_view message) {
    if (level < threshold) return;
    // Every line has its level and context, so that a message cannot look like another one.
    std::string head = std::string(abi_labels(level)[static_cast<size_t>(level)]) +
                       (context.empty() ? "" : " [" + printable(context) + "]") + ": ";
    std::string out;
    (void)for_each_piece(message, '\n', [&](std::string_view line) -> Status {
      out += head + printable(line) + '\n';
      return {};
    });
    show ? show(out) : static_cast<void>(write_all(kStderr, out));
  };
}

}  // namespace

Result<std::shared_ptr<wasi::p2::KeyValueStore>> open_key_value_store(std::string_view flag, std::string_view where) {
  if (where == kMemory) return std::make_shared<wasi::p2::MemoryKeyValueStore>();
  if (where.starts_with(kSqlite) && where.size() > kSqlite.size()) return open_sqlite_store(sqlite_path(where));
  if (where.starts_with(kRedisScheme)) {
    TRY_ASSIGN(const RedisAddress address, redis_address(flag, where));
    return open_redis_store(address);
  }
  return bad(flag, where, kStores);
}

Result<std::shared_ptr<wasi::p2::KeyValueStore>> check_key_value_store(std::string_view flag, std::string_view where) {
  if (where.starts_with(kSqlite) && where.size() > kSqlite.size()) {
    const std::string path = sqlite_path(where);
    const std::string folder = "./" + path.substr(0, path.rfind('/') + 1);
    struct stat info{};
    const char* const opened = path.starts_with('/') ? folder.c_str() + 2 : folder.c_str();
    if (::stat(opened, &info) != 0 || !S_ISDIR(info.st_mode)) {
      return make_error(ErrorCode::io_failed, kNoOffset, path, "its folder is not there");
    }
  } else if (where.starts_with(kRedisScheme)) {
    TRY_ASSIGN(const RedisAddress address, redis_address(flag, where));
  } else if (where != kMemory) {
    return bad(flag, where, kStores);
  }
  return std::make_shared<wasi::p2::MemoryKeyValueStore>();
}

// Names have no ':', behind which a '=' may be part of what is meant.
std::pair<std::string, std::string> split_store(std::string_view text) {
  const size_t equals = text.substr(0, text.find(':')).find('=');
  if (equals == text.npos) return {"", std::string(text)};
  return {std::string(text.substr(0, equals)), std::string(text.substr(equals + 1))};
}

Status read_grants(api::WasiOptions&& wasi, wasi::p2::Grants& grants, std::function<void(std::string_view)> show) {
  grants.args = std::move(wasi.args);
  grants.env = std::move(wasi.env);
  for (api::WasiOptions::Dir& dir : wasi.dirs) {
    grants.dirs.push_back({std::move(dir.host), std::move(dir.guest), dir.read_only});
  }
  TRY(add_rules(wasi, grants.network));
  grants.network.tcp = wasi.tcp;
  grants.network.udp = wasi.udp;
  grants.network.resolver = wasi.resolver;
  grants.network.name_lookup = wasi.name_lookup;
  // The command is linked statically.
  if (wasi.name_lookup || !wasi.allow_net.empty()) os::use_static_name_services();
  if (!wasi.config.empty() || !wasi.config_files.empty()) {
    grants.config.emplace();
    for (const std::string& path : wasi.config_files) TRY(read_config_file(path, *grants.config));
    for (const std::string& text : wasi.config) {
      TRY_ASSIGN(auto pair, split("--config", text));
      grants.config->insert_or_assign(std::move(pair.first), std::move(pair.second));
    }
  }
  if (!wasi.key_values.empty()) {
    grants.key_values.emplace();
    for (const std::string& text : wasi.key_values) {
      const auto [name, where] = split_store(text);
      TRY_ASSIGN((*grants.key_values)[name], open_key_value_store("--keyvalue", where));
    }
  }
  if (!wasi.logging.empty()) {
    TRY_ASSIGN(grants.log, make_log(wasi.logging, std::move(show)));
  }
  return {};
}

Status read_http_rules(std::span<const std::pair<std::string_view, std::string_view>> hosts,
                       http::AddressRules& rules) {
  for (const auto& [flag, host] : hosts) TRY(rules.add(flag, host));
  if (!rules.empty()) os::use_static_name_services();
  return {};
}

Result<std::shared_ptr<http::ClientTls>> read_client_tls(const std::string& cacert) {
  auto out = std::make_shared<http::ClientTls>(http::TlsClientOptions{.authorities = cacert});
  if (cacert.empty()) return out;
  if (const auto& made = out->get(); !made) return std::unexpected(made.error().clone());
  return out;
}

}  // namespace ashlar::cli
