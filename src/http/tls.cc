// TLS by OpenSSL; see tls.h. Nothing of it is touched before the first context.
#include "http/tls.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

namespace ashlar::http {

namespace {

constexpr size_t kLongestMessage = 256;

/// The library's first complaint, which is the cause; the others are forgotten.
std::string take_complaint() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  if (code == 0) return "unknown error";
  if (const char* reason = ERR_reason_error_string(code)) return reason;
  if (ERR_SYSTEM_ERROR(code)) return std::generic_category().message(ERR_GET_REASON(code));
  std::array<char, kLongestMessage> text{};
  ERR_error_string_n(code, text.data(), text.size());
  return text.data();
}

std::unexpected<Error> unusable(const std::string& file) {
  return make_error(ErrorCode::tls_file_unusable, kNoOffset, file, take_complaint());
}
std::unexpected<Error> internal() { return make_error(ErrorCode::internal, kNoOffset, "OpenSSL: " + take_complaint()); }

// ---- the socket, as OpenSSL sees it. Its own kind would let a peer that has gone raise SIGPIPE.

bool is_passing(int error) { return error == EAGAIN || error == EWOULDBLOCK || error == EINTR; }

int socket_of(BIO* bio) { return static_cast<int>(reinterpret_cast<intptr_t>(BIO_get_data(bio))); }

int read_socket(BIO* bio, char* to, size_t size, size_t* done) {
  BIO_clear_retry_flags(bio);
  const ssize_t n = ::recv(socket_of(bio), to, size, 0);
  if (n < 0 && is_passing(errno)) BIO_set_retry_read(bio);
  if (n == 0) BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
  *done = n > 0 ? static_cast<size_t>(n) : 0;
  return n > 0 ? 1 : 0;
}

int write_socket(BIO* bio, const char* from, size_t size, size_t* done) {
  BIO_clear_retry_flags(bio);
  const ssize_t n = ::send(socket_of(bio), from, size, MSG_NOSIGNAL);
  if (n < 0 && is_passing(errno)) BIO_set_retry_write(bio);
  *done = n > 0 ? static_cast<size_t>(n) : 0;
  return n > 0 ? 1 : 0;
}

long control_socket(BIO* bio, int command, long, void*) {
  if (command == BIO_CTRL_FLUSH) return 1;
  if (command == BIO_CTRL_EOF) return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0 ? 1 : 0;
  return 0;
}

/// Null when there is no memory.
const BIO_METHOD* socket_method() {
  static const BIO_METHOD* const method = [] {
    BIO_METHOD* out = BIO_meth_new(BIO_TYPE_SOURCE_SINK | BIO_get_new_index(), "socket");
    if (out == nullptr) return out;
    BIO_meth_set_read_ex(out, read_socket);
    BIO_meth_set_write_ex(out, write_socket);
    BIO_meth_set_ctrl(out, control_socket);
    return out;
  }();
  return method;
}

// ---- contexts

/// Forward secrecy and authenticated encryption alone, for TLS 1.2; those of 1.3 are all like that.
constexpr const char* kCiphers =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";

SSL_CTX* new_context(const SSL_METHOD* method) {
  SSL_CTX* context = SSL_CTX_new(method);
  if (context == nullptr) return nullptr;
  const bool set =
      SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 && SSL_CTX_set_cipher_list(context, kCiphers) == 1;
  if (!set) {
    SSL_CTX_free(context);
    return nullptr;
  }
  SSL_CTX_set_mode(context,
                   SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                   SSL_OP_PRIORITIZE_CHACHA);
  return context;
}

/// In place of the library's own, which would ask on the terminal.
int refuse_passphrase(char*, int, int, void* asked) {
  if (asked != nullptr) *static_cast<bool*>(asked) = true;
  return -1;
}

// Names as ALPN has them (RFC 7301): a length, and the name.
constexpr std::string_view kHttp2Name("\x02h2", 3);
constexpr std::string_view kHttp1Name("\x08http/1.1", 9);

/// The server's choice of what a client offers. A client that offers nothing we know is told so (RFC 7301, 3.2).
int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* size, const unsigned char* offered,
                    unsigned int offered_size, void* http2) {
  const std::string_view offer(reinterpret_cast<const char*>(offered), offered_size);
  const auto offers = [&](std::string_view name) {
    for (size_t at = 0; at < offer.size(); at += 1 + static_cast<unsigned char>(offer[at])) {
      if (offer.substr(at, name.size()) == name) return true;
    }
    return false;
  };
  for (const std::string_view name : {kHttp2Name, kHttp1Name}) {
    if ((name == kHttp2Name && http2 == nullptr) || !offers(name)) continue;
    *chosen = reinterpret_cast<const unsigned char*>(name.data()) + 1;
    *size = static_cast<unsigned char>(name.size() - 1);
    return SSL_TLSEXT_ERR_OK;
  }
  return SSL_TLSEXT_ERR_ALERT_FATAL;
}

