// What connections have in common; see connection.h.
#include "http/connection.h"

#include <array>

#include <boost/asio/post.hpp>

namespace ashlar::http {

using boost::system::error_code;

void Connection::wait_readable() {
  reading_ = true;
  stream_.wait_read([self = shared_from_this()](error_code ec) {
    self->reading_ = false;
    if (self->closed_) return;
    if (ec) return self->close();
    self->on_readable();
  });
}

void Connection::pump_later() {
  if (pumping_ || closed_) return;
  pumping_ = true;
  boost::asio::post(stream_.executor(), [self = shared_from_this()] {
    self->pumping_ = false;
    self->pump();
  });
}

bool Connection::flush() {
  size_t done = 0;
  while (done < out_.size()) {
    const auto [step, size] =
        stream_.write_some({reinterpret_cast<const uint8_t*>(out_.data()) + done, out_.size() - done});
    if (step == Stream::Step::Wait) break;
    if (step != Stream::Step::Done) {
      close();
      return false;
    }
    done += size;
  }
  if (done == out_.size()) {
    // Kept only when it is small: most connections wait most of their time.
    constexpr size_t kKept = 1 << 10;
    out_.capacity() > kKept ? std::string().swap(out_) : out_.clear();
    return true;
  }
  out_.erase(0, done);
  writing_ = true;
  set_deadline(server_.limits().idle_time);
  stream_.wait_write([self = shared_from_this()](error_code ec) {
    self->writing_ = false;
    if (self->closed_) return;
    if (ec) return self->close();
    if (self->flush() && !self->writing_) self->on_written();
  });
  return true;
}

bool Connection::close_stream() {
  if (closed_) return false;
  closed_ = true;
  stream_.close();
  return true;
}

std::span<uint8_t> Connection::read_buffer() {
  // What does not fit a body goes beyond its capacity by no more.
  constexpr size_t kReadBytes = 16 << 10;
  static thread_local std::array<uint8_t, kReadBytes> bytes;
  return bytes;
}

}  // namespace ashlar::http
