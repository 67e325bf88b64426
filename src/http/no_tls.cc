// Where OpenSSL is missing: says so; see tls.h.
#include "http/tls.h"

namespace ashlar::http {

namespace {
std::unexpected<Error> missing() {
  return make_error(ErrorCode::not_implemented, kNoOffset, "TLS: this build of Ashlar has no OpenSSL");
}
}  // namespace

bool has_tls() { return false; }

Result<std::shared_ptr<const TlsContext>> TlsContext::of_server(const TlsServerOptions&) { return missing(); }
Result<std::shared_ptr<const TlsContext>> TlsContext::of_client(const TlsClientOptions&) { return missing(); }
TlsContext::~TlsContext() = default;

// Without a context there is no stream.
Result<std::unique_ptr<TlsStream>> TlsStream::of_server(const TlsContext&, int) { return missing(); }
Result<std::unique_ptr<TlsStream>> TlsStream::of_client(const TlsContext&, int, const std::string&) {
  return missing();
}
TlsStream::~TlsStream() = default;
TlsStep TlsStream::handshake() { return TlsStep::Failed; }
std::string_view TlsStream::protocol() const { return {}; }
TlsStream::Moved TlsStream::read_some(std::span<uint8_t>) { return {TlsStep::Failed}; }
TlsStream::Moved TlsStream::write_some(std::span<const uint8_t>) { return {TlsStep::Failed}; }
bool TlsStream::has_pending() const { return false; }
TlsStep TlsStream::shutdown() { return TlsStep::Failed; }

}  // namespace ashlar::http
