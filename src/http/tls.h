// TLS over non-blocking sockets, of servers and clients: who one is, whom one trusts, and the bytes of a connection.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"

extern "C" {
struct ssl_ctx_st;
struct ssl_st;
}

namespace ashlar::http {

/// Whether this build has TLS. Without it the contexts below are errors that say so.
bool has_tls();

struct TlsServerOptions {
  std::string certificate, key;  ///< PEM files: the chain, its own certificate first; and the private key
  bool http2 = true;             ///< whether it is offered
};
struct TlsClientOptions {
  std::string authorities;  ///< a PEM file of what is trusted beside the system's; empty: none
  bool http2 = false;       ///< whether it is offered
};

/// What connections share. Immutable; streams of several threads may use one.
class TlsContext {
 public:
  /// TLS 1.2 and 1.3. Errors: Io, a file that cannot be used, an encrypted key too; Internal, without TLS.
  static Result<std::shared_ptr<const TlsContext>> of_server(const TlsServerOptions& options);
  /// Trusts the system's authorities (SSL_CERT_FILE and SSL_CERT_DIR name others). Errors: those.
  static Result<std::shared_ptr<const TlsContext>> of_client(const TlsClientOptions& options);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

 private:
  friend class TlsStream;
  explicit TlsContext(ssl_ctx_st* context) : context_(context) {}
  ssl_ctx_st* context_;
};

/// What new connections of a server begin with: certificates are renewed while it runs. Those that are open keep
/// theirs. Any thread.
class ServerTls {
 public:
  explicit ServerTls(std::shared_ptr<const TlsContext> context) : context_(std::move(context)) {}
  std::shared_ptr<const TlsContext> current() const {
    const std::lock_guard lock(mutex_);
    return context_;
  }
  void set(std::shared_ptr<const TlsContext> context) {
    const std::lock_guard lock(mutex_);
    context_.swap(context);
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const TlsContext> context_;
};

enum class TlsStep : uint8_t {
  Done,
  WantsRead,   ///< again when the socket can be read
  WantsWrite,  ///< again when it can be written
  End,         ///< the peer has said that it sends no more
  Failed       ///< see error(); the stream is of no more use
};

enum class TlsError : uint8_t {
  None,
  Connection,   ///< it ended without a word
  Certificate,  ///< of the peer: not trusted, or somebody else's
  Alert,        ///< the peer refuses
  Protocol
};

/// The encrypted side of a connection. Holds no buffers while it waits. Of one thread.
class TlsStream {
 public:
  /// `socket` stays the caller's, is non-blocking, and must outlive this. `host`: of clients, the name or address that
  /// the server's certificate must be of, and that is told to the server. Errors: Internal.
  static Result<std::unique_ptr<TlsStream>> of_server(const TlsContext& context, int socket);
  static Result<std::unique_ptr<TlsStream>> of_client(const TlsContext& context, int socket, const std::string& host);
  ~TlsStream();
  TlsStream(const TlsStream&) = delete;
  TlsStream& operator=(const TlsStream&) = delete;

  /// Until Done; nothing is read or written before.
  TlsStep handshake();
  /// What was agreed on: "h2", "http/1.1", or nothing.
  std::string_view protocol() const;

  struct Moved {
    TlsStep step;
    size_t size = 0;  ///< of Done, more than nothing
  };
  /// WantsRead says that nothing is left of what came: only then the socket tells when there is more.
  Moved read_some(std::span<uint8_t> to);
  /// After WantsRead or WantsWrite the next call must be given the same bytes, perhaps with more behind them.
  Moved write_some(std::span<const uint8_t> from);
  /// Whether something is left of what came, perhaps not enough to be read.
  bool has_pending() const;
  /// Says that nothing more is written; does not wait for the peer's word.
  TlsStep shutdown();

  TlsError error() const { return error_; }
  /// In words: "certificate has expired".
  const std::string& error_text() const { return error_text_; }

 private:
  explicit TlsStream(ssl_st* stream) : stream_(stream) {}
  TlsStep step_of(int result);
  void note_failure();
  ssl_st* stream_;
  bool failed_ = false;
  TlsError error_ = TlsError::None;
  std::string error_text_;
};

}  // namespace ashlar::http
