// Connecting to a server: its name is looked up, its addresses are judged and tried, and TLS is agreed on.
#pragma once

#include <deque>
#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include "http/address_rules.h"
#include "http/resolver.h"
#include "http/wire.h"

namespace ashlar::http {

/// Where a request goes.
struct Destination {
  std::string host;
  uint16_t port = 0;
  std::shared_ptr<const TlsContext> tls;  ///< null: plain
};

/// Addresses are tried one after another, of both families in turn; when one says nothing for a moment the next begins
/// beside it, and the first to answer is taken (as in RFC 8305). Handlers of the loop hold it.
class Connecting : public std::enable_shared_from_this<Connecting> {
 public:
  using Outcome = std::expected<std::unique_ptr<Wire>, wasi::host::HttpError>;
  using Done = std::function<void(Outcome outcome)>;

  Connecting(boost::asio::io_context& loop, std::shared_ptr<const AddressRules> rules, Destination destination,
             Done done)
      : loop_(loop),
        rules_(std::move(rules)),
        destination_(std::move(destination)),
        done_(std::move(done)),
        timer_(loop) {}
  /// `done` is called once, perhaps from here.
  void begin(Resolver& resolver);
  /// `done` is not called any more.
  void cancel();

 private:
  using Attempt = std::shared_ptr<boost::asio::ip::tcp::socket>;
  void try_addresses(const Resolver::Addresses& addresses);
  void try_next();
  void on_attempt(const Attempt& attempt, boost::system::error_code ec);
  void shake_hands();
  void finish(Outcome outcome);

  boost::asio::io_context& loop_;
  const std::shared_ptr<const AddressRules> rules_;
  const Destination destination_;
  Done done_;  ///< empty: it is over
  std::weak_ptr<Resolver::Done> lookup_;
  boost::asio::steady_timer timer_;
  std::deque<boost::asio::ip::address> left_;
  std::vector<Attempt> attempts_;  ///< under way
  std::unique_ptr<Wire> wire_;
};

}  // namespace ashlar::http
