// Rules of addresses and names; see network.h.
#include "wasi/host/network.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "wasi/host/name_lookup.h"

namespace ashlar::wasi::host {
namespace {

/// What lookups of one rule's names may add up to; then the oldest go.
constexpr size_t kMostLookedUp = 256;

template <class T>
std::optional<T> number(std::string_view text) {
  T out{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return out;
}

bool read_ports(std::string_view text, uint16_t& first, uint16_t& last) {
  if (text == "*") return true;
  const size_t dash = text.find('-');
  const auto from = number<uint16_t>(text.substr(0, dash));
  const auto to = dash == text.npos ? from : number<uint16_t>(text.substr(dash + 1));
  if (!from || !to || *to < *from) return false;
  first = *from;
  last = *to;
  return true;
}

unsigned width(const os::IpAddress& ip) { return ip.v6 ? 128 : 32; }

struct HostAndPort {
  std::string_view host;
  std::optional<std::string_view> port;
};

/// "[::1]:80", "::1", "1.2.3.0/24:80", "name".
std::optional<HostAndPort> split(std::string_view text) {
  if (text.starts_with('[')) {
    const size_t close = text.find(']');
    if (close == text.npos) return std::nullopt;
    const std::string_view behind = text.substr(close + 1);
    if (!behind.empty() && behind[0] != ':') return std::nullopt;
    HostAndPort out{text.substr(1, close - 1), std::nullopt};
    if (!behind.empty()) out.port = behind.substr(1);
    return out;
  }
  const size_t colon = text.find(':');
  // More than one: an IPv6 address without brackets, and so without a port.
  if (colon == text.npos || text.find(':', colon + 1) != text.npos) return HostAndPort{text, std::nullopt};
  return HostAndPort{text.substr(0, colon), text.substr(colon + 1)};
}

}  // namespace

bool is_plain(const os::IpAddress& ip) {
  if (!ip.v6) return true;
  const auto zero = [&](size_t from, size_t to) {
    return std::all_of(ip.bytes.begin() + from, ip.bytes.begin() + to, [](uint8_t b) { return b == 0; });
  };
  if (!zero(0, 10)) return true;
  if (ip.bytes[10] == 0xff && ip.bytes[11] == 0xff) return false;
  if (!zero(10, 12)) return true;
  // Compatible ones but "::" and "::1".
  return zero(12, 15) && ip.bytes[15] <= 1;
}

bool is_unspecified(const os::IpAddress& ip) {
  return std::ranges::all_of(ip.bytes, [](uint8_t b) { return b == 0; });
}

bool is_unicast(const os::IpAddress& ip) {
  if (ip.v6) return ip.bytes[0] != 0xff;
  const bool broadcast = std::all_of(ip.bytes.begin(), ip.bytes.begin() + 4, [](uint8_t b) { return b == 0xff; });
  return (ip.bytes[0] & 0xf0) != 0xe0 && !broadcast;
}

std::string lower_host_name(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  if (out.ends_with('.') && out != "*.") out.pop_back();
  return out;
}

bool NetworkRule::Net::contains(const os::IpAddress& other) const {
  if (ip.v6 != other.v6) return false;
  unsigned left = bits;
  for (unsigned i = 0; i < 16 && left != 0; ++i) {
    const unsigned here = std::min(left, 8u);
    if (((ip.bytes[i] ^ other.bytes[i]) >> (8 - here)) != 0) return false;
    left -= here;
  }
  return true;
}

bool NetworkRule::matches_name(std::string_view lower) const {
  if (name.empty()) return false;
  if (!name.starts_with("*.")) return lower == name;
  return lower.size() > name.size() - 1 && lower.ends_with(std::string_view(name).substr(1));
}

std::optional<NetworkRule> parse_network_rule(std::string_view text) {
  const std::string lower = lower_host_name(text);
  const std::optional<HostAndPort> parts = split(lower);
  NetworkRule out;
  if (!parts || (parts->port && !read_ports(*parts->port, out.first_port, out.last_port))) return std::nullopt;
  const size_t slash = parts->host.find('/');
  if (parts->host == "*" || (parts->host.empty() && parts->port)) {
    out.any_address = true;
  } else if (const auto ip = os::parse_ip_address(parts->host.substr(0, slash))) {
    const auto bits =
        slash == parts->host.npos ? std::optional(width(*ip)) : number<unsigned>(parts->host.substr(slash + 1));
    if (!bits || *bits > width(*ip) || !is_plain(*ip)) return std::nullopt;
    out.net = {*ip, *bits};
  } else {
    const bool below = parts->host.starts_with("*.");
    const auto host = ascii_host_name(parts->host.substr(below ? 2 : 0));
    if (!host) return std::nullopt;
    out.name = (below ? "*." : "") + *host;
  }
  return out;
}

bool NetworkPolicy::add(std::string_view text) {
  auto parsed = parse_network_rule(text);
  if (!parsed) return false;
  Rule rule{std::move(*parsed), {}};
  if (rule.net) rule.nets.push_back(*rule.net);
  if (rule.name == "localhost") {
    rule.nets.push_back({*os::parse_ip_address("127.0.0.0"), 8});
    rule.nets.push_back({*os::parse_ip_address("::1"), 128});
  }
  rule.fixed = rule.nets.size();
  rules_.push_back(std::move(rule));
  return true;
}

bool NetworkPolicy::allows(const os::SocketAddress& address) const {
  return std::ranges::any_of(rules_, [&](const Rule& rule) {
    if (!rule.has_port(address.port)) return false;
    return rule.any_address ||
           std::ranges::any_of(rule.nets, [&](const Rule::Net& net) { return net.contains(address.ip); });
  });
}

bool NetworkPolicy::allows_bind(const os::SocketAddress& address) const {
  if (address.port == 0 && is_unspecified(address.ip) && !rules_.empty()) return true;
  return allows(address);
}

bool NetworkPolicy::allows_name(std::string_view name) const {
  if (name_lookup) return true;
  const std::string lower = lower_host_name(name);
  return std::ranges::any_of(rules_, [&](const Rule& rule) { return rule.matches_name(lower); });
}

void NetworkPolicy::looked_up(std::string_view name, std::span<const os::IpAddress> addresses) {
  const std::string lower = lower_host_name(name);
  for (Rule& rule : rules_) {
    if (!rule.matches_name(lower)) continue;
    for (const os::IpAddress& ip : addresses) {
      if (std::ranges::any_of(rule.nets, [&](const Rule::Net& n) { return n.ip == ip; })) continue;
      if (rule.nets.size() == rule.fixed + kMostLookedUp) {
        rule.nets.erase(rule.nets.begin() + static_cast<ptrdiff_t>(rule.fixed));
      }
      rule.nets.push_back({ip, width(ip)});
    }
  }
}

}  // namespace ashlar::wasi::host
