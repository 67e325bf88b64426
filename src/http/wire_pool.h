// Connections that wait for the next request to the same server.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "http/wire.h"

namespace ashlar::http {

/// Handlers of the loop hold what is idle: it goes with the loop, or when the server closes it or sends anything. Of
/// the loop's thread.
class WirePool {
 public:
  explicit WirePool(boost::asio::io_context& loop) : loop_(loop) {}
  /// The last one that was given for this server and is quiet still; null when there is none.
  std::unique_ptr<Wire> take(const std::string& server);
  /// Nothing of a request or response is under way on it.
  void give(const std::string& server, std::unique_ptr<Wire> wire);

 private:
  struct Idle;
  void prune();

  boost::asio::io_context& loop_;
  const std::shared_ptr<size_t> count_ = std::make_shared<size_t>(0);  ///< of the open ones, which may outlive this
  std::map<std::string, std::vector<std::weak_ptr<Idle>>> idle_;
};

}  // namespace ashlar::http
