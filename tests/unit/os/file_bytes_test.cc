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

}  // namespace
}  // namespace ashlar::os
