// wasi:io: errors, polling and streams.
#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>

#include "os/file_wait.h"
#include "os/socket.h"
#include "wasi/host/files.h"
#include "wasi/p2/interfaces.h"

namespace ashlar::wasi::p2 {

using host::Errno;

namespace {

/// The most that one read gives or one write may bring.
constexpr uint64_t kChunk = 64 << 10;

/// Buffers are const for writing, too: only their bytes are read.
os::Buffer buffer_of(std::span<const uint8_t> bytes) { return {const_cast<uint8_t*>(bytes.data()), bytes.size()}; }

/// What to wait for; nothing when it is ready. Without a handle the time is what is waited for, or what is being sent.
std::optional<os::WaitItem> wait_item(const PollableState& p, uint64_t now) {
  switch (p.kind) {
    case PollableState::Kind::Ready:
      return std::nullopt;
    case PollableState::Kind::Deadline:
      return now >= p.deadline ? std::nullopt : std::optional<os::WaitItem>(os::WaitItem{});
    case PollableState::Kind::Event:
      return p.happened() ? std::nullopt : std::optional<os::WaitItem>(os::WaitItem{});
    case PollableState::Kind::Read:
    case PollableState::Kind::Write: {
      if (!p.descriptor->may_block) return std::nullopt;
      const bool write = p.kind == PollableState::Kind::Write;
      return os::WaitItem{.fd = p.descriptor->handle.raw(), .read = !write, .write = write};
    }
    case PollableState::Kind::Other:
      break;
  }
  return p.other->wait_for();
}

bool happened(const os::WaitItem& i) { return i.readable || i.writable || i.hangup || i.error || i.invalid; }

/// What is ready by its place, and what there is to wait for.
struct Look {
  std::vector<uint32_t> ready;
  std::vector<uint32_t> owners;  ///< of the first items; behind them is what is being sent
  std::vector<os::WaitItem> items;
  std::optional<uint64_t> deadline;

  Look(World& w, std::span<const PollableState* const> all) {
    w.drain();
    const uint64_t now = os::monotonic_now();
    for (uint32_t i = 0; i < all.size(); ++i) {
      const PollableState& p = *all[i];
      const auto item = wait_item(p, now);
      if (!item) {
        ready.push_back(i);
      } else if (item->fd >= 0) {
        items.push_back(*item);
        owners.push_back(i);
      } else if (p.kind == PollableState::Kind::Deadline) {
        deadline = std::min(deadline.value_or(p.deadline), p.deadline);
      }
    }
    for (const auto& c : w.sending) items.push_back({.fd = c->handle(), .write = true});
  }

  /// Asks the system, which waits at most so long while nothing is ready.
  void ask(std::optional<uint64_t> limit) {
    if (!ready.empty()) limit = 0;
    // Errors show when what is ready is used.
    if (!items.empty() || limit != 0) (void)os::wait_files(items, limit);
    for (size_t i = 0; i < owners.size(); ++i) {
      if (happened(items[i])) ready.push_back(owners[i]);
    }
    std::ranges::sort(ready);
  }

  std::optional<uint64_t> time_left() const {
    if (!deadline) return std::nullopt;
    const uint64_t now = os::monotonic_now();
    return *deadline > now ? *deadline - now : 0;
  }
};

/// Ready when everything that was written has been sent.
class SentWaitable final : public Waitable {
 public:
  explicit SentWaitable(std::shared_ptr<Connection> c) : connection_(std::move(c)) {}
  std::optional<os::WaitItem> wait_for() override {
    // It is among what the world sends.
    if (connection_->pending()) return os::WaitItem{};
    if (connection_->send_shut()) return std::nullopt;
    return os::WaitItem{.fd = connection_->handle(), .write = true};
  }

 private:
  std::shared_ptr<Connection> connection_;
};

class ReceivedWaitable final : public Waitable {
 public:
  explicit ReceivedWaitable(std::shared_ptr<Connection> c) : connection_(std::move(c)) {}
  std::optional<os::WaitItem> wait_for() override {
    if (connection_->receive_shut()) return std::nullopt;
    return os::WaitItem{.fd = connection_->handle(), .read = true};
  }

