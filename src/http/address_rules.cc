// Grants of hosts and addresses; see address_rules.h.
#include "http/address_rules.h"

#include <algorithm>
#include <array>

namespace ashlar::http {

using boost::asio::ip::address;
using wasi::host::NetworkRule;

namespace {

struct Network {
  const char* text;
  unsigned prefix;
};
// IANA's registries of special-purpose addresses (RFC 6890, RFC 8190): blocks that are not reachable from
// everywhere, and multicast. Blocks are refused whole: the few addresses inside 192.0.0.0/24 and 2001::/23 (Teredo,
// ORCHID) that are reachable are no servers.
constexpr auto kSpecial = std::to_array<Network>({
    {"0.0.0.0", 8},
    {"10.0.0.0", 8},
    {"100.64.0.0", 10},
    {"127.0.0.0", 8},
    {"169.254.0.0", 16},
    {"172.16.0.0", 12},
    {"192.0.0.0", 24},
    {"192.0.2.0", 24},
    {"192.88.99.0", 24},
    {"192.168.0.0", 16},
    {"198.18.0.0", 15},
    {"198.51.100.0", 24},
    {"203.0.113.0", 24},
    {"240.0.0.0", 4},
    {"224.0.0.0", 4},
    {"2001::", 23},
    {"2001:db8::", 32},
    {"3fff::", 20},
});
// All that IANA gives out as global unicast (RFC 4291, 2.4). What is outside, is reserved, of this machine, its link or
// its site: `::1`, `fc00::/7`, `fe80::/10`, `ff00::/8`, `100::/64`, `5f00::/16`, `64:ff9b:1::/48`,
// `::ffff:0:a.b.c.d`...
constexpr Network kGlobalUnicast{"2000::", 3};

/// Addresses that hold the IPv4 address which packets go to in the end, and where. NAT64 with the well-known prefix
/// (RFC 6052) must not be used for private addresses, but translators do; that of a site's own choice (64:ff9b:1::/48)
/// may put the address at any of five places, and leads where the site wants.
struct Embedding {
  Network in;
  size_t at;
};
constexpr auto kEmbeddings = std::to_array<Embedding>({{{"64:ff9b::", 96}, 12}, {{"2002::", 16}, 2}});

bool in_network(const os::IpAddress& ip, const Network& row) {
  return NetworkRule::Net{*os::parse_ip_address(row.text), row.prefix}.contains(ip);
}

/// The same destination as short as it can be told: of what holds an IPv4 address as itself.
os::IpAddress plain(const address& a) {
  os::IpAddress out;
  out.v6 = a.is_v6() && !a.to_v6().is_v4_mapped();
  if (out.v6) {
    std::ranges::copy(a.to_v6().to_bytes(), out.bytes.begin());
  } else {
    const auto v4 = a.is_v4() ? a.to_v4() : boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped, a.to_v6());
    std::ranges::copy(v4.to_bytes(), out.bytes.begin());
  }
  return out;
}

bool is_public(const os::IpAddress& ip) {
  for (const Embedding& e : kEmbeddings) {
    if (!in_network(ip, e.in)) continue;
    constexpr size_t kBytesV4 = 4;
    os::IpAddress inner;
    std::copy_n(ip.bytes.begin() + static_cast<ptrdiff_t>(e.at), kBytesV4, inner.bytes.begin());
    return is_public(inner);
  }
  if (ip.v6 && !in_network(ip, kGlobalUnicast)) return false;
  return std::ranges::none_of(kSpecial, [&](const Network& n) { return in_network(ip, n); });
}

bool is_loopback(const os::IpAddress& ip) {
  constexpr auto kLoopback = std::to_array<Network>({{"127.0.0.0", 8}, {"::1", 128}});
  return std::ranges::any_of(kLoopback, [&](const Network& n) { return in_network(ip, n); });
}

}  // namespace

bool is_public_address(const address& a) { return is_public(plain(a)); }

Status AddressRules::add(std::string_view flag, std::string_view grant) {
  auto rule = wasi::host::parse_network_rule(grant);
  // Nobody listens on port 0.
  if (!rule || rule->last_port == 0) {
    return make_error(ErrorCode::bad_flag_value, kNoOffset, std::string(flag), std::string(grant),
                      "a host (example.org, *.example.org, 10.0.0.7, with :PORT), a network (10.0.0.0/8), or *");
  }
  grants_.push_back(std::move(*rule));
  return {};
}

bool AddressRules::allows_host(std::string_view host, uint16_t port) const {
  const std::string name = wasi::host::lower_host_name(host);
  boost::system::error_code not_address;
  boost::asio::ip::make_address(std::string(host), not_address);
  return std::ranges::any_of(grants_, [&](const NetworkRule& g) {
    // A name may lead to an address that is granted.
    return g.has_port(port) && (g.name.empty() || g.matches_name(name) || !not_address);
  });
}

bool AddressRules::allows(std::string_view host, const address& address, uint16_t port) const {
  const std::string name = wasi::host::lower_host_name(host);
  const os::IpAddress ip = plain(address);
  return std::ranges::any_of(grants_, [&](const NetworkRule& g) {
    if (!g.has_port(port)) return false;
    if (g.net) return g.net->contains(ip);
    if (!g.any_address && !g.matches_name(name)) return false;
    return is_public(ip) || (g.name == "localhost" && is_loopback(ip));
  });
}

}  // namespace ashlar::http
