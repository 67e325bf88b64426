// What memories and tables hold, in the form of segments.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "base/error.h"
#include "runtime/store.h"
#include "snapshot/snapshot.h"

namespace ashlar::snapshot {

/// Bytes of a memory; outside of runs all are zero.
struct DataRun {
  uint64_t at;
  uint64_t size;
};
/// At most `most` runs (at least 1): runs that lie close to each other are one.
std::vector<DataRun> data_runs(std::span<const uint8_t> memory, size_t most);

/// A reference that a constant expression can make.
struct Ref {
  enum class Kind : uint8_t { Null, Func, I31 } kind = Kind::Null;
  uint32_t value = 0;  ///< Func: index in the module that writes it; I31: 31 bits
};

/// Functions by the index that an instance's module has for them.
class FuncNames {
 public:
  explicit FuncNames(runtime::Instance& instance);
  /// Nothing for a function that the module neither defines nor imports.
  std::optional<module::FuncIdx> find(const runtime::FuncCell* f) const;

 private:
  const runtime::Instance& instance_;
  std::unordered_map<const runtime::FuncCell*, module::FuncIdx> imported_;
};

/// Elements of a table from `at` on; outside of runs all are null.
struct TableRun {
  module::TableIdx table = 0;
  uint64_t at = 0;
  std::vector<Ref> refs;
};

/// What each part has to write into the tables that it has, its own or imported ones, so that together they hold what
/// they hold now. Errors: snapshot_refused.
Result<std::vector<std::vector<TableRun>>> table_runs(std::span<const Part> parts);

}  // namespace ashlar::snapshot
