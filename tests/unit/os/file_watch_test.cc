// Files that are replaced.
#include "os/file_watch.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <filesystem>
#include <fstream>

namespace ashlar::os {
namespace {

namespace fs = std::filesystem;

class FileWatchTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "ashlar-watch-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
    watch_.emplace(FileWatch::make().value());
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string path(const std::string& name) const { return folder_ / name; }
  void write(const std::string& name, const std::string& text) const { std::ofstream(path(name)) << text; }
  bool told() {
    pollfd waiting{.fd = watch_->fd(), .events = POLLIN, .revents = 0};
    const bool out = ::poll(&waiting, 1, 0) == 1;
    watch_->drain();
    return out;
  }

  fs::path folder_;
  std::optional<FileWatch> watch_;
};

TEST_F(FileWatchTest, Stamps) {
  EXPECT_FALSE(stamp_file(path("a")).there);
  EXPECT_EQ(stamp_file(path("a")), stamp_file(path("a")));
  write("a", "one");
  const FileStamp one = stamp_file(path("a"));
  EXPECT_TRUE(one.there);
  EXPECT_EQ(stamp_file(path("a")), one);
  write("b", "one");
  fs::rename(path("b"), path("a"));
  EXPECT_NE(stamp_file(path("a")), one);
  EXPECT_NE(stamp_file(path("a")).identity(), one.identity());
}

TEST_F(FileWatchTest, WrittenReplacedRemoved) {
  write("a", "one");
  ASSERT_TRUE(watch_->watch({path("a")}));
  EXPECT_FALSE(told());
  write("a", "two");
  EXPECT_TRUE(told());
  EXPECT_FALSE(told());
  write("b", "three");
  EXPECT_TRUE(told());
  fs::rename(path("b"), path("a"));
  EXPECT_TRUE(told());
  fs::remove(path("a"));
  EXPECT_TRUE(told());
}

TEST_F(FileWatchTest, LinksOnTheWay) {
  fs::create_directories(path("releases/1"));
  fs::create_directories(path("releases/2"));
  fs::create_directory(path("links"));
  fs::create_directory_symlink("../releases/1", path("links/now"));
  fs::create_symlink("links/now/file", path("a"));
  ASSERT_TRUE(watch_->watch({path("a")}));
  write("releases/1/file", "one");
  EXPECT_TRUE(told());
  // Nothing leads there.
  write("releases/2/file", "two");
  EXPECT_FALSE(told());
  fs::create_directory_symlink("../releases/2", path("links/next"));
  fs::rename(path("links/next"), path("links/now"));
  EXPECT_TRUE(told());
  ASSERT_TRUE(watch_->watch({path("a")}));
  watch_->drain();  // that a folder is no longer watched
  write("releases/1/file", "one");
  EXPECT_FALSE(told());
  write("releases/2/file", "three");
  EXPECT_TRUE(told());
}

TEST_F(FileWatchTest, WhatIsNotThere) {
  ASSERT_TRUE(watch_->watch({path("later/file")}));
  fs::create_directory(path("later"));
  EXPECT_TRUE(told());
  ASSERT_TRUE(watch_->watch({path("later/file")}));
  write("later/file", "one");
  EXPECT_TRUE(told());
  // A link to itself, and one to nothing.
  fs::create_symlink("loop", path("loop"));
  fs::create_symlink("nothing", path("broken"));
  EXPECT_TRUE(watch_->watch({path("loop"), path("broken")}));
}

}  // namespace
}  // namespace ashlar::os