/// Whether certificates can be looked up in it by what they are called.
bool is_hashed(const std::filesystem::path& folder) {
  std::error_code ec;
  for (std::filesystem::directory_iterator at(folder, ec), end; !ec && at != end; at.increment(ec)) {
    if (at->path().extension() == ".0") return true;
  }
  return false;
}

/// Where systems keep whom they trust. A folder is looked into when a certificate is to be checked; a file is read as
/// a whole, at once.
bool trust_system(SSL_CTX* context) {
  if (std::getenv(X509_get_default_cert_file_env()) != nullptr ||
      std::getenv(X509_get_default_cert_dir_env()) != nullptr) {
    return SSL_CTX_set_default_verify_paths(context) == 1;
  }
  for (const char* folder : {"/etc/ssl/certs", "/etc/pki/tls/certs"}) {
    if (is_hashed(folder)) return SSL_CTX_load_verify_dir(context, folder) == 1;
  }
  for (const char* file : {"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt",
                           "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem"}) {
    if (SSL_CTX_load_verify_file(context, file) == 1) return true;
    ERR_clear_error();
  }
  // Then nothing is trusted, and each connection tells.
  return true;
}

bool is_address(const std::string& host) {
  ASN1_OCTET_STRING* const bytes = a2i_IPADDRESS(host.c_str());
  ASN1_OCTET_STRING_free(bytes);
  ERR_clear_error();
  return bytes != nullptr;
}

/// Whom the certificate must be of. Only names are told to the server (RFC 6066, 3).
bool expect_host(SSL* stream, const std::string& host) {
  SSL_set_hostflags(stream, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  if (is_address(host)) return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(stream), host.c_str()) == 1;
  // A name may end in a dot, which certificates don't have.
  const std::string name = host.ends_with('.') ? host.substr(0, host.size() - 1) : host;
  return SSL_set1_host(stream, name.c_str()) == 1 && SSL_set_tlsext_host_name(stream, name.c_str()) == 1;
}

SSL* new_stream(SSL_CTX* context, int socket) {
  const BIO_METHOD* const method = socket_method();
  SSL* const stream = method != nullptr ? SSL_new(context) : nullptr;
  BIO* const bio = stream != nullptr ? BIO_new(method) : nullptr;
  if (bio == nullptr) {
    SSL_free(stream);
    return nullptr;
  }
  BIO_set_data(bio, reinterpret_cast<void*>(static_cast<intptr_t>(socket)));
  BIO_set_init(bio, 1);
  SSL_set_bio(stream, bio, bio);
  return stream;
}

}  // namespace

bool has_tls() { return true; }

Result<std::shared_ptr<const TlsContext>> TlsContext::of_server(const TlsServerOptions& options) {
  ERR_clear_error();
  SSL_CTX* const context = new_context(TLS_server_method());
  if (context == nullptr) return internal();
  const std::shared_ptr<const TlsContext> out(new TlsContext(context));
  bool asked = false;
  SSL_CTX_set_default_passwd_cb(context, refuse_passphrase);
  SSL_CTX_set_default_passwd_cb_userdata(context, &asked);
  if (SSL_CTX_use_certificate_chain_file(context, options.certificate.c_str()) != 1) {
    return unusable(options.certificate);
  }
  if (SSL_CTX_use_PrivateKey_file(context, options.key.c_str(), SSL_FILETYPE_PEM) != 1) {
    if (!asked) return unusable(options.key);
    ERR_clear_error();
    return make_error(ErrorCode::tls_file_unusable, kNoOffset, options.key,
                      "it is encrypted, and nobody is there to be asked for its passphrase");
  }
  SSL_CTX_set_default_passwd_cb_userdata(context, nullptr);
  if (SSL_CTX_check_private_key(context) != 1) return unusable(options.key);
  // Resumption is by tickets, so that nothing is kept for clients that have gone.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  static char http2;
  SSL_CTX_set_alpn_select_cb(context, choose_protocol, options.http2 ? &http2 : nullptr);
  return out;
}

