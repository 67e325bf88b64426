// Built where SQLite is not; see sqlite_store.h.
#include "cli/sqlite_store.h"

namespace ashlar::cli {

Result<std::shared_ptr<wasi::p2::KeyValueStore>> open_sqlite_store(const std::string& path) {
  return make_error(ErrorCode::io_failed, kNoOffset, path, "this command was built without SQLite");
}

}  // namespace ashlar::cli
