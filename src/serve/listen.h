// Where a service listens.
#pragma once

#include <span>
#include <string>

#include <boost/asio/io_context.hpp>

#include "base/error.h"
#include "http/server.h"

namespace ashlar::serve {

struct ListenOptions {
  std::string address = "127.0.0.1:8080";       ///< "HOST:PORT", port 0: any; "unix:PATH"
  std::string certificate, key;                 ///< PEM files; empty: without TLS
  std::shared_ptr<const http::TlsContext> tls;  ///< open_certificate(); null: listen() does that
};
/// The same text for all addresses that mean the same: "localhost:80" is "127.0.0.1:80", ":80" is "[::]:80". Errors:
/// Io, whose second argument says what is wrong with it.
Result<std::string> plain_address(const std::string& address);
/// Whether only one of two addresses, as plain_address() gives them, can be listened on.
bool addresses_clash(const std::string& a, const std::string& b);
/// Reads them. Errors: Io; Internal, in a build without TLS.
Result<std::shared_ptr<const http::TlsContext>> open_certificate(const ListenOptions& options);
/// As users are told of an address that listen() returned: "http://127.0.0.1:8080/".
std::string url_of(const ListenOptions& options, const std::string& address);

struct LoopServer {
  boost::asio::io_context& loop;
  http::Server& server;
};

/// Of a port each loop has a socket of its own, among which the system deals connections out. That the port is nobody
/// else's shows on one that is not shared. Of a Unix socket they have the same; its file is for its owner and group,
/// takes the place of one on which nobody listens any more, and goes when the loops' servers listen no more. Returns
/// the address, "127.0.0.1:8080", and where the certificate of new connections can be exchanged (null: without TLS).
/// Errors: Io; Internal, TLS in a build without.
struct Listening {
  std::string address;
  std::shared_ptr<http::ServerTls> tls;
};
Result<Listening> listen(const ListenOptions& options, std::span<const LoopServer> loops);

}  // namespace ashlar::serve
