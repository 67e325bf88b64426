// Responses of programs; see program_output.h.
#include "serve/program_output.h"

#include <algorithm>
#include <utility>

#include "serve/program_head.h"

namespace ashlar::serve {

using wasi::host::Errno;
using wasi::host::HostResult;
using wasi::host::HttpBody;
using wasi::host::HttpErrorCode;
using wasi::host::HttpResponse;

namespace {

constexpr http::HttpLimits kLimits;
/// Behind a response, and of one that HEAD asked for: some bytes are no reason to end a program, endless ones are.
constexpr size_t kMostBeyond = 64 << 10;
// What comes with the head's last byte is no more than a body takes.
static_assert(kLimits.header_bytes <= HttpBody::kCapacity);

std::span<const uint8_t> bytes_of(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

}  // namespace

ProgramOutput::ProgramOutput(bool is_head, Events events)
    : is_head_(is_head), events_(std::move(events)), parser_(kLimits) {}

ProgramOutput::~ProgramOutput() { end(false); }

bool ProgramOutput::ready() const {
  return state_ != State::Body || body_->room() != 0 || body_->abandoned() || body_->finished();
}

HostResult<size_t> ProgramOutput::transfer(std::span<const os::Buffer> buffers) {
  size_t moved = 0;
  for (const os::Buffer& b : buffers) {
    if (b.size == 0) continue;
    const auto n = take({static_cast<const char*>(b.data), b.size});
    if (!n && moved == 0) return n;
    if (!n && n.error() != Errno::again) return n;
    moved += n.value_or(0);
    if (!n || *n < b.size) break;
  }
  return moved;
}

HostResult<size_t> ProgramOutput::take(std::string_view bytes) {
  if (!malformed_.empty()) return wasi::host::fail(Errno::intr);
  if (state_ == State::Done) {
    beyond_ += bytes.size();
    unread_ = beyond_ > kMostBeyond;
    if (unread_) return wasi::host::fail(Errno::intr);
    return bytes.size();
  }
  if (state_ == State::Head) {
    const size_t n = take_head(bytes);
    if (!malformed_.empty()) return wasi::host::fail(Errno::intr);
    return n;
  }
  // As a pipe's reader that has gone ends a program of a shell.
  unread_ = body_->abandoned() || (is_head_ && body_->written() > kMostBeyond);
  if (unread_) return wasi::host::fail(Errno::intr);
  const size_t n = std::min(bytes.size(), body_->room());
  if (n == 0) return wasi::host::fail(Errno::again);
  take_body(bytes.substr(0, n));
  if (!malformed_.empty()) return wasi::host::fail(Errno::intr);
  return n;
}

size_t ProgramOutput::take_head(std::string_view bytes) {
  const size_t before = head_.size();
  const size_t n = std::min(bytes.size(), kLimits.header_bytes - before);
  head_.append(bytes.substr(0, n));
  const size_t end = end_of_head(head_, before);
  if (end != head_.npos) {
    read_head(end);
  } else if (head_.size() == kLimits.header_bytes) {
    refuse("its header is too long");
  }
  return n;
}

void ProgramOutput::read_head(size_t size) {
  const std::string output = std::exchange(head_, {});
  auto head = read_program_head(std::string_view(output).substr(0, size));
  if (!head) return refuse(std::move(head).error());
  if (!head->redirect.empty()) {
    state_ = State::Done;
    return events_.redirect(std::move(head->redirect));
  }
  if (is_head_ && head->has_length) parser_.skip(true);
  (void)parser_.feed(bytes_of(head->text));
  if (const auto& bad = parser_.bad()) return refuse(bad->text);
  body_ = std::make_shared<HttpBody>();
  body_->on_room = events_.on_room;
  parser_.set_body(body_);
  state_ = State::Body;
  HttpResponse response;
  response.status = parser_.status;
  response.fields = std::move(parser_.fields);
  std::erase_if(response.fields, [](const auto& f) { return wasi::host::is_connection_field(f.name); });
  response.body = body_;
  // With what comes with the head: one that is whole by then is sent with its length.
  take_body(std::string_view(output).substr(size));
  events_.respond(std::move(response));
}

/// Chunks that are cut in the middle of a line wait for the rest of it.
void ProgramOutput::take_body(std::string_view bytes) {
  if (head_.empty()) return feed(bytes);
  const std::string all = std::exchange(head_, {}).append(bytes);
  feed(all);
}

void ProgramOutput::feed(std::string_view bytes) {
  const size_t used = parser_.is_done() ? 0 : parser_.feed(bytes_of(bytes));
  if (const auto& bad = parser_.bad()) return refuse(bad->text);
  if (parser_.is_done()) {
    state_ = State::Done;
    beyond_ = bytes.size() - used;
    auto& trailers = parser_.trailers;
    body_->end(trailers.empty() ? std::nullopt : std::optional(std::move(trailers)));
  } else {
    head_ = bytes.substr(used);
  }
}

void ProgramOutput::refuse(std::string why) {
  malformed_ = std::move(why);
  if (body_) body_->fail({HttpErrorCode::HttpProtocolError, malformed_, {}});
}

void ProgramOutput::end(bool by_itself) {
  if (!body_) return;
  body_->on_room = {};
  if (by_itself && state_ == State::Body && malformed_.empty() && parser_.feed_end()) {
    state_ = State::Done;
    body_->end();
  }
  // Of what has ended nothing changes.
  body_->fail({HttpErrorCode::HttpResponseIncomplete, {}, {}});
}

ProgramOutput::Outcome ProgramOutput::outcome() const {
  if (state_ == State::Done && malformed_.empty()) return Outcome::Whole;
  return state_ == State::Head && head_.empty() ? Outcome::Nothing : Outcome::Half;
}

}  // namespace ashlar::serve