Result<std::shared_ptr<const TlsContext>> TlsContext::of_client(const TlsClientOptions& options) {
  ERR_clear_error();
  SSL_CTX* const context = new_context(TLS_client_method());
  if (context == nullptr) return internal();
  const std::shared_ptr<const TlsContext> out(new TlsContext(context));
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  if (!trust_system(context)) return internal();
  if (!options.authorities.empty() && SSL_CTX_load_verify_file(context, options.authorities.c_str()) != 1) {
    return unusable(options.authorities);
  }
  const std::string names = (options.http2 ? std::string(kHttp2Name) : std::string()) + std::string(kHttp1Name);
  // 0 is success.
  if (SSL_CTX_set_alpn_protos(context, reinterpret_cast<const unsigned char*>(names.data()),
                              static_cast<unsigned int>(names.size())) != 0) {
    return internal();
  }
  return out;
}

TlsContext::~TlsContext() { SSL_CTX_free(context_); }

// ---- streams

Result<std::unique_ptr<TlsStream>> TlsStream::of_server(const TlsContext& context, int socket) {
  SSL* const stream = new_stream(context.context_, socket);
  if (stream == nullptr) return internal();
  SSL_set_accept_state(stream);
  return std::unique_ptr<TlsStream>(new TlsStream(stream));
}

Result<std::unique_ptr<TlsStream>> TlsStream::of_client(const TlsContext& context, int socket,
                                                        const std::string& host) {
  SSL* const stream = new_stream(context.context_, socket);
  if (stream == nullptr) return internal();
  std::unique_ptr<TlsStream> out(new TlsStream(stream));
  SSL_set_connect_state(stream);
  if (!expect_host(stream, host)) return internal();
  return out;
}

TlsStream::~TlsStream() { SSL_free(stream_); }

void TlsStream::note_failure() {
  failed_ = true;
  const unsigned long code = ERR_peek_error();
  const long verified = SSL_get_verify_result(stream_);
  constexpr int kFirstAlert = SSL_AD_REASON_OFFSET;
  if (code == 0) {
    error_ = TlsError::Connection;
    error_text_ = "the connection ended";
    return;
  }
  const int reason = ERR_GET_REASON(code);
  if (ERR_GET_LIB(code) == ERR_LIB_SSL && reason == SSL_R_CERTIFICATE_VERIFY_FAILED) {
    error_ = TlsError::Certificate;
    error_text_ = X509_verify_cert_error_string(verified);
    ERR_clear_error();
    return;
  }
  if (ERR_GET_LIB(code) == ERR_LIB_SSL && reason == SSL_R_UNEXPECTED_EOF_WHILE_READING) {
    error_ = TlsError::Connection;
  } else if (ERR_GET_LIB(code) == ERR_LIB_SSL && reason >= kFirstAlert) {
    error_ = TlsError::Alert;
  } else {
    error_ = TlsError::Protocol;
  }
  error_text_ = take_complaint();
}

TlsStep TlsStream::step_of(int result) {
  switch (SSL_get_error(stream_, result)) {
    case SSL_ERROR_NONE:
      return TlsStep::Done;
    case SSL_ERROR_WANT_READ:
      return TlsStep::WantsRead;
    case SSL_ERROR_WANT_WRITE:
      return TlsStep::WantsWrite;
    case SSL_ERROR_ZERO_RETURN:
      return TlsStep::End;
    default:
      note_failure();
      return TlsStep::Failed;
  }
}

// SSL_get_error looks at the thread's errors: those of another stream must be gone.
TlsStep TlsStream::handshake() {
  if (failed_) return TlsStep::Failed;
  ERR_clear_error();
  return step_of(SSL_do_handshake(stream_));
}

std::string_view TlsStream::protocol() const {
  const unsigned char* name = nullptr;
  unsigned int size = 0;
  SSL_get0_alpn_selected(stream_, &name, &size);
  return {reinterpret_cast<const char*>(name), size};
}

TlsStream::Moved TlsStream::read_some(std::span<uint8_t> to) {
  if (failed_) return {TlsStep::Failed};
  ERR_clear_error();
  size_t size = 0;
  const int result = SSL_read_ex(stream_, to.data(), to.size(), &size);
  return {step_of(result), size};
}

TlsStream::Moved TlsStream::write_some(std::span<const uint8_t> from) {
  if (failed_) return {TlsStep::Failed};
  ERR_clear_error();
  size_t size = 0;
  const int result = SSL_write_ex(stream_, from.data(), from.size(), &size);
  return {step_of(result), size};
}

bool TlsStream::has_pending() const { return SSL_has_pending(stream_) == 1; }

TlsStep TlsStream::shutdown() {
  if (failed_) return TlsStep::Failed;
  ERR_clear_error();
  const int result = SSL_shutdown(stream_);
  // 0: said, and the peer's word is still to come.
  return result >= 0 ? TlsStep::Done : step_of(result);
}

}  // namespace ashlar::http
