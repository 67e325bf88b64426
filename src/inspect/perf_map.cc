// Writing of perf's map.
#include "inspect/perf_map.h"

#include <unistd.h>

#include <cinttypes>
#include <cstdio>

#include "os/file_bytes.h"
#include "tiering/child.h"

namespace ashlar::inspect {

Result<os::Fd> create_anew(const std::string& path) {
  (void)os::remove_file_at(os::kWorkingDirectory, path.c_str());
  // In a folder where everybody writes, somebody may have put a link there: it is not followed.
  auto file = os::open_at(os::kWorkingDirectory, path.c_str(),
                          os::kOpenRead | os::kOpenWrite | os::kOpenCreate | os::kOpenExclusive);
  if (!file) return tiering::io_failed(path.c_str(), file.error());
  return std::move(*file);
}

Result<PerfMap> PerfMap::create(const std::string& folder) {
  std::string path = folder + "/perf-" + std::to_string(::getpid()) + ".map";
  TRY_ASSIGN(os::Fd file, create_anew(path));
  return PerfMap(std::move(path), std::move(file));
}

Status PerfMap::add(std::span<const Function> functions, std::string_view qualifier) {
  std::string text;
  for (const Function& function : functions) {
    char range[40];
    std::snprintf(range, sizeof range, "%" PRIx64 " %zx ", function.address(), function.code.size());
    text.append(range).append(qualifier).append(function.name) += '\n';
  }
  return os::write_all(file_.raw(), {reinterpret_cast<const uint8_t*>(text.data()), text.size()}, path_);
}

}  // namespace ashlar::inspect
