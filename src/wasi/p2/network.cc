// Addresses, error codes and name lookup of wasi:sockets.
#include <string_view>

#include "component/enum_labels.h"
#include "wasi/p2/sockets.h"

namespace ashlar::wasi::p2 {

namespace socket_types {

ErrorCode code_of(host::Errno error) {
  return component::enum_of<ErrorCode>(host::errno_p2_socket_code(error)).value_or(ErrorCode::unknown);
}

namespace {

template <class T, size_t... I>
os::IpAddress ip_from(const T& parts, std::index_sequence<I...>) {
  os::IpAddress out;
  if constexpr (sizeof...(I) == 4) {
    out.bytes = {std::get<I>(parts)...};
  } else {
    out.v6 = true;
    ((out.bytes[2 * I] = static_cast<uint8_t>(std::get<I>(parts) >> 8),
      out.bytes[2 * I + 1] = static_cast<uint8_t>(std::get<I>(parts))),
     ...);
  }
  return out;
}

sockets::network::Ipv4Address v4_of(const os::IpAddress& ip) {
  return {ip.bytes[0], ip.bytes[1], ip.bytes[2], ip.bytes[3]};
}

sockets::network::Ipv6Address v6_of(const os::IpAddress& ip) {
  const auto word = [&](size_t i) { return static_cast<uint16_t>(ip.bytes[2 * i] << 8 | ip.bytes[2 * i + 1]); };
  return {word(0), word(1), word(2), word(3), word(4), word(5), word(6), word(7)};
}

}  // namespace

os::SocketAddress address_from(const IpSocketAddress& a) {
  if (const auto* v4 = std::get_if<IpSocketAddress::kIpv4>(&a.value)) {
    return {ip_from(v4->address, std::make_index_sequence<4>()), v4->port, 0, 0};
  }
  const auto& v6 = std::get<IpSocketAddress::kIpv6>(a.value);
  return {ip_from(v6.address, std::make_index_sequence<8>()), v6.port, v6.flow_info, v6.scope_id};
}

IpSocketAddress address_to(const os::SocketAddress& a) {
  if (!a.ip.v6) return {sockets::network::Ipv4SocketAddress{a.port, v4_of(a.ip)}};
  return {sockets::network::Ipv6SocketAddress{a.port, a.flow_info, v6_of(a.ip), a.scope_id}};
}

IpAddress ip_to(const os::IpAddress& ip) {
  if (!ip.v6) return {v4_of(ip)};
  return {v6_of(ip)};
}

}  // namespace socket_types

using socket_types::ErrorCode;
using socket_types::refuse;

namespace {

ErrorCode code_of(os::LookupError error) {
  switch (error) {
    case os::LookupError::None:
      break;
    case os::LookupError::NoSuchName:
      return ErrorCode::name_unresolvable;
    case os::LookupError::Temporary:
      return ErrorCode::temporary_resolver_failure;
    case os::LookupError::Permanent:
      return ErrorCode::permanent_resolver_failure;
    case os::LookupError::OutOfMemory:
      return ErrorCode::out_of_memory;
  }
  return ErrorCode::unknown;
}

std::optional<os::IpAddress> literal(std::string_view name) {
  const bool brackets = name.size() > 2 && name.front() == '[' && name.back() == ']';
  auto ip = os::parse_ip_address(brackets ? name.substr(1, name.size() - 2) : name);
  if (ip && brackets && !ip->v6) return std::nullopt;
  return ip;
}

class LookupWaitable final : public Waitable {
 public:
  explicit LookupWaitable(host::NameLookup lookup) : lookup_(std::move(lookup)) {}
  std::optional<os::WaitItem> wait_for() override { return os::WaitItem{.fd = lookup_.handle(), .read = true}; }

 private:
  host::NameLookup lookup_;
};

}  // namespace

std::optional<ErrorCode> NetworkHost::error_code(host::Errno error) {
  return component::enum_of<ErrorCode>(host::errno_p2_socket_code(error));
}

NetworkHost::Outcome<Own<NetworkHost::ResolveAddressStream>> NetworkHost::resolve_addresses(Borrow<Network>,
                                                                                            std::string name) {
  using Out = Own<ResolveAddressStream>;
  Lookup lookup;
  if (const auto ip = literal(name)) {
    if (!host::is_plain(*ip)) return refuse<Out>(ErrorCode::invalid_argument);
    // Nobody is asked, so nobody has to allow it.
    lookup.result = os::LookupResult{os::LookupError::None, {*ip}};
  } else {
    auto ascii = host::ascii_host_name(name);
    if (!ascii) return refuse<Out>(ErrorCode::invalid_argument);
    if (!w_.network.resolver) return refuse<Out>(ErrorCode::permanent_resolver_failure);
    if (!w_.network.allows_name(*ascii)) return refuse<Out>(ErrorCode::access_denied);
    lookup.name = std::move(*ascii);
    auto running = host::NameLookup::start(lookup.name, w_.quota);
    if (!running) return refuse<Out>(ErrorCode::temporary_resolver_failure);
    lookup.running = std::move(*running);
  }
  return std::expected<Out, ErrorCode>(Out{lookups_.add(std::move(lookup))});
}

NetworkHost::Outcome<std::optional<NetworkHost::IpAddress>> NetworkHost::resolve_address_stream_resolve_next_address(
    Borrow<ResolveAddressStream> self) {
  using Out = std::optional<IpAddress>;
  Lookup& lookup = lookups_[self.rep];
  if (!lookup.result) {
    lookup.result = lookup.running->result();
    if (!lookup.result) return refuse<Out>(ErrorCode::would_block);
    lookup.running.reset();
    w_.network.looked_up(lookup.name, lookup.result->addresses);
  }
  const os::LookupResult& found = *lookup.result;
  if (found.error != os::LookupError::None) return refuse<Out>(code_of(found.error));
  if (lookup.next == found.addresses.size()) return std::expected<Out, ErrorCode>(std::nullopt);
  return std::expected<Out, ErrorCode>(socket_types::ip_to(found.addresses[lookup.next++]));
}

Result<Own<socket_types::Pollable>> NetworkHost::resolve_address_stream_subscribe(Borrow<ResolveAddressStream> self) {
  const Lookup& lookup = lookups_[self.rep];
  PollableState p;
  if (lookup.running) {
    p.kind = PollableState::Kind::Other;
    p.other = std::make_shared<LookupWaitable>(*lookup.running);
  }
  return Own<socket_types::Pollable>{w_.pollable(std::move(p))};
}

}  // namespace ashlar::wasi::p2
