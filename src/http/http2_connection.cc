// HTTP/2 by nghttp2: frames, header compression and flow control are the library's; requests, answers, and what a peer
// may cost are ours.
#include "http/http2_connection.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <nghttp2/nghttp2.h>
#include <boost/asio/post.hpp>

#include "http/http2_exchange.h"
#include "http/writer.h"

namespace ashlar::http {

namespace asio = boost::asio;
using boost::system::error_code;
using wasi::host::HttpBody;
using wasi::host::HttpErrorCode;

namespace {

/// Of the connection as a whole: a stream that waits must not hold up the others. Streams have HTTP's usual 64 KB, as
/// much as bodies hold.
constexpr int32_t kConnectionWindow = 1 << 20;
/// Written at once.
constexpr size_t kWriteBytes = 64 << 10;
/// Of an answer's head. What is longer is no answer.
constexpr size_t kMostAnswerHead = 1 << 20;

/// For what a peer that has been told still sends.
constexpr std::chrono::milliseconds kLingering{1000};

constexpr uint16_t kTooLarge = 413;

nghttp2_nv as_nghttp2(const HttpField& field) {
  // It copies, and does not write.
  nghttp2_nv out{};
  out.name = reinterpret_cast<uint8_t*>(const_cast<char*>(field.name.data()));
  out.namelen = field.name.size();
  out.value = reinterpret_cast<uint8_t*>(const_cast<char*>(field.value.data()));
  out.valuelen = field.value.size();
  return out;
}

struct DeleteSession {
  void operator()(nghttp2_session* session) const { nghttp2_session_del(session); }
};

class Http2Connection final : public Connection {
 public:
  using Connection::Connection;
  bool open();
  void start(std::span<const uint8_t> first) override;
  void finish() override;
  void close() override;
  void check_time(Clock::time_point now) override;

  // Of answers.
  void respond(int32_t stream, HttpResponse response, std::shared_ptr<Sending> sending);
  void fail(int32_t stream, uint16_t status);
  void replace(Http2Exchange& exchange, uint16_t status);
  void refuse_body(Http2Exchange& exchange);
  bool is_owed(int32_t stream);
  void answer_gone() { --held_; }
  bool closed() const { return closed_; }

 private:
  friend struct Callbacks;
  void read();
  void on_readable() override;
  void feed(std::span<const uint8_t> bytes);
  void on_head(const nghttp2_frame& frame);
  void on_end(int32_t stream);
  void on_data(int32_t stream, std::span<const uint8_t> bytes);
  void on_sent(const nghttp2_frame& frame);
  void on_closed(int32_t stream);
  void begin_requests();
  void begin(Http2Exchange& exchange);
  void submit(Http2Exchange& exchange);
  ssize_t take_answer(int32_t stream, std::span<uint8_t> to, uint32_t& flags);
  void give_room(Http2Exchange& exchange);
  void end_exchange(Http2Exchange& exchange);
  void end_exchanges();
  void reset(int32_t stream, uint32_t code);
  void stop_sending(Http2Exchange& exchange);
  void touch(int32_t stream);
  void pump() override;
  void on_written() override;
  void send();
  void linger();
  void check_exchange(Http2Exchange& exchange, Clock::time_point now);
  Http2Exchange* find(int32_t stream);
  std::shared_ptr<Http2Connection> self() { return std::static_pointer_cast<Http2Connection>(shared_from_this()); }

