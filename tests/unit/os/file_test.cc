// Whole files as bytes: small, large, empty, not regular, missing.
#include "os/file.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "os/file_bytes.h"

namespace ashlar::os {
namespace {

class FileBytesTest : public ::testing::Test {
 protected:
  FileBytesTest() {
    std::string name = (std::filesystem::temp_directory_path() / "ashlar-os-XXXXXX").string();
    dir_ = ::mkdtemp(name.data());
  }
  ~FileBytesTest() override { std::filesystem::remove_all(dir_); }
  std::string make(size_t size) {
    const std::string path = dir_ + "/file";
    std::ofstream(path) << std::string(size, 'x');
    return path;
  }
  std::string dir_;
};

TEST_F(FileBytesTest, Sizes) {
  for (size_t size : {size_t{0}, size_t{1}, size_t{16383}, size_t{16384}, size_t{262144}, size_t{3'000'000}}) {
    auto bytes = read_file(make(size));
    ASSERT_TRUE(bytes.has_value()) << size;
    EXPECT_EQ(bytes->bytes().size(), size);
    EXPECT_EQ(bytes->mapped(), size >= 16384);
    FileBytes moved = std::move(*bytes);
    EXPECT_EQ(moved.bytes().size(), size);
    if (size != 0) EXPECT_EQ(moved.bytes().back(), 'x');
  }
}

TEST_F(FileBytesTest, SpecialFiles) {
  auto proc = read_file("/proc/self/status");  // says it has no size
  ASSERT_TRUE(proc.has_value());
  EXPECT_GT(proc->bytes().size(), 100u);
  auto none = read_file(dir_ + "/none");
  ASSERT_FALSE(none.has_value());
  EXPECT_EQ(none.error().code(), ErrorCode::io_failed);
  EXPECT_FALSE(read_file(dir_).has_value());
}

TEST(Fd, Ownership) {
  int raw;
  {
    auto opened = open_at(kWorkingDirectory, "/dev/null", kOpenRead);
    ASSERT_TRUE(opened.has_value());
    raw = opened->raw();
    Fd borrowed = Fd::borrow(raw);
    Fd moved = std::move(borrowed);
    EXPECT_FALSE(borrowed);
    moved.close();
    EXPECT_TRUE(file_info(raw).has_value());
  }
  EXPECT_FALSE(file_info(raw).has_value());
}

}  // namespace
}  // namespace ashlar::os
