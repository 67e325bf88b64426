// Routes on a loop; see routed_guests.h.
#include "serve/routed_guests.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "http/writer.h"

namespace ashlar::serve {

namespace {

constexpr uint16_t kNotFound = 404, kMethodNotAllowed = 405, kUnavailable = 503;
/// How often guests without a route are looked after.
constexpr std::chrono::milliseconds kSweep{20};

void refuse_method(http::Answer& answer, std::string allow) {
  wasi::host::HttpResponse page = http::plain_page(kMethodNotAllowed);
  page.fields.push_back({"allow", std::move(allow)});
  answer.respond(std::move(page));
}

}  // namespace

Result<std::unique_ptr<Guests>> RoutedGuests::make_guests(const ServedApp& served) {
  return served.app->on_loop(loop_, client_for(served));
}

wasi::host::HttpClient* RoutedGuests::client_for(const ServedApp& served) {
  if (served.http == nullptr) return nullptr;
  auto& client = clients_[{served.http, served.tls}];
  if (client == nullptr) client = std::make_unique<http::Client>(loop_, served.http, served.tls);
  return client.get();
}

Status RoutedGuests::prepare(std::shared_ptr<const Routes> next) {
  next_ = {std::move(next), {}};
  for (const auto& served : next_.routes->apps) {
    const auto there = std::ranges::find(now_.places, served, &Place::served);
    if (there != now_.places.end()) {
      next_.places.push_back(*there);
      continue;
    }
    auto made = make_guests(*served);
    if (!made) {
      abandon();
      return std::unexpected(std::move(made).error());
    }
    auto metrics = observer_.metrics().route(served->name);
    metrics->watch((*made)->ledger());
    next_.places.push_back({served, std::move(*made), std::move(metrics)});
  }
  return {};
}

void RoutedGuests::abandon() {
  next_ = {};
  drop_clients();
}

void RoutedGuests::commit() {
  const Table before = std::exchange(now_, std::exchange(next_, {}));
  for (const Place& place : before.places) {
    if (std::ranges::find(now_.places, place.served, &Place::served) == now_.places.end()) leaving_.push_back(place);
  }
  if (!leaving_.empty()) sweep();
}

// Guests whose last request has just ended may have something on the loop that comes before the next sweep.
void RoutedGuests::sweep() {
  sweeper_.expires_after(kSweep);
  sweeper_.async_wait([this](boost::system::error_code ec) {
    if (ec) return;
    // Exchanged, not assigned: an app outlives its guests.
    const auto gone = std::ranges::partition(leaving_, [](const Place& place) { return !place.idle; });
    leaving_.erase(gone.begin(), gone.end());
    for (Place& place : leaving_) place.idle = place.guests->running() == 0;
    if (!leaving_.empty()) return sweep();
    drop_clients();
  });
}

// What is under way of a request keeps what it needs of its client.
void RoutedGuests::drop_clients() {
  const auto uses = [](const std::vector<Place>& places, const auto& key) {
    return std::ranges::any_of(
        places, [&](const Place& place) { return place.served->http == key.first && place.served->tls == key.second; });
  };
  std::erase_if(clients_, [&](const auto& entry) {
    return !uses(now_.places, entry.first) && !uses(next_.places, entry.first) && !uses(leaving_, entry.first);
  });
}

void RoutedGuests::handle(wasi::host::HttpRequest request, std::shared_ptr<http::Answer> answer) {
  const bool full = requests_ != 0 && running() >= requests_;
  Router::Found found = now_.routes->router.find(request.method, request.authority, request.path);
  const Place* const place = found.route == Router::Found::kNone ? nullptr : &now_.places[found.route];
  answer = observer_.observe(request, std::move(answer), place == nullptr ? unrouted_ : place->metrics);
  if (full) return answer->fail(kUnavailable);
  if (place != nullptr) return place->guests->handle(std::move(request), std::move(answer));
  if (found.allow.empty()) return answer->fail(kNotFound);
  refuse_method(*answer, std::move(found.allow));
}

size_t RoutedGuests::running() const {
  size_t out = 0;
  for (const auto* places : {&now_.places, &leaving_}) {
    for (const Place& place : *places) out += place.guests->running();
  }
  return out;
}

}  // namespace ashlar::serve
