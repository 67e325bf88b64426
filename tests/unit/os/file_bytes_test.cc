// Files that are replaced as a whole.
#include "os/file_bytes.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <thread>
#include <vector>

namespace ashlar::os {
namespace {

namespace fs = std::filesystem;

TEST(FileBytes, AFileIsReplacedAsAWhole) {
  std::string name = (fs::temp_directory_path() / "ashlar-file-XXXXXX").string();
  const fs::path folder = ::mkdtemp(name.data());
  const std::string path = folder / "file";
  const std::vector<uint8_t> first(100'000, 1), second(50'000, 2);
  ASSERT_TRUE(replace_file(path, first));
  // Who has mapped it keeps what was there.
  auto before = read_file(path);
  ASSERT_TRUE(before);
  ASSERT_TRUE(before->mapped());
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 10; ++i) EXPECT_TRUE(replace_file(path, t % 2 == 0 ? first : second));
    });
  }
  for (std::thread& thread : threads) thread.join();
  ASSERT_TRUE(replace_file(path, second));
  EXPECT_EQ(before->bytes().size(), first.size());
  EXPECT_EQ(before->bytes()[99'999], 1);
  auto after = read_file(path);
  ASSERT_TRUE(after);
  EXPECT_EQ(after->bytes().size(), second.size());
  EXPECT_EQ(std::distance(fs::directory_iterator(folder), {}), 1) << "something in the making was left";

  const Status refused = replace_file(folder, first);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::io_failed);
  EXPECT_FALSE(replace_file(folder / "none" / "file", first));
  fs::remove_all(folder);
}

TEST(FileBytes, WhatIsSetApartStaysWhenTheFileIsCutShort) {
  std::string name = (fs::temp_directory_path() / "ashlar-bytes-XXXXXX").string();
  ASSERT_NE(::mkdtemp(name.data()), nullptr);
  const std::string path = name + "/file";
  for (const size_t size : {size_t{0}, size_t{100}, size_t{300'000}}) {
    const std::vector<uint8_t> bytes(size, 7);
    ASSERT_TRUE(replace_file(path, bytes));
    auto read = read_file(path);
    ASSERT_TRUE(read);
    const uint8_t* const at = read->bytes().data();
    ASSERT_TRUE(read->set_apart());
    EXPECT_TRUE(read->set_apart());
    fs::resize_file(path, 0);
    EXPECT_EQ(read->bytes().data(), at);
    EXPECT_EQ(std::vector<uint8_t>(read->bytes().begin(), read->bytes().end()), bytes);
  }
  fs::remove_all(name);
}

}  // namespace
}  // namespace ashlar::os
