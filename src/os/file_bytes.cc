// Reads or maps whole files.
#include "os/file_bytes.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "os/file.h"
#include "os/memory_file.h"

namespace ashlar::os {
namespace {

// Below this a copy is cheaper. Copies touch every page of fresh memory, mappings fault in sixteen pages at a time and
// leave alone what nobody reads (debug sections).
constexpr uint64_t kMapFrom = 16 * 1024;
constexpr size_t kFirstChunk = 64 * 1024;

std::unexpected<Error> failed(const std::string& path, int code) {
  return make_error(ErrorCode::io_failed, kNoOffset, path, std::strerror(code));
}

Result<std::vector<uint8_t>> read_all(const Fd& file, const std::string& path, uint64_t expected) {
  std::vector<uint8_t> bytes;
  size_t used = 0;
  // One byte more than expected, so that the end is seen without growing.
  bytes.resize(expected != 0 && expected < kMapFrom ? static_cast<size_t>(expected) + 1 : kFirstChunk);
  for (;;) {
    if (used == bytes.size()) bytes.resize(bytes.size() * 2);
    const Buffer rest{bytes.data() + used, bytes.size() - used};
    auto n = read_into(file.raw(), std::span(&rest, 1));
    if (!n && n.error() == EINTR) continue;
    if (!n) return failed(path, n.error());
    if (*n == 0) break;
    used += *n;
  }
  bytes.resize(used);
  return bytes;
}

}  // namespace

FileBytes::FileBytes(FileBytes&& other) noexcept
    : bytes_(std::move(other.bytes_)),
      mapped_(std::exchange(other.mapped_, nullptr)),
      mapped_size_(std::exchange(other.mapped_size_, 0)),
      apart_(std::exchange(other.apart_, false)) {}

FileBytes& FileBytes::operator=(FileBytes&& other) noexcept {
  std::swap(bytes_, other.bytes_);
  std::swap(mapped_, other.mapped_);
  std::swap(mapped_size_, other.mapped_size_);
  std::swap(apart_, other.apart_);
  return *this;
}

FileBytes::~FileBytes() {
  if (mapped_ != nullptr) ::munmap(mapped_, mapped_size_);
}

// The system copies, so that a file cut short is an error of a call, and no fault of ours. Then the copy takes the
// mapping's place in one step: who reads finds either, and the same in both.
bool FileBytes::set_apart() {
  if (mapped_ == nullptr || apart_) return true;
  auto copy = MemoryFile::make(mapped_size_);
  if (!copy || !copy->write(0, static_cast<const uint8_t*>(mapped_), mapped_size_)) return false;
  void* at = ::mmap(mapped_, mapped_size_, PROT_READ, MAP_PRIVATE | MAP_FIXED, copy->fd(), 0);
  apart_ = at != MAP_FAILED;
  return apart_;
}

Result<FileBytes> read_file(const std::string& path) {
  Fd file;
  if (path == "-") {
    file = Fd::borrow(0);
  } else {
    auto opened = open_at(kWorkingDirectory, path.c_str(), kOpenRead);
    if (!opened) return failed(path, opened.error());
    file = std::move(*opened);
  }
  auto info = file_info(file.raw());
  if (!info) return failed(path, info.error());
  if (info->kind == FileKind::Directory) return failed(path, EISDIR);
  const bool at_start = path != "-";  // standard input may have been read in part
  if (at_start && info->kind == FileKind::Regular && info->size >= kMapFrom && info->size <= SIZE_MAX) {
    void* at = ::mmap(nullptr, static_cast<size_t>(info->size), PROT_READ, MAP_PRIVATE, file.raw(), 0);
    if (at != MAP_FAILED) {
      FileBytes out;
      out.mapped_ = at;
      out.mapped_size_ = static_cast<size_t>(info->size);
      return out;
    }
  }
  TRY_ASSIGN(auto bytes, read_all(file, path, info->size));
  return FileBytes(std::move(bytes));
}

Status write_all(int fd, std::span<const uint8_t> bytes, const std::string& name) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return failed(name, errno);
    bytes = bytes.subspan(static_cast<size_t>(written));
  }
  return {};
}

Status replace_file(const std::string& path, std::span<const uint8_t> bytes) {
  // Beside it, so that it is the same file system; of a name that no other process or thread takes.
  static std::atomic<uint32_t> count{0};
  const std::string temporary =
      path + "." + std::to_string(::getpid()) + "." + std::to_string(count.fetch_add(1)) + ".tmp";
  auto file = open_at(kWorkingDirectory, temporary.c_str(), kOpenWrite | kOpenCreate | kOpenExclusive);
  if (!file) return failed(path, file.error());
  Status done = write_all(file->raw(), bytes, path);
  if (done) {
    if (const auto synced = sync_file(file->raw(), true); !synced) done = failed(path, synced.error());
  }
  file->close();
  if (done && ::rename(temporary.c_str(), path.c_str()) != 0) done = failed(path, errno);
  if (!done) ::unlink(temporary.c_str());
  return done;
}

}  // namespace ashlar::os
