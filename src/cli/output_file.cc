// Writing of result files.
#include "cli/output_file.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "cli/output.h"
#include "os/file.h"
#include "os/file_bytes.h"

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

Status replace_output(const std::string& path, std::span<const uint8_t> bytes) {
  if (path == "-") return write_output(path, bytes);
  std::error_code failed;
  const std::filesystem::file_status there = std::filesystem::status(path, failed);
  // A device stays what it is, and so does a link.
  if (std::filesystem::exists(there) && !std::filesystem::is_regular_file(there)) return write_output(path, bytes);
  const std::filesystem::path real = std::filesystem::canonical(path, failed);
  return os::replace_file(failed ? path : real.string(), bytes);
}

Status make_folder(const std::string& path) {
  for (size_t at = path.find('/', 1); at != path.npos; at = path.find('/', at + 1)) {
    // Whatever is wrong with those above shows below.
    (void)os::make_directory_at(os::kWorkingDirectory, path.substr(0, at).c_str());
  }
  const auto made = os::make_directory_at(os::kWorkingDirectory, path.c_str());
  if (made || made.error() == EEXIST) return {};
  return make_error(ErrorCode::io_failed, kNoOffset, path, std::strerror(made.error()));
}

}  // namespace ashlar::cli
