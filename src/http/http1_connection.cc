// Requests and answers of HTTP/1; see http1_connection.h.
#include "http/http1_connection.h"

#include <boost/asio/post.hpp>

#include "http/target.h"

namespace ashlar::http {

namespace asio = boost::asio;
using wasi::host::HttpBody;
using wasi::host::HttpErrorCode;

namespace {

using boost::system::error_code;

/// Requests that are sent ahead, in bytes, before nothing more is read of them.
constexpr size_t kMostAhead = 64 << 10;
constexpr unsigned kVersion10 = 10;

}  // namespace

/// Of one request of a connection.
class Http1Answer final : public Answer {
 public:
  explicit Http1Answer(Http1Connection& connection)
      : connection_(connection.self()),
        request_(connection.request_),
        version_(connection.parser_->version == kVersion10 ? "HTTP/1.0" : "HTTP/1.1") {}
  ~Http1Answer() override {
    constexpr uint16_t kBadGateway = 502;
    fail(kBadGateway);
  }
  void respond(HttpResponse response) override {
    if (const auto to = open()) {
      to->sending_ = std::move(sending);
      return to->respond(std::move(response));
    }
    if (response.body) response.body->abandon();
  }
  void fail(uint16_t status) override {
    if (open()) respond(plain_page(status));
  }
  std::string_view protocol() const override { return version_; }

