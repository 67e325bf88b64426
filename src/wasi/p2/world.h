// The state of one WASI 0.2 program, shared by its interfaces.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "os/clock.h"
#include "os/file_wait.h"
#include "wasi/host/descriptor.h"
#include "wasi/host/dirs.h"
#include "wasi/host/errno.h"
#include "wasi/host/http.h"
#include "wasi/host/interrupt.h"
#include "wasi/host/network.h"
#include "wasi/p2/connection.h"
#include "wasi/p2/slab.h"
#include "wasi/p2/waiter.h"

namespace ashlar::wasi::p2 {

/// An open thing; streams and descriptors share it.
using SharedDescriptor = std::shared_ptr<host::Descriptor>;

/// What decides itself when it is ready.
class Waitable {
 public:
  virtual ~Waitable() = default;
  /// What to wait for, after which this is asked again; nothing: it is ready. Without a handle (-1) something else that
  /// is waited for anyway comes first.
  virtual std::optional<os::WaitItem> wait_for() = 0;
};

/// A stream of bytes from or to a descriptor; at `offset` for files, which have positions of their own.
struct Stream {
  SharedDescriptor descriptor;
  std::optional<uint64_t> offset;
  bool append = false;
  uint64_t permit = 0;                       ///< bytes that check-write allowed
  host::SharedHttpBody body{};               ///< in place of the descriptor
  std::shared_ptr<void> parent{};            ///< of a body: shared with what it is a child of
  std::shared_ptr<Connection> connection{};  ///< of TCP sockets
};

/// Something to wait for.
struct PollableState {
  enum class Kind : uint8_t { Ready, Deadline, Read, Write, Event, Other } kind = Kind::Ready;
  uint64_t deadline = 0;             ///< on the monotonic clock
  SharedDescriptor descriptor;       ///< Read, Write
  std::function<bool()> happened{};  ///< Event: asked again whenever the waiter was woken
  std::shared_ptr<Waitable> other{};
};

/// What an error of a stream is made of.
struct StreamFailure {
  StreamFailure(host::Errno e) : code(e) {}
  explicit StreamFailure(host::HttpError e) : code(host::Errno::io), http(std::move(e)) {}
  host::Errno code;
  std::optional<host::HttpError> http{};
};

struct World {
  std::vector<std::string> args;
  std::vector<std::pair<std::string, std::string>> env;
  SharedDescriptor stdio[3];
  std::vector<SharedDescriptor> preopens;
  host::Interrupt interrupt;
  std::shared_ptr<Waking> waking = std::make_shared<Waking>();

  host::NetworkPolicy network;
  host::Quota* quota = nullptr;  ///< counts sockets and lookups; null: nobody does
  host::Quota* files = nullptr;  ///< counts all else that is open

  Slab<Stream> input, output;
  Slab<PollableState> pollables;
  Slab<StreamFailure> errors;
  Slab<SharedDescriptor> descriptors, listings;

  /// Connections that have something left to send; some may have lost their streams and socket.
  std::vector<std::shared_ptr<Connection>> sending;

  uint32_t pollable(PollableState p) { return pollables.add(std::move(p)); }
  /// See Waiter::turn().
  Status turn(bool now) const { return waking->waiter == nullptr ? Status() : waking->waiter->turn(now); }
  /// Sends what can be sent now.
  void drain();
  /// To be sent while the program waits.
  void keep_sending(const std::shared_ptr<Connection>& c);
};

}  // namespace ashlar::wasi::p2
