// Requests of programs to servers; see client.h.
#include "http/client.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <span>

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "http/connecting.h"
#include "http/parser.h"
#include "http/wire_pool.h"
#include "http/writer.h"

namespace ashlar::http {

namespace asio = boost::asio;
using boost::system::error_code;
using wasi::host::HttpBody;
using wasi::host::HttpError;
using wasi::host::HttpErrorCode;
using wasi::host::HttpRequest;
using wasi::host::HttpResponse;
using wasi::host::HttpTimeouts;
using wasi::host::PendingHttpResponse;

/// What the exchanges of a client have in common.
struct Client::Shared {
  Shared(asio::io_context& l, std::shared_ptr<const AddressRules> r, std::shared_ptr<ClientTls> t, const HttpLimits& h)
      : loop(l), rules(std::move(r)), tls(std::move(t)), limits(h), resolver(std::make_shared<Resolver>(l)), pool(l) {}
  asio::io_context& loop;
  const std::shared_ptr<const AddressRules> rules;
  const std::shared_ptr<ClientTls> tls;
  const HttpLimits limits;
  const std::shared_ptr<Resolver> resolver;
  WirePool pool;
};

namespace {

constexpr size_t kReadBytes = 16 << 10;
/// Reads without a turn of the loop's.
constexpr int kMostReads = 8;
/// Heads before the response's own (1xx).
constexpr int kMostEarlyHeads = 16;
/// Where a program sets none.
constexpr std::chrono::nanoseconds kUsualTime = std::chrono::minutes(10);

/// Of the thread, which has one loop.
std::span<uint8_t> read_buffer() {
  static thread_local std::array<uint8_t, kReadBytes> bytes;
  return bytes;
}

std::chrono::nanoseconds time_of(const std::optional<uint64_t>& time) {
  if (!time) return kUsualTime;
  // No longer than a timer can be told.
  constexpr std::chrono::nanoseconds kLongest = std::chrono::hours(24 * 365);
  return std::min(kLongest, std::chrono::nanoseconds(std::min<uint64_t>(*time, kLongest.count())));
}

/// "host", "host:port", "[::1]:port".
bool split_authority(const std::string& authority, bool secure, Destination& out) {
  constexpr uint16_t kHttp = 80, kHttps = 443;
  out.port = secure ? kHttps : kHttp;
  size_t end = authority.size();
  if (authority.starts_with('[')) {
    end = authority.find(']');
    if (end == authority.npos) return false;
    out.host = authority.substr(1, end - 1);
    ++end;
  } else {
    end = std::min(authority.find(':'), authority.size());
    out.host = authority.substr(0, end);
  }
  const std::string_view rest = std::string_view(authority).substr(end);
  if (out.host.empty()) return false;
  if (rest.empty() || rest == ":") return true;
  const char* const last = rest.data() + rest.size();
  const auto [used, failed] = std::from_chars(rest.data() + 1, last, out.port);
  return rest[0] == ':' && failed == std::errc() && used == last && out.port != 0;
}

HttpErrorCode code_of(const BadMessage& bad) {
  constexpr uint16_t kHeaderTooLong = 431, kBodyTooLong = 413;
  if (bad.status == kHeaderTooLong) return HttpErrorCode::HttpResponseHeaderSectionSize;
  return bad.status == kBodyTooLong ? HttpErrorCode::HttpResponseBodySize : HttpErrorCode::HttpProtocolError;
}

/// A request and its response. What is under way on the loop holds it.
class ClientExchange final : public std::enable_shared_from_this<ClientExchange> {
 public:
  ClientExchange(std::shared_ptr<Client::Shared> shared, HttpRequest request, const HttpTimeouts& timeouts)
      : shared_(std::move(shared)), request_(std::move(request)), timeouts_(timeouts), timer_(shared_->loop) {}

  void begin(const std::shared_ptr<PendingHttpResponse>& pending);
  void cancel() { fail({HttpErrorCode::ConnectionTerminated, {}, {}}); }

