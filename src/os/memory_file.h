// MemoryFile: bytes that can be mapped many times, as if they lay in a file.
#pragma once

#include <cstdint>
#include <optional>

namespace ashlar::os {

/// A file in memory with no name. Where nothing was written it reads as zero and costs nothing.
class MemoryFile {
 public:
  /// `bytes`: its size. Nothing where the system has no such files.
  static std::optional<MemoryFile> make(uint64_t bytes);
  MemoryFile(MemoryFile&& other) noexcept;
  ~MemoryFile();
  MemoryFile& operator=(MemoryFile&&) = delete;

  /// False when there is no memory.
  bool write(uint64_t offset, const uint8_t* data, uint64_t size);
  /// From now on nobody can change it.
  void seal();
  int fd() const { return fd_; }

 private:
  explicit MemoryFile(int fd) : fd_(fd) {}
  int fd_;
};

}  // namespace ashlar::os
