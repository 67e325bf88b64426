// Whole files as bytes: written at once; for reading mapped when large, copied when small or not a regular file.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"

namespace ashlar::os {

/// Owns the bytes of one file. Move-only.
class FileBytes {
 public:
  FileBytes() = default;
  explicit FileBytes(std::vector<uint8_t> bytes) : bytes_(std::move(bytes)) {}
  FileBytes(FileBytes&& other) noexcept;
  FileBytes& operator=(FileBytes&& other) noexcept;
  ~FileBytes();

  std::span<const uint8_t> bytes() const {
    if (mapped_ != nullptr) return {static_cast<const uint8_t*>(mapped_), mapped_size_};
    return bytes_;
  }
  bool mapped() const { return mapped_ != nullptr; }
  /// From now on nobody who writes over the file changes these bytes, or takes them away. They stay where they are, and
  /// may be read meanwhile. False when there is no memory for a copy.
  bool set_apart();

 private:
  friend Result<FileBytes> read_file(const std::string& path);
  std::vector<uint8_t> bytes_;
  void* mapped_ = nullptr;  ///< a file, or a copy that has no name
  size_t mapped_size_ = 0;
  bool apart_ = false;
};

/// The bytes of the file at `path`; "-" is standard input. A mapped file must not be cut short by somebody else while
/// it is in use (reading beyond its new end faults), as with every mapping.
Result<FileBytes> read_file(const std::string& path);

/// Writes all bytes to the descriptor. Errors: Io, naming `name`.
Status write_all(int fd, std::span<const uint8_t> bytes, const std::string& name);

/// Puts a file of these bytes in the place of what is at `path`: by renaming one that is whole and on the disk. It gets
/// the usual rights of a new file. Errors: Io, naming `path`.
Status replace_file(const std::string& path, std::span<const uint8_t> bytes);

}  // namespace ashlar::os
