// TCP and UDP sockets of a program: their states, and what the program's network policy lets them do.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "os/ip_socket.h"
#include "wasi/host/descriptor.h"
#include "wasi/host/network.h"

namespace ashlar::wasi::host {

/// What both kinds have. Nothing here blocks; `again` where the answer is not there yet. acces: the policy forbids it.
class IpSocket {
 public:
  bool v6() const { return v6_; }
  /// Shared with streams, so that the connection stays open until the last of them goes.
  const std::shared_ptr<Descriptor>& descriptor() const { return descriptor_; }
  int handle() const { return descriptor_->handle.raw(); }

  HostResult<uint64_t> option(os::SocketOption option) const;
  /// inval for 0; what is too large becomes the largest there can be.
  HostStatus set_option(os::SocketOption option, uint64_t value);
  HostStatus set_keep_alive(bool on);

 protected:
  IpSocket(std::shared_ptr<Descriptor> descriptor, bool v6) : descriptor_(std::move(descriptor)), v6_(v6) {}
  bool right_family(const os::SocketAddress& address) const { return address.ip.v6 == v6_ && is_plain(address.ip); }
  HostStatus bind_checked(const NetworkPolicy& policy, const os::SocketAddress& address);

  std::shared_ptr<Descriptor> descriptor_;
  bool v6_;
};

class TcpSocket : public IpSocket {
 public:
  enum class State : uint8_t { Unbound, Bound, Connecting, Connected, Listening, Closed };

  /// nfile: no more sockets for this program.
  static HostResult<TcpSocket> make(const NetworkPolicy& policy, bool v6, Quota* quota);
  State state() const { return state_; }
  HostStatus bind(const NetworkPolicy& policy, const os::SocketAddress& address);
  HostStatus start_connect(const NetworkPolicy& policy, const os::SocketAddress& address);
  /// again while the connection is being made. After an error the socket is closed for good.
  HostStatus finish_connect();
  /// Whether finish_connect would say something else than `again`.
  bool connect_decided() const { return connect_error_.has_value(); }
  HostStatus listen(const NetworkPolicy& policy);
  HostResult<TcpSocket> accept(Quota* quota);
  HostStatus set_backlog(uint64_t size);
  HostResult<os::SocketAddress> local_address() const;
  HostResult<os::SocketAddress> remote_address() const;

 private:
  using IpSocket::IpSocket;
  State state_ = State::Unbound;
  int backlog_ = 128;
  std::optional<int> connect_error_;  ///< what connecting came to at once
};

class UdpSocket : public IpSocket {
 public:
  static HostResult<UdpSocket> make(const NetworkPolicy& policy, bool v6, Quota* quota);
  HostStatus bind(const NetworkPolicy& policy, const os::SocketAddress& address);
  bool bound() const { return bound_; }
  /// From now on only this peer, or every one.
  HostStatus set_peer(const NetworkPolicy& policy, const std::optional<os::SocketAddress>& peer);
  HostResult<os::SocketAddress> local_address() const;
  HostResult<os::SocketAddress> remote_address() const;

  struct Datagram {
    std::vector<uint8_t> data;
    os::SocketAddress from;
  };
  /// Datagrams of others than the peer, or of whom the policy forbids, are lost.
  HostResult<Datagram> receive(const NetworkPolicy& policy);
  HostStatus send(const NetworkPolicy& policy, std::span<const uint8_t> data,
                  const std::optional<os::SocketAddress>& to);

 private:
  using IpSocket::IpSocket;
  bool may_use(const NetworkPolicy& policy, const os::SocketAddress& peer) const;
  HostStatus forget_peer();
  bool bound_ = false;
  bool serves_ = false;  ///< a rule allows its own address: whoever writes to it may be heard, and answered
  std::optional<os::SocketAddress> peer_;
  static constexpr size_t kCallers = 64;
  std::vector<os::SocketAddress> callers_;  ///< serves_: the last that wrote, oldest first from next_caller_ on
  size_t next_caller_ = 0;
};

}  // namespace ashlar::wasi::host
