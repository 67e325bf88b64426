// The cache of unwinding: says what the images say, also after images came and went.
#include "native/unwind_cache.h"

#include <gtest/gtest.h>

#include <map>
#include <vector>

#include "native/image_registry.h"
#include "os/cpu_extensions.h"

namespace ashlar::native {
namespace {

constexpr uint32_t kFuncs = 40;
constexpr uint32_t kFuncSize = 64;

// Functions of the same size with frames of `stack_size` bytes; calls in their first half are caught at `pad`.
std::shared_ptr<Image> load(uint32_t stack_size, uint32_t pad) {
  ImageParts parts;
  parts.target = {os::cpu_arch() == "aarch64" ? Arch::Aarch64 : Arch::X86_64, "generic", ""};
  parts.text_size = kFuncs * kFuncSize;
  parts.code.assign(parts.text_size, 0xcc);
  for (uint32_t i = 0; i < kFuncs; ++i) {
    FrameRow row{};
    row.begin = i * kFuncSize;
    row.end = row.begin + kFuncSize;
    row.func = i;
    row.stack_size = stack_size;
    parts.frames.push_back(row);
    parts.pads.push_back({{row.begin, row.begin + kFuncSize / 2, row.begin + pad}});
    parts.places.emplace_back();
    parts.entries.push_back(row.begin + 1);
  }
  auto image = Image::load(write_image(parts), Image::Trust::Verify);
  EXPECT_TRUE(image);
  return image ? *image : nullptr;
}

void expect_of(const Image& image, const UnwindStep& step, const void* pc) {
  const FrameRow* row = image.find_frame(pc, true);
  EXPECT_EQ(step.row, row);
  if (row != nullptr) EXPECT_EQ(step.pad, image.find_pad(*row, pc));
}

TEST(UnwindCache, says_what_the_image_says) {
  const std::shared_ptr<Image> image = load(32, 50);
  UnwindCache cache;
  for (int round = 0; round < 2; ++round) {
    for (uint32_t offset = 1; offset <= image->text_size(); ++offset) {
      const void* pc = image->code() + offset;
      expect_of(*image, cache.at(pc, images_gone()), pc);
      expect_of(*image, cache.at(pc, images_gone()), pc);
    }
  }
  EXPECT_EQ(cache.at(nullptr, images_gone()).row, nullptr);
  EXPECT_EQ(cache.at(&cache, images_gone()).row, nullptr);
}

TEST(UnwindCache, addresses_that_share_an_entry) {
  const std::shared_ptr<Image> image = load(32, 50);
  UnwindCache cache;
  std::map<size_t, const void*> others;
  bool shared = false;
  for (uint32_t offset = 1; offset <= image->text_size(); ++offset) {
    const void* pc = image->code() + offset;
    const auto [other, is_new] = others.emplace(UnwindCache::index_of(pc), pc);
    shared |= !is_new;
    for (const void* one : {pc, other->second, pc}) expect_of(*image, cache.at(one, images_gone()), one);
  }
  EXPECT_TRUE(shared);
  EXPECT_LT(others.rbegin()->first, UnwindCache::kEntries);
}

// The system gives the same addresses again to what is as large, mostly at once; it does not promise to.
TEST(UnwindCache, another_image_at_the_same_place) {
  UnwindCache cache;
  std::shared_ptr<Image> first = load(32, 50);
  const uint8_t* code = first->code();
  for (uint32_t offset = 1; offset <= first->text_size(); ++offset) cache.at(code + offset, images_gone());
  EXPECT_EQ(cache.at(code + 7, images_gone()).row->stack_size, 32u);
  first.reset();
  for (uint32_t offset = 1; offset <= kFuncs * kFuncSize; ++offset) {
    EXPECT_EQ(cache.at(code + offset, images_gone()).row, nullptr);
  }
  std::vector<std::shared_ptr<Image>> later;
  do later.push_back(load(48, 60));
  while (later.back()->code() != code && later.size() < 16);
  const std::shared_ptr<Image>& second = later.back();
  if (second->code() != code) GTEST_SKIP() << "the system mapped none of 16 images at the address of one that is gone";
  for (uint32_t offset = 1; offset <= second->text_size(); ++offset) {
    expect_of(*second, cache.at(code + offset, images_gone()), code + offset);
  }
  EXPECT_EQ(cache.at(code + 7, images_gone()).row->stack_size, 48u);
}

TEST(UnwindCache, images_that_come_void_nothing) {
  const std::shared_ptr<Image> image = load(32, 50);
  const uint64_t before = images_gone();
  const std::shared_ptr<Image> other = load(48, 60);
  EXPECT_EQ(images_gone(), before);
}

}  // namespace
}  // namespace ashlar::native
