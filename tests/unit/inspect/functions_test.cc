// Names and places of compiled functions, and perf's map of them.
#include "inspect/functions.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "inspect/inline_tree.h"
#include "inspect/perf_map.h"
#include "inspect/sample.h"
#include "inspect/source.h"

namespace ashlar::inspect {
namespace {

namespace fs = std::filesystem;

std::string hex(uint64_t number) {
  std::ostringstream out;
  out << std::hex << number;
  return out.str();
}

TEST(Functions, NamesAreOnOneLine) {
  const Sample sample(kSampleText);
  const auto functions = functions_of(*sample.image, *sample.module);
  ASSERT_EQ(functions.size(), 3u);
  EXPECT_EQ(functions[0].name, "a\\0ab\\7f c");
  EXPECT_EQ(functions[1].name, "a\\0ab\\7f c [loop at 0x" + hex(sample.image->loops()[0].wasm) + "]");
  EXPECT_EQ(functions[2].name, "second\\09");
  EXPECT_EQ(functions[2].address(), reinterpret_cast<uint64_t>(sample.image->code()) + 0x80);
  EXPECT_EQ(functions[2].code.size(), 0x40u);
  EXPECT_EQ(qualifier_of(*sample.module), "m!");
}

TEST(Functions, WithoutNames) {
  const Sample sample("(module (func (nop) (nop) (nop)) (func))");
  const auto functions = functions_of(*sample.image, *sample.module);
  ASSERT_EQ(functions.size(), 3u);
  EXPECT_EQ(functions[0].name, "func[0]");
  EXPECT_EQ(functions[2].name, "func[1]");
  EXPECT_EQ(qualifier_of(*sample.module), "");
}

class PerfMapTest : public ::testing::Test {
 protected:
  PerfMapTest() {
    std::string name = (fs::temp_directory_path() / "ashlar-map-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    path_ = folder_ + "/perf-" + std::to_string(::getpid()) + ".map";
  }
  ~PerfMapTest() override { fs::remove_all(folder_); }
  std::string content() const {
    std::stringstream out;
    out << std::ifstream(path_).rdbuf();
    return out.str();
  }
  std::string folder_, path_;
};

TEST_F(PerfMapTest, OneLineAFunction) {
  const Sample sample(kSampleText);
  auto map = PerfMap::create(folder_);
  ASSERT_TRUE(map) << map.error().render();
  const auto functions = functions_of(*sample.image, *sample.module);
  ASSERT_TRUE(map->add(std::span(functions).first(1), "m!"));
  ASSERT_TRUE(map->add(std::span(functions).last(1), ""));
  EXPECT_EQ(content(),
            hex(functions[0].address()) + " 40 m!a\\0ab\\7f c\n" + hex(functions[2].address()) + " 40 second\\09\n");
}

TEST_F(PerfMapTest, NothingIsFollowedOrKept) {
  std::ofstream(folder_ + "/victim") << "untouched";
  fs::create_symlink(folder_ + "/victim", path_);
  ASSERT_TRUE(PerfMap::create(folder_));
  EXPECT_FALSE(fs::is_symlink(path_));
  std::ifstream victim(folder_ + "/victim");
  std::string text;
  victim >> text;
  EXPECT_EQ(text, "untouched");
  const auto missing = PerfMap::create(folder_ + "/missing");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().phase(), Phase::Io);
}

TEST(PlaceStarts, BeginWithTheFunctionItself) {
  const Sample sample(kSampleText);
  const uint32_t f = sample.module->funcs[0].body_offset;
  std::vector<std::pair<uint32_t, uint32_t>> found;
  for (const PlaceStart& start : place_starts(*sample.image, sample.image->frames()[0], *sample.module)) {
    found.emplace_back(start.at, start.place.wasm);
  }
  const std::vector<std::pair<uint32_t, uint32_t>> expected = {
      {0, f}, {0x10, f + 1}, {0x20, sample.module->funcs[1].body_offset}, {0x30, f + 3}, {0x3e, f + 3}};
  EXPECT_EQ(found, expected);
}

TEST(InlineTree, JoinsWhatBelongsTogether) {
  const native::SourceFrame function = {}, a = {1, 0, 0, 5, 0, 1}, b = {2, 0, 0, 9, 0, 8},
                            other_line = {1, 0, 0, 6, 0, 1};
  InlineTree tree;
  tree.add(0, 4, {&function});
  tree.add(4, 8, {&a, &function});
  tree.add(8, 12, {&b, &other_line, &function});
  tree.add(20, 24, {&a, &function});
  ASSERT_EQ(tree.nodes().size(), 3u);
  EXPECT_EQ(tree.nodes()[0].children, std::vector<uint32_t>{1});
  EXPECT_EQ(tree.nodes()[1].children, std::vector<uint32_t>{2});
  const std::vector<std::pair<uint32_t, uint32_t>> ranges = {{4, 12}, {20, 24}};
  EXPECT_EQ(tree.nodes()[1].ranges, ranges);
  EXPECT_EQ(tree.nodes()[2].call->line, 6u);
}

}  // namespace
}  // namespace ashlar::inspect
