// The code cache: finding, the index by file identity, eviction, permissions, many processes at once.
#include "tiering/cache.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "os/file_bytes.h"

namespace ashlar::tiering {
namespace {

namespace fs = std::filesystem;

class CacheTest : public ::testing::Test {
 protected:
  CacheTest() {
    std::string name = (fs::temp_directory_path() / "ashlar-cache-XXXXXX").string();
    dir_ = ::mkdtemp(name.data());
  }
  ~CacheTest() override { fs::remove_all(dir_); }

  Cache open(uint64_t limit = 1 << 20) {
    auto cache = Cache::open(folder(), limit);
    EXPECT_TRUE(cache.has_value());
    return std::move(*cache);
  }
  std::string folder() const { return dir_ + "/a/ashlar"; }
  static std::vector<uint8_t> bytes(size_t size, uint8_t value) { return std::vector<uint8_t>(size, value); }
  static std::string name(int i) { return Cache::name_of(base::sha256(bytes(1, static_cast<uint8_t>(i))), "options"); }
  static void age(const std::string& path, int64_t seconds) {
    const timespec times[2] = {{0, UTIME_OMIT}, {::time(nullptr) - seconds, 0}};
    ASSERT_EQ(::utimensat(AT_FDCWD, path.c_str(), times, 0), 0);
  }
  std::string make_file(const std::string& name, const std::string& content) {
    const std::string path = dir_ + "/" + name;
    std::ofstream(path) << content;
    return path;
  }

