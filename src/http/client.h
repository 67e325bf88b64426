// A client of HTTP/1.1 on an event loop: plain or TLS, connections that are used again, bodies as they come, both ways.
#pragma once

#include <memory>
#include <mutex>
#include <optional>

#include <boost/asio/io_context.hpp>

#include "http/address_rules.h"
#include "http/limits.h"
#include "http/tls.h"
#include "wasi/host/http.h"

namespace ashlar::http {

/// The TLS of clients, made when it is first needed: reading what the system trusts takes a while. Thread-safe.
class ClientTls {
 public:
  explicit ClientTls(TlsClientOptions options) : options_(std::move(options)) {}
  /// Errors: those of TlsContext::of_client, each time.
  const Result<std::shared_ptr<const TlsContext>>& get();

 private:
  const TlsClientOptions options_;
  std::once_flag once_;
  std::optional<Result<std::shared_ptr<const TlsContext>>> made_;
};

/// One for each loop and each set of rules: what it keeps open is nobody else's.
class Client final : public wasi::host::HttpClient {
 public:
  struct Shared;

  /// `tls`: null for the usual. What is under way when it goes ends by itself.
  Client(boost::asio::io_context& loop, std::shared_ptr<const AddressRules> rules,
         std::shared_ptr<ClientTls> tls = nullptr, const HttpLimits& limits = {});
  std::shared_ptr<wasi::host::PendingHttpResponse> send(wasi::host::HttpRequest request,
                                                        const wasi::host::HttpTimeouts& timeouts) override;

 private:
  const std::shared_ptr<Shared> shared_;  ///< with exchanges that are under way
};

}  // namespace ashlar::http
