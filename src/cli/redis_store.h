// A key-value store in a Redis database.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "wasi/p2/key_value.h"

namespace ashlar::cli {

inline constexpr std::string_view kRedisScheme = "redis://";

/// redis://[[USER]:PASSWORD@]HOST[:PORT][/DB]
struct RedisAddress {
  std::string user, password;
  std::string host;
  uint16_t port = 6379;
  uint32_t database = 0;

  /// Without the password.
  std::string shown() const;
};
std::optional<RedisAddress> parse_redis_address(std::string_view text);

/// Connects. Its calls wait for a second at most, and then fail: by a program's waiter (KeyValueStore::with_waiter),
/// else they block. Errors: Io, with the address; a command that was built without hiredis says so.
Result<std::shared_ptr<wasi::p2::KeyValueStore>> open_redis_store(const RedisAddress& address);

}  // namespace ashlar::cli
