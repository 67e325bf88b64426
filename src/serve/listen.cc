// Sockets that listen; see listen.h.
#include "serve/listen.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <system_error>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include "http/http2_connection.h"
#include "http/tls.h"

namespace ashlar::serve {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

std::unexpected<Error> cannot_listen(const std::string& address, std::string why) {
  return make_error(ErrorCode::wasi_listen_failed, kNoOffset, address, std::move(why));
}

/// "127.0.0.1:80", "[::1]:80", "localhost:80", ":80" (every address).
Result<tcp::endpoint> parse_endpoint(const std::string& text) {
  const size_t colon = text.rfind(':');
  if (colon == text.npos) return cannot_listen(text, "it has no port");
  uint16_t port = 0;
  const char* const end = text.data() + text.size();
  const auto [used, failed] = std::from_chars(text.data() + colon + 1, end, port);
  if (failed != std::errc() || used != end) return cannot_listen(text, "its port is not a number from 0 to 65535");
  std::string host = text.substr(0, colon);
  if (host.empty()) return tcp::endpoint(tcp::v6(), port);
  if (host == "localhost") host = "127.0.0.1";
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  error_code ec;
  const asio::ip::address address = asio::ip::make_address(host, ec);
  if (ec) return cannot_listen(text, "its host is neither an IP address nor localhost");
  return tcp::endpoint(address, port);
}

std::string text_of(const tcp::endpoint& at) {
  const auto host = at.address();
  return (host.is_v6() ? "[" + host.to_string() + "]" : host.to_string()) + ":" + std::to_string(at.port());
}

using SharePort = asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;

/// A socket that is bound. `shared`: with other sockets of this process.
Result<http::Acceptor> bound_socket(asio::io_context& loop, const tcp::endpoint& at, bool shared,
                                    const std::string& shown) {
  error_code ec;
  http::Acceptor out(loop);
  out.open({at.protocol().family(), at.protocol().protocol()}, ec);
  if (!ec) out.set_option(asio::socket_base::reuse_address(true), ec);
  if (!ec && shared) out.set_option(SharePort(true), ec);
  if (!ec) out.bind(at, ec);
  if (ec) return cannot_listen(shown, ec.message());
  return out;
}

Status start_listening(http::Acceptor& acceptor, const std::string& shown) {
  error_code ec;
  acceptor.listen(asio::socket_base::max_listen_connections, ec);
  if (ec) return cannot_listen(shown, ec.message());
  return {};
}

Result<std::string> listen_on_port(const ListenOptions& options, std::span<const LoopServer> loops,
                                   const std::shared_ptr<http::ServerTls>& tls) {
  TRY_ASSIGN(tcp::endpoint at, parse_endpoint(options.address));
  {
    TRY_ASSIGN(const http::Acceptor alone, bound_socket(loops[0].loop, at, false, options.address));
    const auto bound = alone.local_endpoint();
    std::memcpy(at.data(), bound.data(), bound.size());
  }
  for (const LoopServer& to : loops) {
    TRY_ASSIGN(http::Acceptor shared, bound_socket(to.loop, at, true, options.address));
    TRY(start_listening(shared, options.address));
    to.server.listen({std::move(shared), tls, nullptr});
  }
  return text_of(at);
}

// ---- Unix sockets

constexpr std::string_view kUnix = "unix:";

Status check_path(const std::string& address) {
  const std::string_view path = std::string_view(address).substr(kUnix.size());
  // As long as an endpoint, with the zero behind it.
  if (!path.empty() && path.size() < sizeof(sockaddr_un::sun_path) && !path.contains('\0')) return {};
  return cannot_listen(address,
                       "a socket's path has 1 to " + std::to_string(sizeof(sockaddr_un::sun_path) - 1) + " bytes");
}

/// The file of a socket, which goes with this; not one that somebody has put in its place.
class SocketFile {
 public:
  explicit SocketFile(std::string path) : path_(std::move(path)) { there_ = ::lstat(path_.c_str(), &mine_) == 0; }
  ~SocketFile() {
    struct stat now{};
    const bool still = there_ && ::lstat(path_.c_str(), &now) == 0;
    if (still && now.st_dev == mine_.st_dev && now.st_ino == mine_.st_ino) ::unlink(path_.c_str());
  }
  SocketFile(const SocketFile&) = delete;
  SocketFile& operator=(const SocketFile&) = delete;