  std::unique_ptr<nghttp2_session, DeleteSession> session_;
  std::map<int32_t, Http2Exchange> exchanges_;
  std::vector<int32_t> ready_;    ///< their heads are there
  std::vector<int32_t> touched_;  ///< something has happened to their bodies or answers
  size_t held_ = 0;               ///< answers that handlers have, of streams that have gone too
  bool lingering_ = false;
  /// Streams that the peer has left out: those between these. The next one must be above.
  int32_t left_out_ = 0, newest_ = 0;
  enum class Ending : uint8_t { No, Announced, Said } ending_ = Ending::No;
  Clock::time_point head_deadline_ = Clock::time_point::max();
};

/// Of one stream of a connection.
class Http2Answer final : public Answer {
 public:
  Http2Answer(std::weak_ptr<Http2Connection> connection, int32_t stream)
      : connection_(std::move(connection)), stream_(stream) {}
  ~Http2Answer() override {
    constexpr uint16_t kBadGateway = 502;
    fail(kBadGateway);
    if (const auto to = connection_.lock()) to->answer_gone();
  }
  void respond(HttpResponse response) override {
    if (const auto to = open()) return to->respond(stream_, std::move(response), std::move(sending));
    if (response.body) response.body->abandon();
  }
  void fail(uint16_t status) override {
    if (open()) respond(plain_page(status));
  }
  std::string_view protocol() const override { return "HTTP/2.0"; }

 private:
  std::shared_ptr<Http2Connection> open() {
    auto out = connection_.lock();
    return out && out->is_owed(stream_) ? out : nullptr;
  }
  std::weak_ptr<Http2Connection> connection_;
  int32_t stream_;
};

// ---- what the library calls. It is in the middle of something: nothing here reads, writes or calls handlers.

std::string_view text_of(nghttp2_rcbuf* buffer) {
  const nghttp2_vec bytes = nghttp2_rcbuf_get_buf(buffer);
  return {reinterpret_cast<const char*>(bytes.base), bytes.len};
}

struct Callbacks {
  static Http2Connection& of(void* user) { return *static_cast<Http2Connection*>(user); }