 private:
  void connect();
  void start(std::unique_ptr<Wire> wire);
  void write_head();
  void pump_later();
  void pump();
  void read();
  std::function<void()> read_again();
  void on_bytes(std::span<const uint8_t> bytes);
  void on_head();
  void on_room();
  void on_end();
  void finish();
  /// The connection ended. One that was used before may have ended before it took the request.
  void lost(HttpError error);
  void fail(HttpError error);
  void close();
  void set_timer(std::chrono::nanoseconds time, HttpErrorCode code);
  void tell(wasi::host::HttpOutcome outcome);

  const std::shared_ptr<Client::Shared> shared_;
  HttpRequest request_;
  const HttpTimeouts timeouts_;
  Destination to_;
  std::string server_;  ///< for the pool
  std::weak_ptr<Connecting> connecting_;
  std::unique_ptr<Wire> wire_;
  asio::steady_timer timer_;
  std::weak_ptr<PendingHttpResponse> pending_;
  std::optional<BodyWriter> writer_;
  std::string out_;
  std::optional<ResponseParser> parser_;
  std::vector<uint8_t> in_;
  SharedHttpBody body_;  ///< the response's, once its head is there
  int early_heads_ = 0;
  bool told_ = false, closed_ = false, writing_ = false, pumping_ = false, reading_ = false;
  bool used_before_ = false;  ///< the connection, and nothing has come yet
  bool repeatable_ = false;   ///< the request may be sent twice (RFC 9110, 9.2.2)
};

/// What the guest holds: gone without an outcome, nobody wants one.
struct Pending final : PendingHttpResponse {
  ~Pending() override {
    const auto open = exchange.lock();
    if (open && !outcome) open->cancel();
  }
  std::weak_ptr<ClientExchange> exchange;
};

// What is wrong at once is told at once; the guest has not begun to wait.
void ClientExchange::begin(const std::shared_ptr<PendingHttpResponse>& pending) {
  pending_ = pending;
  const bool secure = request_.scheme == "https";
  if (!split_authority(request_.authority, secure, to_)) return fail({HttpErrorCode::HttpRequestUriInvalid, {}, {}});
  if (!shared_->rules->allows_host(to_.host, to_.port)) return fail({HttpErrorCode::HttpRequestDenied, {}, {}});
  if (secure) {
    const auto& tls = shared_->tls->get();
    if (!tls) return fail({HttpErrorCode::InternalError, tls.error().render(), {}});
    to_.tls = *tls;
  }
  request_.body->on_data = [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->pump_later();
  };
  server_ = request_.scheme + "://" + to_.host + " " + std::to_string(to_.port);
  if (auto wire = shared_->pool.take(server_)) {
    used_before_ = true;
    return start(std::move(wire));
  }
  connect();
}

void ClientExchange::connect() {
  set_timer(time_of(timeouts_.connect), HttpErrorCode::ConnectionTimeout);
  const auto done = [self = shared_from_this()](Connecting::Outcome outcome) {
    if (self->closed_) return;
    if (!outcome) return self->fail(std::move(outcome.error()));
    self->start(std::move(*outcome));
  };
  const auto connecting = std::make_shared<Connecting>(shared_->loop, shared_->rules, to_, done);
  connecting_ = connecting;
  connecting->begin(*shared_->resolver);
}

void ClientExchange::start(std::unique_ptr<Wire> wire) {
  wire_ = std::move(wire);
  set_timer(time_of(timeouts_.first_byte), HttpErrorCode::HttpResponseTimeout);
  write_head();
  pump_later();
}

void ClientExchange::set_timer(std::chrono::nanoseconds time, HttpErrorCode code) {
  timer_.expires_after(time);
  timer_.async_wait([weak = weak_from_this(), code](error_code ec) {
    if (ec) return;
    if (const auto self = weak.lock()) self->fail({code, {}, {}});
  });
}

// ---- the request

void ClientExchange::write_head() {
  out_ = request_.method + " " + request_.path + " HTTP/1.1\r\nhost: " + request_.authority + "\r\n";
  write_fields(out_, request_.fields);
  const HttpBody& body = *request_.body;
  const bool nothing = body.finished() && !body.error() && body.buffered() == 0 && !body.trailers() && !body.length;
  const bool means_none = request_.method != "POST" && request_.method != "PUT" && request_.method != "PATCH";
  Framing framing = Framing::None;
  if (!nothing || !means_none) framing = frame(out_, request_.fields, body, true);
  out_ += "\r\n";
  constexpr auto kRepeatable = std::to_array<std::string_view>({"GET", "HEAD", "OPTIONS", "TRACE", "DELETE"});
  repeatable_ = framing == Framing::None && std::ranges::find(kRepeatable, request_.method) != kRepeatable.end();
  writer_.emplace(request_.body, framing);
}

// From the loop: what is written meanwhile goes with it.
void ClientExchange::pump_later() {
  if (pumping_ || closed_) return;
  pumping_ = true;
  asio::post(shared_->loop, [self = shared_from_this()] {
    self->pumping_ = false;
    self->pump();
  });
}

void ClientExchange::pump() {
  if (closed_ || writing_ || !wire_) return;
  // The guest gave it up; a server must not take it for whole.
  if (writer_->failed()) return fail(*request_.body->error());
  while (writer_->take(out_) || !out_.empty()) {
    const TlsStream::Moved moved = wire_->write_some({reinterpret_cast<const uint8_t*>(out_.data()), out_.size()});
    if (moved.step == TlsStep::Done) {
      out_.erase(0, moved.size);
      continue;
    }
    if (moved.step != TlsStep::WantsRead && moved.step != TlsStep::WantsWrite) {
      // It may have answered before, and want no more.
      out_.clear();
      request_.body->abandon();
      break;
    }
    writing_ = true;
    wire_->wait(moved.step, [self = shared_from_this()] {
      self->writing_ = false;
      self->pump();
    });
    break;
  }
  read();
}

// ---- the response

std::function<void()> ClientExchange::read_again() {
  reading_ = true;
  return [self = shared_from_this()] {
    self->reading_ = false;
    self->read();
  };
}

void ClientExchange::read() {
  if (reading_) return;
  for (int reads = 0; !closed_ && wire_; ++reads) {
    if (body_ && body_->room() == 0) {
      // It is the program that lets the server wait.
      timer_.cancel();
      return;
    }
    // Not from the socket: TLS may hold bytes of which that does not know any more.
    if (reads == kMostReads) return asio::post(shared_->loop, read_again());
    const std::span<uint8_t> buffer = read_buffer();
    const TlsStream::Moved moved = wire_->read_some(buffer);
    if (moved.step == TlsStep::WantsRead || moved.step == TlsStep::WantsWrite) {
      return wire_->wait(moved.step, read_again());
    }
    if (moved.step == TlsStep::End) return on_end();
    if (moved.step == TlsStep::Failed) return lost(wire_->error());
    used_before_ = false;
    set_timer(time_of(timeouts_.between_bytes), HttpErrorCode::ConnectionReadTimeout);
    on_bytes(buffer.first(moved.size));
  }
}

void ClientExchange::on_bytes(std::span<const uint8_t> bytes) {
  in_.insert(in_.end(), bytes.begin(), bytes.end());
  while (!closed_ && !in_.empty()) {
    if (!parser_) {
      parser_.emplace(shared_->limits);
      parser_->skip(request_.method == "HEAD");
    }
    const size_t used = parser_->feed(in_);
    in_.erase(in_.begin(), in_.begin() + static_cast<ptrdiff_t>(used));
    if (const auto& bad = parser_->bad()) return fail({code_of(*bad), {}, {}});
    if (!body_ && parser_->is_header_done()) on_head();
    if (closed_) return;
    if (body_ && parser_->is_done()) return finish();
    if (used == 0) return;
  }
}

void ClientExchange::on_head() {
  constexpr uint16_t kSwitching = 101, kFirstFinal = 200;
  if (parser_->status == kSwitching) return fail({HttpErrorCode::HttpUpgradeFailed, {}, {}});
  if (parser_->status < kFirstFinal) {
    if (++early_heads_ > kMostEarlyHeads) return fail({HttpErrorCode::HttpProtocolError, {}, {}});
    parser_.reset();
    return;
  }
  body_ = std::make_shared<HttpBody>();
  // It lives as long as somebody may read: who waits for room has nothing else under way.
  body_->on_room = [self = shared_from_this()] {
    // Not from here: its reader is in the middle of something.
    if (!self->closed_) asio::post(self->shared_->loop, [self] { self->on_room(); });
  };
  parser_->set_body(body_);
  HttpFields fields = std::move(parser_->fields);
  std::erase_if(fields, [](const HttpField& f) { return wasi::host::is_connection_field(f.name); });
  // A reader that goes without a word ends it as well: waiting for room, the exchange would keep itself.
  const SharedHttpBody handed(body_.get(), [kept = body_, weak = weak_from_this()](HttpBody*) {
    if (const auto self = weak.lock()) self->cancel();
  });
  tell(HttpResponse{parser_->status, std::move(fields), handed});
}

void ClientExchange::on_room() {
  if (closed_) return;
  if (body_->abandoned()) return cancel();
  if (reading_ || body_->room() == 0) return;
  set_timer(time_of(timeouts_.between_bytes), HttpErrorCode::ConnectionReadTimeout);
  read();
}

void ClientExchange::on_end() {
  if (!body_ && in_.empty() && !parser_) return lost({HttpErrorCode::HttpResponseIncomplete, {}, {}});
  if (!body_ || !parser_->feed_end()) return fail({HttpErrorCode::HttpResponseIncomplete, {}, {}});
  finish();
}

void ClientExchange::finish() {
  HttpFields trailers = std::move(parser_->trailers);
  std::erase_if(trailers, [](const HttpField& f) { return wasi::host::is_connection_field(f.name); });
  const SharedHttpBody body = body_;
  const bool all_sent = writer_->done() && out_.empty() && !writing_ && !request_.body->abandoned();
  if (all_sent && in_.empty() && parser_->keep_alive()) shared_->pool.give(server_, std::move(wire_));
  close();
  body->end(trailers.empty() ? std::nullopt : std::optional(std::move(trailers)));
}

void ClientExchange::tell(wasi::host::HttpOutcome outcome) {
  if (std::exchange(told_, true)) return;
  const auto to = pending_.lock();
  if (!to) return;
  to->outcome = std::move(outcome);
  if (to->on_outcome) to->on_outcome();
}

void ClientExchange::lost(HttpError error) {
  if (!std::exchange(used_before_, false) || !repeatable_) return fail(std::move(error));
  wire_.reset();
  connect();
}

void ClientExchange::fail(HttpError error) {
  if (closed_) return;
  close();
  if (body_) body_->fail(error);
  tell(std::unexpected(std::move(error)));
}

void ClientExchange::close() {
  closed_ = true;
  timer_.cancel();
  if (const auto connecting = connecting_.lock()) connecting->cancel();
  wire_.reset();
  request_.body->on_data = {};
  request_.body->abandon();
  if (body_) body_->on_room = {};
}

}  // namespace

const Result<std::shared_ptr<const TlsContext>>& ClientTls::get() {
  std::call_once(once_, [this] { made_.emplace(TlsContext::of_client(options_)); });
  return *made_;
}

Client::Client(asio::io_context& loop, std::shared_ptr<const AddressRules> rules, std::shared_ptr<ClientTls> tls,
               const HttpLimits& limits)
    : shared_(std::make_shared<Shared>(
          loop, std::move(rules), tls ? std::move(tls) : std::make_shared<ClientTls>(TlsClientOptions()), limits)) {}

std::shared_ptr<wasi::host::PendingHttpResponse> Client::send(HttpRequest request, const HttpTimeouts& timeouts) {
  auto pending = std::make_shared<Pending>();
  const auto exchange = std::make_shared<ClientExchange>(shared_, std::move(request), timeouts);
  pending->exchange = exchange;
  exchange->begin(pending);
  return pending;
}

}  // namespace ashlar::http
