// Buffered writing to a temporary file that is renamed at the end.
#include "inspect/json_file.h"

#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "os/file_bytes.h"

namespace ashlar::inspect {

namespace {

constexpr size_t kBuffer = 1 << 20;

std::unexpected<Error> failed(const std::string& path, int code) {
  return make_error(ErrorCode::io_failed, kNoOffset, path, std::strerror(code));
}

}  // namespace

Result<JsonFile> JsonFile::create(const std::string& path) {
  const auto there = os::file_info_at(os::kWorkingDirectory, path.c_str());
  const bool in_place = there && there->kind != os::FileKind::Regular;
  std::string temporary = in_place ? "" : path + ".tmp" + std::to_string(::getpid());
  const uint32_t flags = os::kOpenWrite | os::kOpenCreate | os::kOpenTruncate;
  auto file = os::open_at(os::kWorkingDirectory, (in_place ? path : temporary).c_str(), flags);
  if (!file) return failed(path, file.error());
  return JsonFile(path, std::move(temporary), std::move(*file));
}

JsonFile::JsonFile(std::string path, std::string temporary, os::Fd file)
    : path_(std::move(path)), temporary_(std::move(temporary)), file_(std::move(file)), buffer_(kBuffer) {}

JsonFile::JsonFile(JsonFile&& other) noexcept
    : path_(std::move(other.path_)),
      temporary_(std::exchange(other.temporary_, {})),
      file_(std::move(other.file_)),
      buffer_(std::move(other.buffer_)),
      used_(other.used_),
      done_(std::move(other.done_)) {}

JsonFile::~JsonFile() {
  if (temporary_.empty()) return;
  [[maybe_unused]] const auto gone = os::remove_file_at(os::kWorkingDirectory, temporary_.c_str());
}

void JsonFile::put(std::string_view text) {
  while (!text.empty()) {
    reserve(1);
    const size_t count = std::min(text.size(), buffer_.size() - used_);
    std::memcpy(&buffer_[used_], text.data(), count);
    used_ += count;
    text.remove_prefix(count);
  }
}

void JsonFile::flush() {
  if (done_) done_ = os::write_all(file_.raw(), {reinterpret_cast<const uint8_t*>(buffer_.data()), used_}, path_);
  used_ = 0;
}

Status JsonFile::finish() {
  flush();
  file_.close();
  if (!done_) return std::move(done_);
  if (temporary_.empty()) return {};
  const auto renamed = os::rename_at(os::kWorkingDirectory, temporary_.c_str(), os::kWorkingDirectory, path_.c_str());
  if (!renamed) return failed(path_, renamed.error());
  temporary_.clear();
  return {};
}

}  // namespace ashlar::inspect