  static int begin_headers(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    Http2Connection& to = of(user);
    to.head_deadline_ = Connection::Clock::now() + to.server_.limits().head_time;
    if (frame->headers.cat != NGHTTP2_HCAT_REQUEST) return 0;
    to.left_out_ = std::exchange(to.newest_, frame->hd.stream_id);
    to.exchanges_.try_emplace(frame->hd.stream_id, frame->hd.stream_id);
    return 0;
  }
  /// RFC 9113, 5.1.1: a stream that was left out is never opened. The library would drop the frame.
  static int begin_frame(nghttp2_session* session, const nghttp2_frame_hd* frame, void* user) {
    const Http2Connection& to = of(user);
    const bool left_out = frame->stream_id > to.left_out_ && frame->stream_id < to.newest_;
    if (frame->type == NGHTTP2_HEADERS && left_out) nghttp2_session_terminate_session(session, NGHTTP2_PROTOCOL_ERROR);
    return 0;
  }
  static int header(nghttp2_session*, const nghttp2_frame* frame, nghttp2_rcbuf* name, nghttp2_rcbuf* value, uint8_t,
                    void* user) {
    Http2Connection& to = of(user);
    if (Http2Exchange* exchange = to.find(frame->hd.stream_id)) {
      exchange->add_field(text_of(name), text_of(value), to.server_.limits());
    }
    return 0;
  }
  /// By default the library drops such fields.
  static int invalid_header(nghttp2_session*, const nghttp2_frame* frame, nghttp2_rcbuf*, nghttp2_rcbuf*, uint8_t,
                            void* user) {
    Http2Connection& to = of(user);
    if (Http2Exchange* exchange = to.find(frame->hd.stream_id); exchange != nullptr && !exchange->malformed) {
      exchange->malformed = true;
      to.reset(frame->hd.stream_id, NGHTTP2_PROTOCOL_ERROR);
    }
    return 0;
  }
  static int frame_received(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    Http2Connection& to = of(user);
    // No frame comes into the middle of a head.
    to.head_deadline_ = Connection::Clock::time_point::max();
    if (frame->hd.type == NGHTTP2_HEADERS) to.on_head(*frame);
    const bool carries = frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA;
    if (carries && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) to.on_end(frame->hd.stream_id);
    return 0;
  }
  /// What is wrong with it, the library tells the peer. Its head is over all the same.
  static int invalid_frame(nghttp2_session*, const nghttp2_frame*, int, void* user) {
    of(user).head_deadline_ = Connection::Clock::time_point::max();
    return 0;
  }
  static int data(nghttp2_session*, uint8_t, int32_t stream, const uint8_t* bytes, size_t size, void* user) {
    of(user).on_data(stream, {bytes, size});
    return 0;
  }
  static int frame_sent(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    of(user).on_sent(*frame);
    return 0;
  }
  /// A head that cannot be sent would leave its stream open.
  static int frame_not_sent(nghttp2_session*, const nghttp2_frame* frame, int, void* user) {
    if (frame->hd.type == NGHTTP2_HEADERS) of(user).reset(frame->hd.stream_id, NGHTTP2_INTERNAL_ERROR);
    return 0;
  }
  static int stream_closed(nghttp2_session*, int32_t stream, uint32_t, void* user) {
    of(user).on_closed(stream);
    return 0;
  }
  static ssize_t read_answer(nghttp2_session*, int32_t stream, uint8_t* to, size_t size, uint32_t* flags,
                             nghttp2_data_source*, void* user) {
    return of(user).take_answer(stream, {to, size}, *flags);
  }
  static nghttp2_session_callbacks* make() {
    nghttp2_session_callbacks* out = nullptr;
    if (nghttp2_session_callbacks_new(&out) != 0) return nullptr;
    nghttp2_session_callbacks_set_on_begin_headers_callback(out, begin_headers);
    nghttp2_session_callbacks_set_on_begin_frame_callback(out, begin_frame);
    nghttp2_session_callbacks_set_on_header_callback2(out, header);
    nghttp2_session_callbacks_set_on_invalid_header_callback2(out, invalid_header);
    nghttp2_session_callbacks_set_on_frame_recv_callback(out, frame_received);
    nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(out, invalid_frame);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(out, data);
    nghttp2_session_callbacks_set_on_frame_send_callback(out, frame_sent);
    nghttp2_session_callbacks_set_on_frame_not_send_callback(out, frame_not_sent);
    nghttp2_session_callbacks_set_on_stream_close_callback(out, stream_closed);
    return out;
  }
};

/// The same for all connections, for good. Floods (of PING, SETTINGS, resets, CONTINUATION) are bounded by the
/// library's own limits.
struct Setup {
  Setup() : callbacks(Callbacks::make()) {
    if (nghttp2_option_new(&options) != 0) return;
    nghttp2_option_set_no_auto_window_update(options, 1);
    nghttp2_option_set_max_send_header_block_length(options, kMostAnswerHead);
  }
  nghttp2_session_callbacks* callbacks;
  nghttp2_option* options = nullptr;
};

// ---- a connection's life

bool Http2Connection::open() {
  static const Setup setup;
  if (setup.callbacks == nullptr || setup.options == nullptr) return false;
  nghttp2_session* session = nullptr;
  if (nghttp2_session_server_new2(&session, setup.callbacks, this, setup.options) != 0) return false;
  session_.reset(session);
  const HttpLimits& limits = server_.limits();
  const auto settings =
      std::to_array<nghttp2_settings_entry>({{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, limits.streams},
                                             {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, limits.header_bytes}});
  return nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, settings.data(), settings.size()) == 0 &&
         nghttp2_session_set_local_window_size(session, NGHTTP2_FLAG_NONE, 0, kConnectionWindow) == 0;
}

void Http2Connection::start(std::span<const uint8_t> first) {
  const auto keep = shared_from_this();
  if (!open()) return close();
  set_deadline(server_.limits().idle_time);
  feed(first);
  if (!closed_ && server_.finishing()) finish();
  read();
}

// Requests may be on their way: that no more are taken is announced first, and said when those have come.
void Http2Connection::finish() {
  if (!session_ || ending_ != Ending::No) return;
  ending_ = Ending::Announced;
  nghttp2_submit_shutdown_notice(session_.get());
  send();
}

void Http2Connection::close() {
  if (!close_stream()) return;
  end_exchanges();
  server_.gone(*this);
}

void Http2Connection::check_time(Clock::time_point now) {
  if (closed_) return;
  if (now >= head_deadline_ || now >= deadline_) {
    if (lingering_ || writing_) return close();
    // Said, it ends with what is under way; nothing else would end it.
    nghttp2_session_terminate_session(session_.get(), NGHTTP2_NO_ERROR);
    return send();
  }
  if (lingering_) return;
  if (ending_ == Ending::Announced) {
    ending_ = Ending::Said;
    nghttp2_submit_goaway(session_.get(), NGHTTP2_FLAG_NONE, nghttp2_session_get_last_proc_stream_id(session_.get()),
                          NGHTTP2_NO_ERROR, nullptr, 0);
  }
  for (auto& [stream, exchange] : exchanges_) check_exchange(exchange, now);
  pump();
}

void Http2Connection::check_exchange(Http2Exchange& exchange, Clock::time_point now) {
  if (exchange.answered) return stop_sending(exchange);
  // A peer that has used its window waits for the program, which is not its fault.
  nghttp2_session* const session = session_.get();
  const bool waits_for_program = nghttp2_session_get_stream_effective_recv_data_length(session, exchange.stream) >=
                                 nghttp2_session_get_stream_effective_local_window_size(session, exchange.stream);
  if (waits_for_program && !exchange.ended) exchange.read_deadline = now + server_.limits().idle_time;
  if (!exchange.body->finished() && now >= exchange.read_deadline) {
    exchange.read_deadline = Clock::time_point::max();
    exchange.body->fail({HttpErrorCode::ConnectionReadTimeout, {}, {}});
  }
  const bool waits_for_peer = exchange.submitted && exchange.answer && exchange.answer->buffered() != 0;
  if (!waits_for_peer) {
    exchange.write_deadline = now + server_.limits().idle_time;
  } else if (now >= exchange.write_deadline) {
    reset(exchange.stream, NGHTTP2_CANCEL);
  }
}

// What the peer has sent and nobody read would take the last frames away from it: RFC 9112, 9.6, of HTTP/1, too.
void Http2Connection::linger() {
  lingering_ = true;
  end_exchanges();
  if (!stream_.shutdown_send()) return close();
  set_deadline(kLingering);
  read();
}

Http2Exchange* Http2Connection::find(int32_t stream) {
  const auto found = exchanges_.find(stream);
  return found == exchanges_.end() ? nullptr : &found->second;
}

// ---- reading

void Http2Connection::read() {
  // Who does not read what we write is not read from either.
  if (reading_ || writing_ || closed_) return;
  wait_readable();
}

void Http2Connection::on_readable() {
  const std::span<uint8_t> buffer = read_buffer();
  const auto [step, size] = stream_.read_some(buffer);
  if (step == Stream::Step::Wait) return read();
  if (step != Stream::Step::Done) return close();
  if (!lingering_) feed(buffer.first(size));
  read();
}

void Http2Connection::feed(std::span<const uint8_t> bytes) {
  if (bytes.empty()) return send();
  const ssize_t used = nghttp2_session_mem_recv(session_.get(), bytes.data(), bytes.size());
  if (used < 0) {
    // The peer broke the rules in a way that the library gives up on.
    const bool flooded = used == NGHTTP2_ERR_FLOODED;
    nghttp2_session_terminate_session(session_.get(), flooded ? NGHTTP2_ENHANCE_YOUR_CALM : NGHTTP2_PROTOCOL_ERROR);
    ready_.clear();
  }
  begin_requests();
  pump();
}

void Http2Connection::on_head(const nghttp2_frame& frame) {
  if (frame.headers.cat != NGHTTP2_HCAT_REQUEST) return;
  if (Http2Exchange* exchange = find(frame.hd.stream_id)) {
    exchange->in_trailers = true;
    exchange->read_deadline = Clock::now() + server_.limits().idle_time;
    ready_.push_back(frame.hd.stream_id);
    deadline_ = Clock::time_point::max();
  }
}

void Http2Connection::on_end(int32_t stream) {
  Http2Exchange* exchange = find(stream);
  if (exchange == nullptr || exchange->malformed) return;
  exchange->end_body();
}

// The library has compared with the length that was given (RFC 9113, 8.1.1).
void Http2Connection::on_data(int32_t stream, std::span<const uint8_t> bytes) {
  nghttp2_session_consume_connection(session_.get(), bytes.size());
  Http2Exchange* exchange = find(stream);
  if (exchange == nullptr) return;
  HttpBody& body = *exchange->body;
  if (bytes.size() > server_.limits().body_bytes - body.written()) {
    if (!body.finished()) refuse_body(*exchange);
    body.fail({HttpErrorCode::HttpRequestBodySize, "the body is too long", {}});
  }
  exchange->received += bytes.size();
  if (exchange->answered) return stop_sending(*exchange);
  body.write(bytes);
  exchange->read_deadline = Clock::now() + server_.limits().idle_time;
  touch(stream);
}

/// Room for as many bytes as the program has taken. Of what has failed no more is wanted.
void Http2Connection::give_room(Http2Exchange& exchange) {
  if (exchange.body->error() || exchange.answered) return;
  const uint64_t taken = exchange.received - exchange.body->buffered();
  if (taken == exchange.given) return;
  nghttp2_session_consume_stream(session_.get(), exchange.stream, static_cast<size_t>(taken - exchange.given));
  exchange.given = taken;
}

// ---- requests

// Outside of the library's calls, and only what is still wanted.
void Http2Connection::begin_requests() {
  for (const int32_t stream : std::exchange(ready_, {})) {
    Http2Exchange* exchange = find(stream);
    if (exchange != nullptr && !exchange->malformed && !closed_) begin(*exchange);
  }
}

void Http2Connection::begin(Http2Exchange& exchange) {
  const int32_t stream = exchange.stream;
  // Of those that were reset programs may still run: who opens and resets gets no more of them than who waits.
  if (held_ >= 2 * static_cast<size_t>(server_.limits().streams)) return reset(stream, NGHTTP2_REFUSED_STREAM);
  if (const uint16_t wrong = exchange.complete_request(stream_.is_secure(), server_.limits())) {
    exchange.body->discard();
    return fail(stream, wrong);
  }
  // It came with the head, and was too long.
  const auto& error = exchange.body->error();
  if (error && error->code == HttpErrorCode::HttpRequestBodySize) return fail(stream, kTooLarge);
  exchange.body->on_room = [weak = std::weak_ptr(self()), stream] {
    // Not from here: the body's reader is in the middle of something.
    if (const auto to = weak.lock()) to->touch(stream);
  };
  if (exchange.expects_continue && !exchange.body->finished() && exchange.received == 0) {
    const HttpField status{":status", "100"};
    const nghttp2_nv field = as_nghttp2(status);
    nghttp2_submit_headers(session_.get(), NGHTTP2_FLAG_NONE, stream, nullptr, &field, 1, nullptr);
  }
  HttpRequest request = std::move(exchange.request);
  request.body = exchange.body;
  request.remote = remote_;
  request.local = local_;
  ++held_;
  const auto answer = std::make_shared<Http2Answer>(self(), stream);
  exchange.owed = answer;
  server_.handler()(std::move(request), answer);
}

void Http2Connection::on_closed(int32_t stream) {
  const auto found = exchanges_.find(stream);
  if (found == exchanges_.end()) return;
  end_exchange(found->second);
  exchanges_.erase(found);
  if (exchanges_.empty()) set_deadline(server_.limits().idle_time);
}

void Http2Connection::end_exchange(Http2Exchange& exchange) {
  exchange.end();
  if (exchange.sending && !exchange.answered) exchange.sending->gone();
  std::shared_ptr<Answer> answer = exchange.owed.lock();
  if (exchange.answered || !answer) return;
  asio::post(stream_.executor(), [answer = std::move(answer)] {
    if (answer->on_gone) std::exchange(answer->on_gone, {})();
  });
}

void Http2Connection::end_exchanges() {
  for (auto& [stream, exchange] : exchanges_) end_exchange(exchange);
  exchanges_.clear();
}

void Http2Connection::reset(int32_t stream, uint32_t code) {
  nghttp2_submit_rst_stream(session_.get(), NGHTTP2_FLAG_NONE, stream, code);
}

// ---- answers

bool Http2Connection::is_owed(int32_t stream) {
  const Http2Exchange* exchange = closed_ ? nullptr : find(stream);
  return exchange != nullptr && !exchange->response && !exchange->submitted;
}

// The head goes with the first of the body: then it is known whether that is all.
void Http2Connection::respond(int32_t stream, HttpResponse response, std::shared_ptr<Sending> sending) {
  response.body->on_data = [weak = std::weak_ptr(self()), stream] {
    if (const auto to = weak.lock()) to->touch(stream);
  };
  Http2Exchange& exchange = *find(stream);
  exchange.response = std::move(response);
  exchange.sending = std::move(sending);
  touch(stream);
}

void Http2Connection::fail(int32_t stream, uint16_t status) { respond(stream, plain_page(status), nullptr); }

void Http2Connection::replace(Http2Exchange& exchange, uint16_t status) {
  if (exchange.response) {
    exchange.response->body->on_data = {};
    exchange.response->body->abandon();
    exchange.response.reset();
  }
  HttpResponse page = plain_page(status);
  if (exchange.sending) exchange.sending->replaced(page);
  respond(exchange.stream, std::move(page), std::move(exchange.sending));
}

// What is wrong with a body is not for its program to answer, unless it has begun to.
void Http2Connection::refuse_body(Http2Exchange& exchange) {
  if (exchange.submitted) return;
  const std::shared_ptr<Answer> answer = exchange.owed.lock();
  if (answer && !exchange.response) exchange.sending = std::move(answer->sending);
  // A request that has not begun is refused when it would.
  if (answer || exchange.response) replace(exchange, kTooLarge);
}

void Http2Connection::submit(Http2Exchange& exchange) {
  constexpr uint16_t kBadGateway = 502, kFirstFinal = 200;
  const HttpResponse& response = *exchange.response;
  // Nothing of it has gone yet: better no answer than half of one. An interim status is no answer either.
  const bool half = response.body->error() && response.body->buffered() == 0;
  if (half || response.status < kFirstFinal) return replace(exchange, kBadGateway);
  const HttpFields head = exchange.answer_head(server_.date());
  std::vector<nghttp2_nv> fields;
  for (const HttpField& f : head) fields.push_back(as_nghttp2(f));
  nghttp2_data_provider body{};
  body.read_callback = Callbacks::read_answer;
  exchange.submitted = true;
  exchange.write_deadline = Clock::now() + server_.limits().idle_time;
  exchange.answer = std::exchange(exchange.response, std::nullopt)->body;
  if (exchange.sends_nothing) exchange.answer->discard();
  const int result = nghttp2_submit_response(session_.get(), exchange.stream, fields.data(), fields.size(),
                                             exchange.sends_nothing ? nullptr : &body);
  if (result != 0) reset(exchange.stream, NGHTTP2_INTERNAL_ERROR);
}

/// Called for each frame of a body.
ssize_t Http2Connection::take_answer(int32_t stream, std::span<uint8_t> to, uint32_t& flags) {
  Http2Exchange* exchange = find(stream);
  if (exchange == nullptr) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  HttpBody& body = *exchange->answer;
  const std::span<const uint8_t> bytes = body.peek().first(std::min(body.buffered(), to.size()));
  std::ranges::copy(bytes, to.begin());
  const size_t size = bytes.size();
  if (size != 0) body.consume(size);
  exchange->sent += size;
  exchange->write_deadline = Clock::now() + server_.limits().idle_time;
  if (body.buffered() != 0 || !body.finished()) {
    if (size != 0) return static_cast<ssize_t>(size);
    exchange->deferred = true;
    return NGHTTP2_ERR_DEFERRED;
  }
  if (size != 0 && body.error()) return static_cast<ssize_t>(size);
  // The end that is missing tells: the stream is reset.
  if (body.error() || exchange->sent != exchange->answer_length.value_or(exchange->sent)) {
    exchange->sending.reset();
    return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  }
  flags |= NGHTTP2_DATA_FLAG_EOF;
  const HttpFields trailers = exchange->answer_trailers();
  if (!trailers.empty()) {
    std::vector<nghttp2_nv> fields;
    for (const HttpField& f : trailers) fields.push_back(as_nghttp2(f));
    if (nghttp2_submit_trailer(session_.get(), stream, fields.data(), fields.size()) != 0) {
      return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    }
    flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
  }
  return static_cast<ssize_t>(size);
}

// RFC 9113, 8.1: who has been answered may be told to stop sending. Most have nearly sent all, and would rather not be.
void Http2Connection::on_sent(const nghttp2_frame& frame) {
  const bool carries = frame.hd.type == NGHTTP2_HEADERS || frame.hd.type == NGHTTP2_DATA;
  if (!carries || (frame.hd.flags & NGHTTP2_FLAG_END_STREAM) == 0) return;
  Http2Exchange* exchange = find(frame.hd.stream_id);
  if (exchange == nullptr) return;
  exchange->answered = true;
  exchange->sending.reset();
  if (exchange->ended) return;
  exchange->read_deadline = Clock::now() + kLingering;
  stop_sending(*exchange);
}

/// Tells it when there is much more to come, or the time for it is over.
void Http2Connection::stop_sending(Http2Exchange& exchange) {
  const bool much = exchange.received - exchange.given >= HttpBody::kCapacity / 2;
  if (much || Clock::now() >= exchange.read_deadline) reset(exchange.stream, NGHTTP2_NO_ERROR);
}

// ---- writing

void Http2Connection::touch(int32_t stream) {
  Http2Exchange* exchange = find(stream);
  if (exchange == nullptr || closed_) return;
  if (!exchange->touched) {
    exchange->touched = true;
    touched_.push_back(stream);
  }
  pump_later();
}

void Http2Connection::pump() {
  if (closed_ || lingering_) return;
  for (const int32_t stream : std::exchange(touched_, {})) {
    Http2Exchange* exchange = find(stream);
    if (exchange == nullptr) continue;
    exchange->touched = false;
    give_room(*exchange);
    if (exchange->response) submit(*exchange);
    if (exchange->deferred) {
      exchange->deferred = false;
      nghttp2_session_resume_data(session_.get(), stream);
    }
  }
  send();
}

void Http2Connection::send() {
  while (!closed_ && !writing_ && !lingering_) {
    const uint8_t* bytes = nullptr;
    const ssize_t size = nghttp2_session_mem_send(session_.get(), &bytes);
    if (size < 0) return close();
    out_.append(reinterpret_cast<const char*>(bytes), static_cast<size_t>(size));
    if ((size == 0 || out_.size() >= kWriteBytes) && !flush()) return;
    if (size != 0) continue;
    const bool open = nghttp2_session_want_read(session_.get()) != 0 || nghttp2_session_want_write(session_.get()) != 0;
    if (!open && !writing_) linger();
    return;
  }
}

void Http2Connection::on_written() {
  if (!exchanges_.empty()) deadline_ = Clock::time_point::max();
  pump();
  read();
}

}  // namespace

bool has_http2() { return true; }

std::shared_ptr<Connection> make_http2_connection(Server& server, Stream stream) {
  return std::make_shared<Http2Connection>(server, std::move(stream));
}

}  // namespace ashlar::http
