// The guests of all routes on one loop. Routes are exchanged while requests are under way: these end where they began.
#pragma once

#include <map>
#include <memory>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "http/client.h"
#include "serve/guests.h"
#include "serve/observer.h"
#include "serve/routes.h"

namespace ashlar::serve {

/// On the loop's thread, or while it does not run.
class RoutedGuests final : public Guests {
 public:
  /// `requests`: under way at once; more are 503.
  RoutedGuests(boost::asio::io_context& loop, size_t requests, std::shared_ptr<Observation> observation)
      : loop_(loop), sweeper_(loop), requests_(requests), observer_(std::move(observation)) {}

  /// Makes guests of what `next` has and the routes of now have not. Nothing is answered by them before commit().
  /// Errors: those of App::on_loop; then all is as before.
  Status prepare(std::shared_ptr<const Routes> next);
  /// From now on requests meet what was prepared. Guests of no route go when their last request has ended.
  void commit();
  /// Lets go of what was prepared.
  void abandon();

  void handle(wasi::host::HttpRequest request, std::shared_ptr<http::Answer> answer) override;
  size_t running() const override;

 private:
  struct Place {
    std::shared_ptr<const ServedApp> served;
    std::shared_ptr<Guests> guests;
    std::shared_ptr<RouteMetrics> metrics;
    bool idle = false;  ///< of those that leave: has nothing under way
  };
  struct Table {
    std::shared_ptr<const Routes> routes;
    std::vector<Place> places;  ///< by the router's numbers
  };
  /// The one place where a route's guests are made.
  Result<std::unique_ptr<Guests>> make_guests(const ServedApp& served);
  wasi::host::HttpClient* client_for(const ServedApp& served);
  void sweep();
  void drop_clients();

  boost::asio::io_context& loop_;
  boost::asio::steady_timer sweeper_;
  const size_t requests_;
  Observer observer_;
  /// Of requests that no route answers.
  const std::shared_ptr<RouteMetrics> unrouted_ = observer_.metrics().route("");
  /// As long as an app with the same rules is there, which may be the next one.
  std::map<std::pair<std::shared_ptr<const http::AddressRules>, std::shared_ptr<http::ClientTls>>,
           std::unique_ptr<http::Client>>
      clients_;
  std::vector<Place> leaving_;
  Table now_, next_;
};

}  // namespace ashlar::serve
