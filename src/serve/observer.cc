// Watching requests; see observer.h.
#include "serve/observer.h"

#include <algorithm>
#include <utility>

#include "base/sha256.h"
#include "http/writer.h"
#include "os/random.h"

namespace ashlar::serve {

namespace {

using wasi::host::HttpRequest;
using wasi::host::HttpResponse;
using wasi::host::SharedHttpBody;

constexpr std::string_view kIdField = "x-request-id";
constexpr size_t kLongestId = 128;

std::string field(const HttpRequest& request, std::string_view name) {
  const std::string* const found = wasi::host::find_field(request.fields, name);
  return found == nullptr ? std::string() : *found;
}

/// Nothing that a log would have to quote.
bool is_id(std::string_view text) {
  return !text.empty() && text.size() <= kLongestId && std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_' ||
           c == '.';
  });
}

/// Spreads the bits of a counter, each value to another.
uint64_t mix(uint64_t x) {
  constexpr uint64_t kFirst = 0xff51afd7ed558ccd, kSecond = 0xc4ceb9fe1a85ec53;
  constexpr unsigned kShift = 33;
  x = (x ^ (x >> kShift)) * kFirst;
  x = (x ^ (x >> kShift)) * kSecond;
  return x ^ (x >> kShift);
}

/// A request and what became of it; told when its program has let go of it and the response has gone.
class Observed final : public http::Sending {
 public:
  Observed(const HttpRequest& request, std::string id, std::string_view protocol,
           std::shared_ptr<Observation> observation, std::shared_ptr<RouteMetrics> metrics)
      : observation_(std::move(observation)),
        metrics_(std::move(metrics)),
        id_(std::move(id)),
        protocol_(protocol),
        is_head_(request.method == "HEAD"),
        in_(request.body) {
    if (observation_->log) {
      method_ = request.method;
      authority_ = request.authority;
      path_ = request.path;
      remote_ = request.remote;
      referer_ = field(request, "referer");
      agent_ = field(request, "user-agent");
      trace_ = field(request, "traceparent");
    }
    metrics_->begin();
  }
  ~Observed() override {
    RequestRecord record;
    record.route = metrics_->name();
    record.method = method_;
    record.authority = authority_;
    record.path = path_;
    record.protocol = protocol_;
    record.remote = remote_;
    record.referer = referer_;
    record.user_agent = agent_;
    record.trace = trace_;
    record.id = id_;
    record.status = gone_ ? RequestRecord::kClientGone : status_;
    if (in_) record.bytes_in = in_->written();
    constexpr uint16_t kNoContent = 204, kNotModified = 304;
    const bool bodiless = is_head_ || status_ == kNoContent || status_ == kNotModified;
    if (out_ && !bodiless) record.bytes_out = out_->written();
    record.begun = begun_;
    record.time = std::chrono::steady_clock::now() - start_;
    metrics_->end(record);
    if (observation_->log) observation_->log->add(record);
  }
  void replaced(HttpResponse& page) override { give(page); }
  void gone() override { gone_ = true; }

  bool given() const { return status_ != 0; }
  /// Of the program, or for it.
  void give(HttpResponse& response) {
    status_ = response.status;
    out_ = response.body;
    std::erase_if(response.fields, [](const auto& f) { return wasi::host::equal_names(f.name, kIdField); });
    response.fields.push_back({std::string(kIdField), id_});
  }
  void failed(const Error& error) {
    metrics_->failed(error);
    if (observation_->on_failure) observation_->on_failure(metrics_->name(), id_, error);
  }

 private:
  const std::shared_ptr<Observation> observation_;
  const std::shared_ptr<RouteMetrics> metrics_;
  const std::string id_;
  const std::string_view protocol_;
  const bool is_head_;
  const SharedHttpBody in_;
  SharedHttpBody out_;
  std::string method_, authority_, path_, remote_, referer_, agent_, trace_;
  uint16_t status_ = 0;
  bool gone_ = false;
  const std::chrono::system_clock::time_point begun_ = std::chrono::system_clock::now();
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

class ObservedAnswer final : public http::Answer {
 public:
  ObservedAnswer(std::shared_ptr<http::Answer> to, std::shared_ptr<Observed> observed)
      : to_(std::move(to)), observed_(std::move(observed)) {
    to_->sending = observed_;
    to_->on_gone = [this] {
      observed_->gone();
      if (on_gone) on_gone();
    };
  }
  ~ObservedAnswer() override {
    to_->on_gone = {};
    constexpr uint16_t kBadGateway = 502;
    fail(kBadGateway);
  }
  void respond(HttpResponse response) override {
    if (observed_->given()) {
      if (response.body) response.body->abandon();
      return;
    }
    observed_->give(response);
    to_->respond(std::move(response));
  }
  // By respond(), for the id.
  void fail(uint16_t status) override {
    if (!observed_->given()) respond(http::plain_page(status));
  }
  void failed(const Error& error) override { observed_->failed(error); }
  std::string_view protocol() const override { return to_->protocol(); }

 private:
  const std::shared_ptr<http::Answer> to_;
  const std::shared_ptr<Observed> observed_;
};

}  // namespace

Observer::Observer(std::shared_ptr<Observation> observation) : observation_(std::move(observation)) {
  // Ids that are merely unlike each other would do.
  static_cast<void>(os::fill_random({reinterpret_cast<uint8_t*>(seed_), sizeof seed_}));
}

std::string Observer::next_id() {
  ++count_;
  const uint64_t id[] = {mix(seed_[0] + count_), mix(seed_[1] ^ count_)};
  return base::to_hex({reinterpret_cast<const uint8_t*>(id), sizeof id});
}

std::shared_ptr<http::Answer> Observer::observe(HttpRequest& request, std::shared_ptr<http::Answer> answer,
                                                std::shared_ptr<RouteMetrics> metrics) {
  std::string id = field(request, kIdField);
  if (!is_id(id)) {
    id = next_id();
    std::erase_if(request.fields, [](const auto& f) { return wasi::host::equal_names(f.name, kIdField); });
    request.fields.push_back({std::string(kIdField), id});
  }
  auto observed =
      std::make_shared<Observed>(request, std::move(id), answer->protocol(), observation_, std::move(metrics));
  return std::make_shared<ObservedAnswer>(std::move(answer), std::move(observed));
}

}  // namespace ashlar::serve