  std::string dir_;
};

TEST_F(CacheTest, NothingIsMadeByLooking) {
  Cache cache = open();
  EXPECT_FALSE(cache.find(name(1)));
  EXPECT_FALSE(cache.known_digest(*regular_file_info(make_file("m.wasm", "x"))));
  EXPECT_TRUE(cache.list().empty());
  EXPECT_FALSE(fs::exists(folder()));
}

TEST_F(CacheTest, StoreFindClear) {
  Cache cache = open();
  ASSERT_TRUE(cache.store(name(1), bytes(100, 7)).has_value());
  struct stat info;
  ASSERT_EQ(::stat(folder().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700u);
  const auto path = open().find(name(1));
  ASSERT_TRUE(path.has_value());
  auto read = os::read_file(*path);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->bytes().size(), 100u);
  EXPECT_FALSE(cache.find(name(2)));
  EXPECT_NE(name(1), Cache::name_of(base::sha256(bytes(1, 1)), "other options"));
  EXPECT_EQ(cache.list().size(), 1u);
  EXPECT_EQ(cache.clear().files, 1u);
  EXPECT_FALSE(cache.find(name(1)));
  EXPECT_TRUE(fs::is_empty(folder() + "/tmp"));
}

TEST_F(CacheTest, WhatWasNotUsedGoesFirst) {
  Cache cache = open(1000);
  for (int i = 1; i <= 3; ++i) {
    ASSERT_TRUE(cache.store(name(i), bytes(300, 1)).has_value());
    age(folder() + "/code/" + name(i), 100'000 - i * 10'000);
  }
  ASSERT_TRUE(cache.find(name(1)));  // used now
  ASSERT_TRUE(cache.store(name(4), bytes(300, 1)).has_value());
  EXPECT_TRUE(cache.find(name(1)));
  EXPECT_FALSE(cache.find(name(2)));
  EXPECT_TRUE(cache.find(name(3)));
  EXPECT_TRUE(cache.find(name(4)));
  // What is larger than all that may be kept is not.
  ASSERT_TRUE(cache.store(name(5), bytes(1001, 1)).has_value());
  EXPECT_FALSE(cache.find(name(5)));
}

TEST_F(CacheTest, IndexTrustsOnlyWhatCannotHaveChanged) {
  Cache cache = open();
  const std::string file = make_file("m.wasm", "content");
  const auto digest = base::sha256(bytes(3, 3));
  // Changed a moment ago: a change in the same step of the clock would not be seen.
  cache.remember(file, *regular_file_info(file), digest);
  EXPECT_FALSE(cache.known_digest(*regular_file_info(file)));
  // The time of the last change of the inode cannot be set, only waited for.
  ::usleep(2'100'000);
  const auto before = *regular_file_info(file);
  cache.remember(file, before, digest);
  ASSERT_TRUE(cache.known_digest(*regular_file_info(file)));
  EXPECT_EQ(*cache.known_digest(*regular_file_info(file)), digest);
  ::symlink("m.wasm", (dir_ + "/link.wasm").c_str());
  EXPECT_TRUE(cache.known_digest(*regular_file_info(dir_ + "/link.wasm")));
  EXPECT_FALSE(cache.known_digest(*regular_file_info(make_file("other.wasm", "content"))));
  // The same size, and its time put back: the change of the inode tells.
  std::ofstream(file) << "CONTENT";
  const timespec times[2] = {{0, UTIME_OMIT}, {before.modified.seconds, before.modified.nanoseconds}};
  ASSERT_EQ(::utimensat(AT_FDCWD, file.c_str(), times, 0), 0);
  EXPECT_FALSE(cache.known_digest(*regular_file_info(file)));
  // It changed between the look at it and the reading.
  cache.remember(file, before, digest);
  EXPECT_FALSE(cache.known_digest(*regular_file_info(file)));
}

TEST_F(CacheTest, ListNamesTheSource) {
  Cache cache = open();
  const std::string file = make_file("m.wasm", "content");
  ::usleep(2'100'000);
  const auto digest = base::sha256(bytes(1, 9));
  cache.remember(file, *regular_file_info(file), digest);
  ASSERT_TRUE(cache.store(Cache::name_of(digest, "o"), bytes(10, 1)).has_value());
  ASSERT_TRUE(cache.store(name(1), bytes(20, 1)).has_value());
  age(folder() + "/code/" + name(1), 50'000);
  const auto entries = cache.list();
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_EQ(entries[0].source, fs::canonical(file).string());
  EXPECT_EQ(entries[0].size, 10u);
  EXPECT_EQ(entries[1].source, "");
}

TEST_F(CacheTest, FoldersOfOthersAreRefused) {
  fs::create_directories(folder());
  for (mode_t mode : {0720, 0702, 0777}) {
    ::chmod(folder().c_str(), mode);
    auto cache = Cache::open(folder(), 1000);
    ASSERT_FALSE(cache.has_value()) << mode;
    EXPECT_EQ(cache.error().code(), ErrorCode::cache_unusable);
  }
  ::chmod(folder().c_str(), 0755);
  EXPECT_TRUE(Cache::open(folder(), 1000).has_value());
  if (::geteuid() == 0) {
    ASSERT_EQ(::chown(folder().c_str(), 12345, 12345), 0);
    EXPECT_FALSE(Cache::open(folder(), 1000).has_value());
  }
}

TEST_F(CacheTest, WhatCrashesLeftIsRemovedWhenOld) {
  Cache cache = open();
  ASSERT_TRUE(cache.store(name(1), bytes(10, 1)).has_value());
  const std::string fresh = folder() + "/tmp/1-1-1";
  const std::string old = folder() + "/tmp/2-2-2";
  std::ofstream(fresh) << "x";
  std::ofstream(old) << "x";
  age(old, 3 * 24 * 3600);
  ASSERT_TRUE(cache.store(name(2), bytes(10, 1)).has_value());
  EXPECT_TRUE(fs::exists(fresh));
  EXPECT_FALSE(fs::exists(old));
}

TEST_F(CacheTest, ManyProcesses) {
  constexpr int kProcesses = 4;
  constexpr int kRounds = 60;
  constexpr size_t kSize = 5000;
  std::vector<pid_t> children;
  for (int p = 0; p < kProcesses; ++p) {
    const pid_t pid = ::fork();
    ASSERT_GE(pid, 0);
    if (pid == 0) {
      // A limit that evicts all the time. Whatever is found is whole.
      auto cache = Cache::open(folder(), 4 * kSize);
      bool good = cache.has_value();
      for (int i = 0; good && i < kRounds; ++i) {
        const int which = (i * 7 + p) % 6;
        if (const auto path = cache->find(name(which))) {
          if (auto read = os::read_file(*path)) {
            good = read->bytes().size() == kSize && read->bytes().front() == which && read->bytes().back() == which;
          }
        } else {
          good = cache->store(name(which), bytes(kSize, static_cast<uint8_t>(which))).has_value();
        }
      }
      ::_exit(good ? 0 : 1);
    }
    children.push_back(pid);
  }
  for (pid_t pid : children) {
    int status = 0;
    ASSERT_EQ(::waitpid(pid, &status, 0), pid);
    EXPECT_EQ(status, 0);
  }
  EXPECT_TRUE(fs::is_empty(folder() + "/tmp"));
}

TEST(CacheDefaults, FolderAndLimit) {
  const auto with = [](const char* name, const char* value) { value ? ::setenv(name, value, 1) : ::unsetenv(name); };
  with("HOME", "/home/x");
  with("XDG_CACHE_HOME", nullptr);
  EXPECT_EQ(Cache::default_folder(), "/home/x/.cache/ashlar");
  with("XDG_CACHE_HOME", "relative");
  EXPECT_EQ(Cache::default_folder(), "/home/x/.cache/ashlar");
  with("XDG_CACHE_HOME", "/c");
  EXPECT_EQ(Cache::default_folder(), "/c/ashlar");
  with("XDG_CACHE_HOME", nullptr);
  with("HOME", nullptr);
  EXPECT_EQ(Cache::default_folder(), "");
  EXPECT_FALSE(Cache::open_default()->has_value());
  with("HOME", "/home/x");
  with("ASHLAR_CACHE_SIZE", nullptr);
  EXPECT_EQ(Cache::default_limit().value(), uint64_t{1} << 30);
  with("ASHLAR_CACHE_SIZE", "512M");
  EXPECT_EQ(Cache::default_limit().value(), uint64_t{512} << 20);
  with("ASHLAR_CACHE_SIZE", "12345");
  EXPECT_EQ(Cache::default_limit().value(), 12345u);
  with("ASHLAR_CACHE_SIZE", "0");
  EXPECT_FALSE(Cache::open_default()->has_value());
  for (const char* wrong : {"x", "5X", "-1", "99999999999999999999", "18446744073709551615K"}) {
    with("ASHLAR_CACHE_SIZE", wrong);
    EXPECT_FALSE(Cache::default_limit().has_value()) << wrong;
  }
  with("ASHLAR_CACHE_SIZE", nullptr);
}

}  // namespace
}  // namespace ashlar::tiering
