// A guest without a program: a temporary directory, a memory, and calls of preview 1's functions by name.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "wasi/host/rights.h"
#include "wasi/p1/entries.h"
#include "wasi/p1/functions.h"

namespace ashlar::wasi::testing {

using host::Errno;
using host::Resolution;
using p1::Context;
using p1::GuestMemory;

inline constexpr uint64_t kAllRights = (uint64_t{1} << 30) - 1;
inline constexpr uint64_t kReadRights = (host::right::fd_read | host::right::fd_seek | host::right::fd_tell |
                                         host::right::fd_filestat_get | host::right::fd_readdir)
                                            .bits;
inline constexpr uint64_t kWriteRights = host::right::fd_write.bits;
inline constexpr uint64_t kDirRights = host::right::kDirectory.bits;

inline void PrintTo(Errno code, std::ostream* os) { *os << host::errno_name(code); }

/// A directory that is removed with the object; `granted` below it is what guests get, `outside` is beside it.
class TempDir {
 public:
  TempDir() {
    std::string name = (std::filesystem::temp_directory_path() / "ashlar-wasi-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
    std::filesystem::create_directories(granted());
    std::filesystem::create_directories(outside());
    write(outside() + "/secret", "secret");
  }
  ~TempDir() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  std::string granted() const { return path_ + "/granted"; }
  std::string outside() const { return path_ + "/outside"; }
  std::string at(const std::string& name) const { return granted() + "/" + name; }
  static void write(const std::string& path, std::string_view text) { std::ofstream(path) << text; }
  static std::string read(const std::string& path) {
    std::ifstream in(path);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void make(const std::string& name, std::string_view text) const { write(at(name), text); }
  void make_dir(const std::string& name) const { std::filesystem::create_directories(at(name)); }
  void make_link(const std::string& target, const std::string& name) const {
    ASSERT_EQ(::symlink(target.c_str(), at(name).c_str()), 0);
  }

 private:
  std::string path_;
};

/// Calls go through the table, as a runtime's do. Strings are put at 0x1000 and 0x3000, results at 0x100 on.
class Guest {
 public:
  static constexpr uint32_t kResult = 0x100;
  static constexpr uint32_t kPath = 0x1000;
  static constexpr uint32_t kPath2 = 0x3000;
  static constexpr uint32_t kIovecs = 0x5000;
  static constexpr uint32_t kData = 0x8000;

  explicit Guest(Context::Builder& builder, uint32_t size = 0x10000) : memory_(size, uint8_t{0xaa}) {
    auto built = builder.build();
    EXPECT_TRUE(built.has_value()) << (built ? "" : built.error().render());
    context_ = std::make_unique<Context>(std::move(*built));
  }

  template <class... A>
  Errno call(std::string_view name, A... args) {
    return call_in("wasi_snapshot_preview1", name, args...);
  }
  template <class... A>
  Errno call_in(std::string_view module, std::string_view name, A... args) {
    const p1::HostEntry* entry = p1::find_host_entry(module, name);
    if (entry == nullptr) ADD_FAILURE() << "no function " << name;
    const uint64_t list[] = {static_cast<uint64_t>(args)..., 0};
    EXPECT_EQ(sizeof...(args), entry->sig.find('>')) << name;
    uint64_t result = 0;
    outcome = entry->call(*context_, view(), list, &result);
    return static_cast<Errno>(result);
  }

  template <class T>
  T load(uint32_t at) {
    return *view().load<T>(at);
  }
  template <class T>
  void store(uint32_t at, T value) {
    ASSERT_TRUE(view().store<T>(at, value));
  }
  uint32_t put(uint32_t at, std::string_view text) {
    EXPECT_TRUE(view().write(at, std::span(reinterpret_cast<const uint8_t*>(text.data()), text.size())));
    return static_cast<uint32_t>(text.size());
  }
  std::string text(uint32_t at, uint32_t size) { return *view().string(at, size); }
  void fill(uint32_t at, uint32_t size, uint8_t value) { std::fill_n(memory_.begin() + at, size, value); }
  GuestMemory view() { return {memory_.data(), memory_.size()}; }
  Context& context() { return *context_; }

  // The commonest calls. `opened` is the descriptor of the last successful open.
  Errno open(std::string_view path, uint64_t rights = kReadRights, uint32_t oflags = 0, uint32_t lookup = 1,
             uint32_t fd_flags = 0, uint64_t inheriting = 0, uint32_t dir = 3) {
    const uint32_t size = put(kPath, path);
    const Errno code = call("path_open", dir, lookup, kPath, size, oflags, rights, inheriting, fd_flags, kResult);
    if (code == Errno::success) opened = load<uint32_t>(kResult);
    return code;
  }
  Errno path_call(std::string_view name, std::string_view path, uint32_t dir = 3) {
    return call(name, dir, kPath, put(kPath, path));
  }
  Errno stat(std::string_view path, bool follow) {
    return call("path_filestat_get", 3, follow ? 1 : 0, kPath, put(kPath, path), kResult);
  }
  Errno rename(std::string_view from, std::string_view to, uint32_t old_dir = 3, uint32_t new_dir = 3) {
    const uint32_t n = put(kPath, from);
    return call("path_rename", old_dir, kPath, n, new_dir, kPath2, put(kPath2, to));
  }
  Errno link(std::string_view from, std::string_view to, uint32_t old_dir = 3, uint32_t new_dir = 3) {
    const uint32_t n = put(kPath, from);
    return call("path_link", old_dir, 0, kPath, n, new_dir, kPath2, put(kPath2, to));
  }
  Errno symlink(std::string_view target, std::string_view path) {
    const uint32_t n = put(kPath, target);
    return call("path_symlink", kPath, n, 3, kPath2, put(kPath2, path));
  }
  Errno set_mtime(std::string_view path, bool follow, uint64_t time) {
    return call("path_filestat_set_times", 3, follow ? 1 : 0, kPath, put(kPath, path), 0, time, 4);
  }
  Errno write(uint32_t fd, std::string_view text) {
    const uint32_t n = put(kData, text);
    iovec(0, kData, n);
    return call("fd_write", fd, kIovecs, 1, kResult);
  }
  Errno read(uint32_t fd, uint32_t size = 1000) {
    iovec(0, kData, size);
    const Errno code = call("fd_read", fd, kIovecs, 1, kResult);
    got = code == Errno::success ? text(kData, load<uint32_t>(kResult)) : "";
    return code;
  }
  void iovec(uint32_t index, uint32_t at, uint32_t size) {
    store<uint32_t>(kIovecs + index * 8, at);
    store<uint32_t>(kIovecs + index * 8 + 4, size);
  }

  uint32_t opened = 0;
  std::string got;
  p1::CallOutcome outcome;

 private:
  std::vector<uint8_t> memory_;
  std::unique_ptr<Context> context_;
};

}  // namespace ashlar::wasi::testing
