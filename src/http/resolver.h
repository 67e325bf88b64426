// Names to addresses on an event loop: the system's resolver works elsewhere, and the same name is looked up once.
#pragma once

#include <chrono>
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>

#include "wasi/host/http.h"

namespace ashlar::http {

/// Answers are remembered for a moment: what the system knows of their age it does not tell. Who connects judges the
/// addresses anew each time. Of the loop's thread.
class Resolver : public std::enable_shared_from_this<Resolver> {
 public:
  using Addresses = std::vector<boost::asio::ip::address>;
  using Answer = std::expected<Addresses, wasi::host::HttpError>;
  using Done = std::function<void(const Answer& answer)>;

  explicit Resolver(boost::asio::io_context& loop) : loop_(loop) {}
  /// `done` is called from the loop, unless it is made empty before. Only handlers of the loop hold it.
  std::weak_ptr<Done> look_up(const std::string& host, Done done);

 private:
  using Clock = std::chrono::steady_clock;
  struct Lookup;
  struct Known {
    Addresses addresses;
    Clock::time_point until;
  };
  void begin(const std::shared_ptr<Lookup>& lookup);
  void finish(const std::shared_ptr<Lookup>& lookup, const Answer& answer);
  void remember(const std::string& name, const Addresses& addresses);

  boost::asio::io_context& loop_;
  std::map<std::string, std::weak_ptr<Lookup>> under_way_;  ///< which handlers of the loop hold
  std::map<std::string, Known> known_;
};

}  // namespace ashlar::http
