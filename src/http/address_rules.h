// Where a program may send requests: hosts that were granted, and addresses that none of them may lead to.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include <boost/asio/ip/address.hpp>

#include "base/error.h"
#include "wasi/host/network.h"

namespace ashlar::http {

/// What everybody may know: not of this machine, its links, or a private network, nor of no use as a destination.
bool is_public_address(const boost::asio::ip::address& address);

/// Grants, each written as a rule of the network. "*" is every public address, and names reach public addresses alone,
/// whatever they resolve to: those of this machine and of private networks are granted as addresses, or as localhost.
class AddressRules {
 public:
  /// Adds a grant. Errors: Usage, with `flag`.
  Status add(std::string_view flag, std::string_view grant);
  bool empty() const { return grants_.empty(); }

  /// Before a name is looked up: whether it might be allowed.
  bool allows_host(std::string_view host, uint16_t port) const;
  /// Of the address that will be connected to.
  bool allows(std::string_view host, const boost::asio::ip::address& address, uint16_t port) const;

 private:
  std::vector<wasi::host::NetworkRule> grants_;
};

}  // namespace ashlar::http
