// Addresses of Redis databases; see redis_store.h.
#include "cli/redis_store.h"

#include <charconv>

namespace ashlar::cli {

namespace {

template <class T>
bool parse_number(std::string_view text, T& out) {
  const char* const end = text.data() + text.size();
  const auto [used, failed] = std::from_chars(text.data(), end, out);
  return failed == std::errc() && used == end;
}

/// "%2F" and its like are what they stand for.
std::optional<std::string> decode_percent(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    unsigned char byte = 0;
    const std::string_view digits = text.substr(i + 1, 2);
    const char* const end = digits.data() + digits.size();
    const auto [used, failed] = std::from_chars(digits.data(), end, byte, 16);
    if (digits.size() != 2 || failed != std::errc() || used != end) return std::nullopt;
    out += static_cast<char>(byte);
    i += 2;
  }
  return out;
}

}  // namespace

std::string RedisAddress::shown() const {
  const std::string at = host.contains(':') ? "[" + host + "]" : host;
  return std::string(kRedisScheme) + at + ":" + std::to_string(port) + "/" + std::to_string(database);
}

std::optional<RedisAddress> parse_redis_address(std::string_view text) {
  RedisAddress out;
  if (!text.starts_with(kRedisScheme)) return std::nullopt;
  text.remove_prefix(kRedisScheme.size());
  if (const size_t at = text.rfind('@'); at != text.npos) {
    const std::string_view login = text.substr(0, at);
    const size_t colon = login.find(':');
    if (colon == login.npos) return std::nullopt;
    const auto user = decode_percent(login.substr(0, colon));
    const auto password = decode_percent(login.substr(colon + 1));
    if (!user || !password || password->empty()) return std::nullopt;
    out.user = *user;
    out.password = *password;
    text.remove_prefix(at + 1);
  }
  if (const size_t slash = text.find('/'); slash != text.npos) {
    const std::string_view database = text.substr(slash + 1);
    if (!database.empty() && !parse_number(database, out.database)) return std::nullopt;
    text = text.substr(0, slash);
  }
  const size_t closed = text.rfind(']');
  const size_t colon = text.rfind(':');
  if (colon != text.npos && (closed == text.npos || closed < colon)) {
    if (!parse_number(text.substr(colon + 1), out.port)) return std::nullopt;
    text = text.substr(0, colon);
  }
  if (text.starts_with('[') && text.ends_with(']')) text = text.substr(1, text.size() - 2);
  out.host = text;
  if (out.host.empty() || out.host.contains('\0')) return std::nullopt;
  return out;
}

}  // namespace ashlar::cli