 private:
  std::shared_ptr<Connection> connection_;
};

PollableState readable(const Stream& s) {
  if (s.connection)
    return {PollableState::Kind::Other, 0, nullptr, {}, std::make_shared<ReceivedWaitable>(s.connection)};
  return {s.descriptor->may_block ? PollableState::Kind::Read : PollableState::Kind::Ready, 0, s.descriptor};
}

PollableState writable(const Stream& s) {
  if (s.connection) return {PollableState::Kind::Other, 0, nullptr, {}, std::make_shared<SentWaitable>(s.connection)};
  return {s.descriptor->may_block ? PollableState::Kind::Write : PollableState::Kind::Ready, 0, s.descriptor};
}

}  // namespace

Result<std::vector<uint32_t>> wait_for(World& w, std::span<const PollableState* const> all) {
  for (;;) {
    if (w.interrupt.requested()) return std::unexpected(interrupted());
    Look look(w, all);
    Waiter* const waiter = w.waking->waiter;
    std::optional<uint64_t> limit = waiter != nullptr ? std::optional<uint64_t>(0) : look.time_left();
    if (w.interrupt.armed()) limit = std::min(limit.value_or(host::kInterruptSlice), host::kInterruptSlice);
    look.ask(limit);
    if (!look.ready.empty()) {
      TRY(w.turn(false));
      return std::move(look.ready);
    }
    if (waiter != nullptr) TRY(waiter->wait(look.items, look.deadline));
  }
}

Status wait_for_one(World& w, const PollableState& one) {
  const PollableState* p = &one;
  TRY_ASSIGN(const auto ready, wait_for(w, std::span(&p, 1)));
  (void)ready;
  return {};
}

Error interrupted() { return Error(ashlar::ErrorCode::interrupted, kNoOffset, "a WASI call"); }

Result<std::string> ErrorHost::error_to_debug_string(Borrow<io::error::Error> self) {
  const StreamFailure& failure = w_.errors[self.rep];
  return failure.http ? describe(*failure.http) : std::string(host::errno_name(failure.code));
}

void World::drain() {
  for (const auto& c : sending) c->drain();
  std::erase_if(sending, [](const auto& c) { return !c->pending(); });
}

void World::keep_sending(const std::shared_ptr<Connection>& c) {
  if (c->pending() && std::ranges::find(sending, c) == sending.end()) sending.push_back(c);
}

Result<bool> PollHost::pollable_ready(Borrow<io::poll::Pollable> self) {
  const PollableState* one = &w_.pollables[self.rep];
  Look look(w_, std::span(&one, 1));
  look.ask(0);
  TRY(w_.turn(look.ready.empty()));
  return !look.ready.empty();
}

Status PollHost::pollable_block(Borrow<io::poll::Pollable> self) { return wait_for_one(w_, w_.pollables[self.rep]); }

Result<std::vector<uint32_t>> PollHost::poll(std::vector<Borrow<io::poll::Pollable>> in) {
  if (in.empty()) {
    return make_error(ashlar::ErrorCode::component_trap, kNoOffset, "wasi:io/poll: an empty list waits for ever");
  }
  std::vector<const PollableState*> all;
  for (const auto& p : in) all.push_back(&w_.pollables[p.rep]);
  return wait_for(w_, all);
}

// ---- streams

StreamsHost::Outcome<std::vector<uint8_t>> StreamsHost::read(Stream& s, uint64_t len, bool wait) {
  if (s.body) return read_body(*s.body, len, wait);
  host::Descriptor& d = *s.descriptor;
  if (s.connection && s.connection->receive_shut()) return refuse<std::vector<uint8_t>>(closed());
  // Of a connection the end shows even to who wants no bytes.
  std::vector<uint8_t> out(std::min(s.connection ? std::max<uint64_t>(len, 1) : len, kChunk));
  if (out.empty()) return out;
  if (s.connection && len == 0) {
    const os::Buffer byte{out.data(), out.size()};
    const auto peeked = os::receive(d.handle.raw(), std::span(&byte, 1), true);
    if (peeked && peeked->size == 0) return refuse<std::vector<uint8_t>>(closed());
    return std::vector<uint8_t>();
  }
  // While this waits, what else was written goes out.
  if (wait && (s.connection || !w_.sending.empty())) TRY(wait_for_one(w_, readable(s)));
  const os::Buffer buffer{out.data(), out.size()};
  host::HostResult<size_t> got = 0;
  if (s.offset) {
    got = host::read_at(d, std::span(&buffer, 1), *s.offset);
  } else {
    if ((!wait || s.connection) && d.may_block && !host::ready_now(d.handle.raw(), false)) {
      TRY(w_.turn(true));
      return std::vector<uint8_t>();
    }
    got = host::read(d, std::span(&buffer, 1), w_.interrupt);
  }
  if (!got) {
    if (got.error() == Errno::intr && w_.interrupt.fired()) return std::unexpected(interrupted());
    return refuse<std::vector<uint8_t>>(error(got.error()));
  }
  if (*got == 0) return refuse<std::vector<uint8_t>>(closed());
  if (s.offset) *s.offset += *got;
  out.resize(*got);
  return out;
}

StreamsHost::Outcome<std::vector<uint8_t>> StreamsHost::input_stream_read(Borrow<InputStream> self, uint64_t len) {
  return read(w_.input[self.rep], len, false);
}

StreamsHost::Outcome<std::vector<uint8_t>> StreamsHost::input_stream_blocking_read(Borrow<InputStream> self,
                                                                                   uint64_t len) {
  return read(w_.input[self.rep], len, true);
}

namespace {

/// The number of bytes in place of them.
StreamsHost::Outcome<uint64_t> count(StreamsHost::Outcome<std::vector<uint8_t>> got) {
  if (!got) return std::unexpected(std::move(got).error());
  if (!*got) {
    return std::expected<uint64_t, StreamsHost::StreamError>(std::unexpected(std::move(*got).error()));
  }
  return (*got)->size();
}

}  // namespace

StreamsHost::Outcome<uint64_t> StreamsHost::input_stream_skip(Borrow<InputStream> self, uint64_t len) {
  return count(read(w_.input[self.rep], len, false));
}

StreamsHost::Outcome<uint64_t> StreamsHost::input_stream_blocking_skip(Borrow<InputStream> self, uint64_t len) {
  return count(read(w_.input[self.rep], len, true));
}

Result<Own<StreamsHost::Pollable>> StreamsHost::input_stream_subscribe(Borrow<InputStream> self) {
  const Stream& s = w_.input[self.rep];
  return Own<Pollable>{w_.pollable(s.body ? readable_body(s.body) : readable(s))};
}

Result<Own<StreamsHost::Pollable>> StreamsHost::output_stream_subscribe(Borrow<OutputStream> self) {
  const Stream& s = w_.output[self.rep];
  return Own<Pollable>{w_.pollable(s.body ? writable_body(s.body) : writable(s))};
}

void StreamsHost::drop_input_stream(uint32_t rep) {
  if (const auto& c = w_.input[rep].connection) c->shut_receive();
  w_.input.drop(rep);
}

void StreamsHost::drop_output_stream(uint32_t rep) {
  if (const auto& c = w_.output[rep].connection) c->shut_send();
  w_.output.drop(rep);
}

StreamsHost::Outcome<void> StreamsHost::connection_state(Connection& c) {
  if (const auto failed = c.take_error()) {
    // Nobody reads any more: the stream is at its end.
    if (*failed == Errno::pipe) return refuse<void>(closed());
    return refuse<void>(error(*failed));
  }
  if (c.send_shut()) return refuse<void>(closed());
  return std::expected<void, StreamError>();
}

StreamsHost::Outcome<void> StreamsHost::write_connection(Stream& s, std::span<const uint8_t> bytes) {
  Connection& c = *s.connection;
  if (auto state = connection_state(c); !state || !*state) return state;
  c.write(bytes);
  w_.keep_sending(s.connection);
  return connection_state(c);
}

StreamsHost::Outcome<uint64_t> StreamsHost::output_stream_check_write(Borrow<OutputStream> self) {
  Stream& s = w_.output[self.rep];
  if (s.body) return check_body(s);
  const host::Descriptor& d = *s.descriptor;
  if (s.connection) {
    w_.drain();
    if (auto state = connection_state(*s.connection); !state) {
      return std::unexpected(std::move(state).error());
    } else if (!*state) {
      return refuse<uint64_t>(std::move(*state).error());
    }
    s.permit = !s.connection->pending() && host::ready_now(d.handle.raw(), true) ? kChunk : 0;
    return s.permit;
  }
  s.permit = !d.may_block || host::ready_now(d.handle.raw(), true) ? kChunk : 0;
  return s.permit;
}

StreamsHost::Outcome<void> StreamsHost::write_all(Stream& s, std::span<const uint8_t> bytes) {
  if (s.body) return write_body(*s.body, bytes);
  host::Descriptor& d = *s.descriptor;
  if (s.connection) {
    while (!bytes.empty()) {
      const size_t size = std::min<size_t>(bytes.size(), kChunk);
      auto done = write_connection(s, bytes.first(size));
      if (!done || !*done) return done;
      bytes = bytes.subspan(size);
      TRY(wait_for_one(w_, writable(s)));
    }
    return connection_state(*s.connection);
  }
  while (!bytes.empty()) {
    const os::Buffer buffer = buffer_of(bytes);
    host::HostResult<size_t> done = 0;
    if (s.append) {
      const auto stat = host::stat(d);
      if (!stat) return refuse<void>(error(stat.error()));
      done = host::write_at(d, std::span(&buffer, 1), stat->size);
    } else if (s.offset) {
      done = host::write_at(d, std::span(&buffer, 1), *s.offset);
    } else {
      done = host::write(d, std::span(&buffer, 1), w_.interrupt);
    }
    if (!done) {
      if (done.error() == Errno::intr && w_.interrupt.fired()) return std::unexpected(interrupted());
      // Nobody reads any more: the stream is at its end.
      if (done.error() == Errno::pipe) return refuse<void>(closed());
      return refuse<void>(error(done.error()));
    }
    if (s.offset) *s.offset += *done;
    bytes = bytes.subspan(*done);
  }
  return std::expected<void, StreamError>();
}

StreamsHost::Outcome<void> StreamsHost::output_stream_write(Borrow<OutputStream> self, std::vector<uint8_t> contents) {
  Stream& s = w_.output[self.rep];
  if (contents.size() > s.permit) {
    return make_error(ashlar::ErrorCode::component_trap, kNoOffset,
                      "wasi:io/streams: a write of " + std::to_string(contents.size()) +
                          " bytes, of which check-write allowed " + std::to_string(s.permit));
  }
  s.permit -= contents.size();
  return s.connection ? write_connection(s, contents) : write_all(s, contents);
}

StreamsHost::Outcome<void> StreamsHost::output_stream_blocking_write_and_flush(Borrow<OutputStream> self,
                                                                               std::vector<uint8_t> contents) {
  return write_all(w_.output[self.rep], contents);
}

// Nothing is held back but by connections and bodies. A write to a body that is flushed with it does not wait: what
// follows at once goes with it, so that a short body is one packet, and its length is known.
StreamsHost::Outcome<void> StreamsHost::output_stream_flush(Borrow<OutputStream> self) {
  const Stream& s = w_.output[self.rep];
  if (!s.connection) return std::expected<void, StreamError>();
  w_.drain();
  return connection_state(*s.connection);
}
StreamsHost::Outcome<void> StreamsHost::output_stream_blocking_flush(Borrow<OutputStream> self) {
  const Stream& s = w_.output[self.rep];
  if (s.body) return flush_body(*s.body);
  if (!s.connection) return std::expected<void, StreamError>();
  TRY(wait_for_one(w_, writable(s)));
  return connection_state(*s.connection);
}

StreamsHost::Outcome<void> StreamsHost::output_stream_write_zeroes(Borrow<OutputStream> self, uint64_t len) {
  const uint64_t permit = w_.output[self.rep].permit;
  return output_stream_write(self, std::vector<uint8_t>(std::min(len, permit + 1)));
}

StreamsHost::Outcome<void> StreamsHost::output_stream_blocking_write_zeroes_and_flush(Borrow<OutputStream> self,
                                                                                      uint64_t len) {
  const std::vector<uint8_t> zeroes(std::min(len, kChunk));
  while (len != 0) {
    const uint64_t size = std::min<uint64_t>(len, zeroes.size());
    auto done = write_all(w_.output[self.rep], std::span(zeroes).first(size));
    if (!done || !*done) return done;
    len -= size;
  }
  return std::expected<void, StreamError>();
}

StreamsHost::Outcome<uint64_t> StreamsHost::output_stream_splice(Borrow<OutputStream> self, Borrow<InputStream> src,
                                                                 uint64_t len) {
  auto room = output_stream_check_write(self);
  if (!room || !*room) return room;
  auto bytes = read(w_.input[src.rep], std::min(len, **room), false);
  if (!bytes || !*bytes) return count(std::move(bytes));
  Stream& s = w_.output[self.rep];
  auto done = s.connection ? write_connection(s, **bytes) : write_all(s, **bytes);
  if (!done) return std::unexpected(std::move(done).error());
  if (!*done) return refuse<uint64_t>(std::move(*done).error());
  return (*bytes)->size();
}

StreamsHost::Outcome<uint64_t> StreamsHost::output_stream_blocking_splice(Borrow<OutputStream> self,
                                                                          Borrow<InputStream> src, uint64_t len) {
  auto bytes = read(w_.input[src.rep], len, true);
  if (!bytes || !*bytes) return count(std::move(bytes));
  auto done = write_all(w_.output[self.rep], **bytes);
  if (!done) return std::unexpected(std::move(done).error());
  if (!*done) return refuse<uint64_t>(std::move(*done).error());
  return (*bytes)->size();
}

}  // namespace ashlar::wasi::p2
