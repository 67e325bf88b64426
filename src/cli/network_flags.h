// Flags that grant a component directories, network, names, settings, key-value stores, logging and HTTP requests.
#pragma once

#include "api/wasi_bind.h"
#include "cli/args.h"
#include "http/address_rules.h"
#include "http/client.h"
#include "wasi/p2/program.h"

namespace ashlar::cli {

/// Turns what the flags said into grants. `flag` errors: Usage, naming the flag; Io: a file or store that cannot be
/// opened.
/// `show`: takes whole lines of wasi:logging; empty: they go to standard error.
Status read_grants(api::WasiOptions&& wasi, wasi::p2::Grants& grants,
                   std::function<void(std::string_view lines)> show = {});
/// A store of wasi:keyvalue: "memory", "sqlite:PATH", "redis://...". `flag` is named in errors. Errors: Usage, Io.
Result<std::shared_ptr<wasi::p2::KeyValueStore>> open_key_value_store(std::string_view flag, std::string_view where);
/// The same without opening anything: a store in memory, where what is said could be opened.
Result<std::shared_ptr<wasi::p2::KeyValueStore>> check_key_value_store(std::string_view flag, std::string_view where);
/// "[NAME=]STORE" as name and store.
std::pair<std::string, std::string> split_store(std::string_view text);
/// Of --allow-http: each the flag and a host. Errors: Usage.
Status read_http_rules(std::span<const std::pair<std::string_view, std::string_view>> hosts, http::AddressRules& rules);
/// Of --cacert, or for none. Errors: Io, where the file is of no use.
Result<std::shared_ptr<http::ClientTls>> read_client_tls(const std::string& cacert);

}  // namespace ashlar::cli