 private:
  std::string path_;
  struct stat mine_{};
  bool there_ = false;
};

/// Removes a socket's file on which nobody listens: its server was killed.
void remove_stale(asio::io_context& loop, const std::string& path) {
  struct stat file{};
  if (::lstat(path.c_str(), &file) != 0 || !S_ISSOCK(file.st_mode)) return;
  const asio::local::stream_protocol::endpoint at(path);
  asio::local::stream_protocol::socket probe(loop);
  error_code ec;
  probe.open(at.protocol(), ec);
  // A server that takes nobody would keep this waiting.
  if (!ec) probe.native_non_blocking(true, ec);
  if (ec) return;
  const bool connected = ::connect(probe.native_handle(), at.data(), static_cast<socklen_t>(at.size())) == 0;
  if (!connected && errno == ECONNREFUSED) ::unlink(path.c_str());
}

Result<std::string> listen_on_path(const ListenOptions& options, std::span<const LoopServer> loops,
                                   const std::shared_ptr<http::ServerTls>& tls) {
  TRY(check_path(options.address));
  const std::string path = options.address.substr(kUnix.size());
  const asio::local::stream_protocol::endpoint at(path);
  remove_stale(loops[0].loop, path);
  http::Acceptor first(loops[0].loop);
  error_code ec;
  first.open({at.protocol().family(), at.protocol().protocol()}, ec);
  if (!ec) first.bind(at, ec);
  if (ec) return cannot_listen(options.address, ec.message());
  const auto file = std::make_shared<const SocketFile>(path);
  // Nobody gets in before this: it does not listen yet.
  constexpr mode_t kOwnerAndGroup = 0660;
  if (::chmod(path.c_str(), kOwnerAndGroup) != 0) {
    return cannot_listen(options.address, std::generic_category().message(errno));
  }
  TRY(start_listening(first, options.address));
  // All loops wait on the same socket; whoever is first gets the connection.
  for (const LoopServer& to : loops.subspan(1)) {
    http::Acceptor other(to.loop);
    const int copy = ::fcntl(first.native_handle(), F_DUPFD_CLOEXEC, 0);
    if (copy < 0) return cannot_listen(options.address, std::generic_category().message(errno));
    other.assign({at.protocol().family(), at.protocol().protocol()}, copy, ec);
    if (ec) return cannot_listen(options.address, ec.message());
    to.server.listen({std::move(other), tls, file});
  }
  loops[0].server.listen({std::move(first), tls, file});
  return options.address;
}

}  // namespace

Result<std::string> plain_address(const std::string& address) {
  if (address.starts_with(kUnix)) {
    TRY(check_path(address));
    return std::string(kUnix) + std::filesystem::path(address.substr(kUnix.size())).lexically_normal().string();
  }
  TRY_ASSIGN(const tcp::endpoint at, parse_endpoint(address));
  return text_of(at);
}

bool addresses_clash(const std::string& a, const std::string& b) {
  const auto at = parse_endpoint(a), other = parse_endpoint(b);
  if (a.starts_with(kUnix) || b.starts_with(kUnix) || !at || !other) return a == b;
  // Port 0 is another one each time.
  if (at->port() != other->port() || at->port() == 0) return false;
  // "[::]" listens for IPv4, too.
  const auto takes = [](const asio::ip::address& all, const asio::ip::address& one) {
    return all.is_unspecified() && (all.is_v6() || one.is_v4());
  };
  return at->address() == other->address() || takes(at->address(), other->address()) ||
         takes(other->address(), at->address());
}

std::string url_of(const ListenOptions& options, const std::string& address) {
  if (address.starts_with(kUnix)) return address;
  return (options.certificate.empty() ? "http://" : "https://") + address + "/";
}

Result<std::shared_ptr<const http::TlsContext>> open_certificate(const ListenOptions& options) {
  return http::TlsContext::of_server({options.certificate, options.key, http::has_http2()});
}

Result<Listening> listen(const ListenOptions& options, std::span<const LoopServer> loops) {
  Listening out;
  if (!options.certificate.empty()) {
    std::shared_ptr<const http::TlsContext> tls = options.tls;
    if (tls == nullptr) {
      TRY_ASSIGN(tls, open_certificate(options));
    }
    out.tls = std::make_shared<http::ServerTls>(std::move(tls));
  }
  const bool is_path = options.address.starts_with(kUnix);
  TRY_ASSIGN(out.address, is_path ? listen_on_path(options, loops, out.tls) : listen_on_port(options, loops, out.tls));
  return out;
}

}  // namespace ashlar::serve
