// Writing of result files.
#include "cli/output_file.h"

#include <cstring>

#include "cli/output.h"
#include "os/file.h"

namespace ashlar::cli {

std::string output_path(std::string_view asked, std::string_view input, std::string_view ending) {
  if (!asked.empty()) return std::string(asked);
  if (input == "-") return "-";
  const size_t slash = input.rfind('/');
  const size_t dot = input.rfind('.');
  const bool has_ending = dot != input.npos && dot != 0 && (slash == input.npos || dot > slash + 1);
  return std::string(input.substr(0, has_ending ? dot : input.npos)) + std::string(ending);
}

Status write_output(const std::string& path, std::span<const uint8_t> bytes) {
  const auto failed = [&path](int code) {
    return make_error(ErrorCode::io_failed, kNoOffset, path, std::strerror(code));
  };
  if (path == "-") {
    if (!write_all(kStdout, bytes)) return failed(errno);
    return {};
  }
  auto file = os::open_at(os::kWorkingDirectory, path.c_str(), os::kOpenWrite | os::kOpenCreate | os::kOpenTruncate);
  if (!file) return failed(file.error());
  if (!write_all(file->raw(), bytes)) return failed(errno);
  return {};
}

}  // namespace ashlar::cli
