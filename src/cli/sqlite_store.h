// A key-value store in an SQLite database.
#pragma once

#include <memory>
#include <string>

#include "base/error.h"
#include "wasi/p2/key_value.h"

namespace ashlar::cli {

/// Opens or makes the database. Errors: Io, with the path; a command that was built without SQLite says so.
Result<std::shared_ptr<wasi::p2::KeyValueStore>> open_sqlite_store(const std::string& path);

}  // namespace ashlar::cli
