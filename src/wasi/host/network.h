// Which addresses and names a program may use.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "os/ip_socket.h"
#include "wasi/host/errno.h"

namespace ashlar::wasi::host {

/// Not an IPv4 address in IPv6's clothes, mapped or compatible: sockets take no such.
bool is_plain(const os::IpAddress& ip);
bool is_unspecified(const os::IpAddress& ip);
/// Neither multicast nor IPv4's broadcast.
bool is_unicast(const os::IpAddress& ip);

/// One rule as users write it.
struct NetworkRule {
  struct Net {
    os::IpAddress ip;
    unsigned bits = 0;
    bool contains(const os::IpAddress& other) const;
  };
  std::string name;  ///< in lower case, perhaps "*." and a domain; empty: addresses
  bool any_address = false;
  std::optional<Net> net;
  uint16_t first_port = 0, last_port = 65535;

  bool has_port(uint16_t port) const { return port >= first_port && port <= last_port; }
  /// Of a name as lower_host_name() gives it.
  bool matches_name(std::string_view lower) const;
};
/// "*", "ADDRESS", "ADDRESS/BITS", "NAME" or "*.NAME", each with ":PORT", ":FIRST-LAST" or ":*" behind; IPv6 addresses
/// in brackets where a port follows. Without a port every port is meant. Nothing for any other text.
std::optional<NetworkRule> parse_network_rule(std::string_view text);
/// In small letters, and without the root's dot.
std::string lower_host_name(std::string_view text);

/// Nothing is allowed until rules are added. Belongs to one program and its thread.
class NetworkPolicy {
 public:
  /// "localhost" is 127.0.0.0/8 and ::1. False for a text that is no rule; nothing is added then.
  bool add(std::string_view rule);

  bool tcp = true;  ///< false: no TCP socket can be made, whatever the rules say
  bool udp = true;
  bool resolver = true;      ///< false: there is none, whatever the rules say
  bool name_lookup = false;  ///< every name may be looked up; without it those that rules name

  bool allows(const os::SocketAddress& address) const;
  /// Also any free port on all interfaces, which is what sockets without a bind have, where there is a rule at all:
  /// what may come in there is checked again.
  bool allows_bind(const os::SocketAddress& address) const;
  bool allows_name(std::string_view name) const;
  /// Rules that name a host now mean these addresses too.
  void looked_up(std::string_view name, std::span<const os::IpAddress> addresses);

 private:
  struct Rule : NetworkRule {
    std::vector<Net> nets;
    size_t fixed = 0;  ///< so many of `nets` are the rule's own, behind them what was looked up
  };
  std::vector<Rule> rules_;
};

}  // namespace ashlar::wasi::host
