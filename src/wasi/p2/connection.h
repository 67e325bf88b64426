// The streams' side of a TCP connection: what was written and the system has not taken yet, and what was shut down.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "wasi/host/descriptor.h"

namespace ashlar::wasi::p2 {

/// Shared by a connected socket and its two streams. wasi:io says that a write within what check-write allowed does not
/// block; so what the system does not take at once is kept here, and sent while the program waits for something.
class Connection {
 public:
  explicit Connection(std::shared_ptr<host::Descriptor> descriptor) : descriptor_(std::move(descriptor)) {}

  int handle() const { return descriptor_->handle.raw(); }
  bool receive_shut() const { return receive_shut_; }
  bool send_shut() const { return send_shut_; }
  bool pending() const { return sent_ != pending_.size(); }
  /// What sending came to, once.
  std::optional<host::Errno> take_error() { return std::exchange(error_, std::nullopt); }

  void write(std::span<const uint8_t> bytes);
  /// Sends what the system takes now; the end of sending follows the last byte.
  void drain();
  void shut_receive();
  void shut_send();

 private:
  std::shared_ptr<host::Descriptor> descriptor_;
  std::vector<uint8_t> pending_;
  size_t sent_ = 0;  ///< of pending_
  bool receive_shut_ = false;
  bool send_shut_ = false;  ///< nothing more is written; the system is told when nothing is pending
  std::optional<host::Errno> error_;
};

}  // namespace ashlar::wasi::p2
