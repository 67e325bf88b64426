// A large JSON file that is written piece by piece, and appears under its name when it is whole.
#pragma once

#include <charconv>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "os/file.h"

namespace ashlar::inspect {

class JsonFile {
 public:
  /// Makes a temporary file beside `path`. Where something is at `path` that is no file (a pipe, a device, a symbolic
  /// link), that is written to itself. Errors: Io.
  static Result<JsonFile> create(const std::string& path);
  JsonFile(JsonFile&& other) noexcept;
  JsonFile& operator=(JsonFile&&) = delete;
  /// Without finish() nothing stays of it.
  ~JsonFile();

  void put(char c) {
    reserve(1);
    buffer_[used_++] = c;
  }
  void put(std::string_view text);
  void put(std::integral auto number) {
    reserve(24);
    used_ = static_cast<size_t>(std::to_chars(&buffer_[used_], &buffer_[used_] + 24, number).ptr - buffer_.data());
  }
  /// Writes what is left and gives the file its name. Errors: Io, also of what was put before.
  Status finish();

 private:
  JsonFile(std::string path, std::string temporary, os::Fd file);
  void reserve(size_t bytes) {
    if (buffer_.size() - used_ < bytes) flush();
  }
  void flush();

  std::string path_;
  std::string temporary_;  ///< empty: none, or it has its name already
  os::Fd file_;
  std::vector<char> buffer_;
  size_t used_ = 0;
  Status done_;  ///< the first error
};

}  // namespace ashlar::inspect