 private:
  std::shared_ptr<Http1Connection> open() {
    auto out = connection_.lock();
    return out && !out->closed_ && out->request_ == request_ && !out->responded_ ? out : nullptr;
  }
  std::weak_ptr<Http1Connection> connection_;
  uint32_t request_;
  std::string_view version_;
};

void Http1Connection::start(std::span<const uint8_t> first) {
  set_deadline(server_.limits().idle_time);
  in_.assign(first.begin(), first.end());
  process();
  read();
}

void Http1Connection::finish() {
  if (state_ == State::Idle) return end();
  keep_alive_ = false;
}

void Http1Connection::close() {
  if (!close_stream()) return;
  // Whoever still works on the request learns it where it reads or writes.
  if (body_) {
    body_->on_room = {};
    body_->fail({HttpErrorCode::ConnectionTerminated, {}, {}});
  }
  const SharedHttpBody answer = writer_ ? writer_->body() : response_ ? response_->body : nullptr;
  if (answer) {
    answer->on_data = {};
    answer->abandon();
  }
  tell_gone();
  server_.gone(*this);
}

void Http1Connection::tell_gone() {
  if (const auto sending = std::exchange(sending_, nullptr)) sending->gone();
  const std::shared_ptr<Answer> answer = std::exchange(answer_, {}).lock();
  if (answer && answer->on_gone) std::exchange(answer->on_gone, {})();
}

void Http1Connection::check_time(Clock::time_point now) {
  if (closed_) return;
  if (now >= gone_at_) return close();
  const bool waits_for_body = state_ == State::Answer && body_ && !body_->finished() && out_.empty();
  // A peer that may not send waits for the program, which is not its fault.
  if (waits_for_body && body_->room() == 0) return set_deadline(server_.limits().idle_time);
  if (now < deadline_) return;
  constexpr uint16_t kRequestTimeout = 408;
  if (state_ == State::Head) return refuse({kRequestTimeout, "the request took too long"});
  if (!waits_for_body) return state_ == State::Idle ? end() : close();
  keep_alive_ = false;
  deadline_ = Clock::time_point::max();
  body_->fail({HttpErrorCode::ConnectionReadTimeout, {}, {}});
}

// ---- reading

void Http1Connection::read() {
  if (reading_ || ended_ || closed_) return;
  if (state_ == State::Answer) {
    const bool in_body = !body_->finished();
    if (in_body ? body_->room() == 0 : in_.size() >= kMostAhead) return;
  }
  wait_readable();
}

void Http1Connection::on_readable() {
  const std::span<uint8_t> buffer = read_buffer();
  const auto [step, size] = stream_.read_some(buffer);
  if (step == Stream::Step::Wait) return read();
  if (step == Stream::Step::Failed) return close();
  if (step == Stream::Step::End) {
    ended_ = true;
    if (state_ != State::Answer) return close();
    watch_half_closed();
    if (body_->finished()) return;
    keep_alive_ = false;
    return body_->fail({HttpErrorCode::ConnectionTerminated, {}, {}});
  }
  if (state_ == State::Lingering) return read();
  in_.insert(in_.end(), buffer.begin(), buffer.begin() + static_cast<ptrdiff_t>(size));
  process();
  read();
}

// Who sends no more may still want its answer, for a while; what it is sent meanwhile shows whether anybody is there.
void Http1Connection::watch_half_closed() {
  gone_at_ = Clock::now() + server_.limits().half_closed_time;
  stream_.wait_error([weak = std::weak_ptr(self())](error_code ec) {
    const auto self = weak.lock();
    if (self && !ec) self->close();
  });
}

/// Before a request they mean nothing (RFC 9112, 2.2). False: nothing else has come.
bool Http1Connection::skip_empty_lines() {
  size_t at = 0;
  while (in_.size() - at >= 2 && in_[at] == '\r' && in_[at + 1] == '\n') at += 2;
  in_.erase(in_.begin(), in_.begin() + static_cast<ptrdiff_t>(at));
  return in_.size() > 1 || (in_.size() == 1 && in_[0] != '\r');
}

void Http1Connection::process() {
  while (!closed_ && !in_.empty()) {
    if (state_ == State::Idle) {
      if (!skip_empty_lines()) return;
      state_ = State::Head;
      set_deadline(server_.limits().head_time);
      parser_.emplace(server_.limits());
    }
    const bool in_head = state_ == State::Head;
    if (!in_head && (state_ != State::Answer || body_->finished())) return;
    const size_t used = parser_->feed(in_);
    if (used == in_.size()) {
      in_.clear();
    } else {
      in_.erase(in_.begin(), in_.begin() + static_cast<ptrdiff_t>(used));
    }
    if (const auto& bad = parser_->bad()) {
      if (in_head) return refuse(*bad);
      keep_alive_ = false;
      refuse_body(bad->status);
      constexpr uint16_t kTooLarge = 413;
      return body_->fail(
          {bad->status == kTooLarge ? HttpErrorCode::HttpRequestBodySize : HttpErrorCode::HttpProtocolError,
           bad->text,
           {}});
    }
    if (in_head) {
      if (!parser_->is_header_done()) return;
      begin_request();
    } else {
      set_deadline(server_.limits().idle_time);
      if (parser_->is_done()) end_body();
      if (used == 0) return;
    }
  }
}

void Http1Connection::end_body() {
  HttpFields trailers = std::move(parser_->trailers);
  std::erase_if(trailers, [](const HttpField& f) { return wasi::host::is_connection_field(f.name); });
  deadline_ = Clock::time_point::max();
  body_->end(trailers.empty() ? std::nullopt : std::optional(std::move(trailers)));
}

void Http1Connection::begin_request() {
  auto head = read_request_head(*parser_, stream_.is_secure());
  if (!head) return refuse(head.error());
  state_ = State::Answer;
  ++request_;
  responded_ = false;
  is_head_ = head->request.method == "HEAD";
  keep_alive_ = head->keep_alive && !server_.finishing();
  body_ = std::make_shared<HttpBody>();
  if (const std::string* length = wasi::host::find_field(head->request.fields, "content-length")) {
    body_->length = wasi::host::parse_http_length(*length);
  }
  if (parser_->is_done()) {
    end_body();
  } else {
    parser_->set_body(body_);
    body_->on_room = [weak = std::weak_ptr(self())] {
      // Not from here: the body's reader is in the middle of something.
      const auto self = weak.lock();
      if (self && !self->closed_) asio::post(self->stream_.executor(), [self] { self->read(); });
    };
    set_deadline(server_.limits().idle_time);
    if (head->expects_continue && in_.empty()) {
      out_ += "HTTP/1.1 100 Continue\r\n\r\n";
      if (!write()) return;
    }
  }
  head->request.body = body_;
  head->request.remote = remote_;
  head->request.local = local_;
  const auto answer = std::make_shared<Http1Answer>(*this);
  answer_ = answer;
  server_.handler()(std::move(head->request), answer);
}

// ---- answering

// The head is written with the first of the body: then it is known whether that is all.
void Http1Connection::respond(HttpResponse response) {
  responded_ = true;
  response.body->on_data = [weak = std::weak_ptr(self())] {
    if (const auto self = weak.lock()) self->pump_later();
  };
  response_ = std::move(response);
  pump_later();
}

void Http1Connection::write_head() {
  constexpr uint16_t kNoContent = 204, kNotModified = 304;
  const HttpResponse& response = *response_;
  const bool old = parser_ && parser_->version == kVersion10;
  if (server_.finishing()) keep_alive_ = false;
  const bool bodiless = response.status == kNoContent || response.status == kNotModified;
  out_ += "HTTP/1.1 " + std::to_string(response.status) + " " + reason_of(response.status) + "\r\n";
  write_fields(out_, response.fields);
  if (wasi::host::find_field(response.fields, "date") == nullptr) out_ += "date: " + server_.date() + "\r\n";
  Framing framing = Framing::None;
  if (!bodiless) framing = frame(out_, response.fields, *response.body, !old, is_head_);
  if (framing == Framing::Close) keep_alive_ = false;
  if (!keep_alive_) out_ += "connection: close\r\n";
  if (keep_alive_ && old) out_ += "connection: keep-alive\r\n";
  out_ += "\r\n";
  if (is_head_) framing = Framing::None;
  writer_.emplace(response.body, framing);
  response_.reset();
}

void Http1Connection::fail(uint16_t status) {
  HttpResponse page = plain_page(status);
  if (sending_) sending_->replaced(page);
  respond(std::move(page));
}

// Where the next message begins nobody knows.
void Http1Connection::refuse(const BadMessage& bad) {
  state_ = State::Answer;
  ++request_;
  keep_alive_ = false;
  is_head_ = false;
  if (!body_) body_ = std::make_shared<HttpBody>();
  body_->fail({HttpErrorCode::HttpProtocolError, bad.text, {}});
  fail(bad.status);
}

// What is wrong with a body is not for its program to answer, unless it has begun to.
void Http1Connection::refuse_body(uint16_t status) {
  if (!responded_) {
    if (const auto answer = answer_.lock()) sending_ = std::move(answer->sending);
    fail(status);
  } else if (response_) {
    replace(status);
  }
}

void Http1Connection::replace(uint16_t status) {
  response_->body->on_data = {};
  response_->body->abandon();
  fail(status);
}

void Http1Connection::pump() {
  if (closed_ || writing_ || (!response_ && !writer_)) return;
  if (response_) {
    // Nothing of it has gone yet: better no answer than half of one. Behind an interim status the peer would take the
    // next request's answer for this one's.
    constexpr uint16_t kBadGateway = 502, kFirstFinal = 200;
    const bool half = response_->body->error() && response_->body->buffered() == 0;
    if (half || response_->status < kFirstFinal) return replace(kBadGateway);
    write_head();
  }
  if (writer_->failed()) {
    // What was there before goes, and then the end that is missing tells.
    writer_->take(out_);
    (void)write();
    sending_.reset();  // the peer has not gone: that was all
    return close();
  }
  while (writer_->take(out_)) {
    if (!write() || writing_) return;
  }
  if (!out_.empty() && (!write() || writing_)) return;
  if (writer_->done()) end_response();
}

bool Http1Connection::write() {
  const size_t before = out_.size();
  if (!flush()) return false;
  if (out_.size() < before) gone_at_ = Clock::time_point::max();
  return true;
}

void Http1Connection::on_written() {
  gone_at_ = deadline_ = Clock::time_point::max();
  // The rest of the request is still due.
  if (state_ == State::Answer && !body_->finished()) set_deadline(server_.limits().idle_time);
  pump();
}

void Http1Connection::end_response() {
  writer_->body()->on_data = {};
  writer_.reset();
  answer_.reset();
  sending_.reset();
  const bool whole = body_->finished() && !body_->error();
  body_->on_room = {};
  if (!keep_alive_ || !whole) return linger();
  body_.reset();
  parser_.reset();
  state_ = State::Idle;
  set_deadline(server_.limits().idle_time);
  if (ended_ && in_.empty()) return end();
  process();
  read();
}

// RFC 9112, 9.6: a socket that is closed with bytes unread takes the answer away from the peer.
void Http1Connection::linger() {
  state_ = State::Lingering;
  body_->discard();
  in_ = {};
  if (!stream_.shutdown_send() || ended_) return close();
  constexpr std::chrono::milliseconds kLingering{1000};
  set_deadline(kLingering);
  read();
}

}  // namespace ashlar::http
