// Sending without blocking; see connection.h.
#include "wasi/p2/connection.h"

#include <cerrno>

#include "os/socket.h"

namespace ashlar::wasi::p2 {

void Connection::write(std::span<const uint8_t> bytes) {
  if (send_shut_) return;
  pending_.insert(pending_.end(), bytes.begin(), bytes.end());
  drain();
}

void Connection::drain() {
  while (pending()) {
    // Only read.
    const os::Buffer rest{pending_.data() + sent_, pending_.size() - sent_};
    const auto n = os::send(handle(), std::span(&rest, 1));
    if (n) {
      sent_ += *n;
    } else if (n.error() == EAGAIN) {
      return;
    } else if (n.error() != EINTR) {
      error_ = host::errno_from_os(n.error());
      break;
    }
  }
  const bool had_some = !pending_.empty();
  pending_.clear();
  sent_ = 0;
  // An error means that nobody is there any more.
  if (send_shut_ && had_some) (void)os::shut_down(handle(), false, true);
}

void Connection::shut_receive() {
  if (!receive_shut_) (void)os::shut_down(handle(), true, false);
  receive_shut_ = true;
}

void Connection::shut_send() {
  if (!send_shut_ && !pending()) (void)os::shut_down(handle(), false, true);
  send_shut_ = true;
}

}  // namespace ashlar::wasi::p2
