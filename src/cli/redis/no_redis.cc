// Built where hiredis is not; see redis_store.h.
#include "cli/redis_store.h"

namespace ashlar::cli {

Result<std::shared_ptr<wasi::p2::KeyValueStore>> open_redis_store(const RedisAddress& address) {
  return make_error(ErrorCode::io_failed, kNoOffset, address.shown(), "this command was built without hiredis");
}

}  // namespace ashlar::cli
