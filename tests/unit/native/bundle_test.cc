// Bundles: what is written comes back, and nothing else is believed.
#include "native/bundle.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <random>

#include "native/image_format.h"
#include "os/cpu_extensions.h"

namespace ashlar::native {
namespace {

using Trust = Image::Trust;

constexpr size_t kHead = 88;

std::vector<uint8_t> image_of(uint8_t byte) {
  ImageParts parts;
  parts.target = {os::cpu_arch() == "x86_64" ? Arch::X86_64 : Arch::Aarch64, "generic", ""};
  const uint8_t wasm[] = {0, 'a', 's', 'm', 1, 0, 0, 0, byte};
  parts.wasm = wasm;
  parts.code.assign(100, byte);
  parts.text_size = 100;
  parts.frames.resize(1);
  parts.frames[0].end = 100;
  parts.pads.resize(1);
  parts.places.resize(1);
  parts.entries = {1};
  parts.data_laid_out = true;
  parts.data.assign(4096, byte);
  parts.data_runs = {{0, 0, 4096}};
  return write_image(parts);
}

const std::vector<uint8_t> kComponent(1000, 0x42);

std::vector<uint8_t> sample() {
  const std::vector<std::vector<uint8_t>> images = {image_of(1), image_of(2), image_of(3)};
  return write_bundle(kComponent, images);
}

void expect_sample(const Bundle& bundle) {
  EXPECT_TRUE(std::ranges::equal(bundle.component, kComponent));
  ASSERT_EQ(bundle.images.size(), 3u);
  for (uint8_t i = 0; i < 3; ++i) {
    const Image& image = *bundle.images[i];
    EXPECT_EQ(image.wasm()[8], i + 1);
    EXPECT_EQ(image.code()[50], i + 1);
    ASSERT_TRUE(image.laid_out());
    EXPECT_EQ(image.laid_out()->bytes[4000], i + 1);
  }
}

struct BundleFile {
  explicit BundleFile(std::span<const uint8_t> bytes) {
    const int fd = ::mkstemp(path);
    EXPECT_EQ(::write(fd, bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
    ::close(fd);
  }
  ~BundleFile() { ::unlink(path); }
  char path[32] = "/tmp/ashlar-bundle-XXXXXX";
};

TEST(Bundle, comes_back) {
  const std::vector<uint8_t> bytes = sample();
  EXPECT_EQ(sample(), bytes) << "not deterministic";
  EXPECT_TRUE(is_bundle(bytes));
  EXPECT_FALSE(is_bundle(image_of(1)));
  const BundleFile file(bytes);
  for (const Trust trust : {Trust::Verify, Trust::Cache, Trust::Inspect}) {
    auto loaded = load_bundle(bytes, trust);
    ASSERT_TRUE(loaded) << loaded.error().render();
    expect_sample(*loaded);
    auto opened = open_bundle(file.path, trust);
    ASSERT_TRUE(opened) << opened.error().render();
    expect_sample(*opened);
    EXPECT_TRUE(std::ranges::equal(opened->header, loaded->header));
    // Data are mapped from where they are in the file.
    const auto data = opened->images[2]->laid_out();
    if (trust == Trust::Inspect || data->file < 0) continue;
    uint8_t byte = 0;
    ASSERT_EQ(::pread(data->file, &byte, 1, static_cast<off_t>(data->file_offset)), 1);
    EXPECT_EQ(byte, 3);
  }
  auto empty = load_bundle(write_bundle({}, {}), Trust::Verify);
  ASSERT_TRUE(empty);
  EXPECT_TRUE(empty->images.empty());
}

TEST(Bundle, truncations_are_refused) {
  const std::vector<uint8_t> bytes = sample();
  for (size_t size = 0; size < bytes.size(); size = size < 300 ? size + 1 : size + 97) {
    auto loaded = load_bundle(std::span(bytes).first(size), size % 2 == 0 ? Trust::Verify : Trust::Cache);
    ASSERT_FALSE(loaded) << size;
    ASSERT_EQ(loaded.error().code(), size < 8 ? ErrorCode::not_an_artifact : ErrorCode::artifact_truncated) << size;
  }
  const BundleFile file(std::span(bytes).first(bytes.size() - 1));
  auto opened = open_bundle(file.path, Trust::Cache);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code(), ErrorCode::artifact_truncated);
  EXPECT_EQ(open_bundle("/nowhere/at/all", Trust::Cache).error().code(), ErrorCode::io_failed);
}

TEST(Bundle, changed_bytes_are_refused) {
  const std::vector<uint8_t> bytes = sample();
  const auto whole = load_bundle(bytes, Trust::Verify);
  ASSERT_TRUE(whole);
  for (size_t at = 0; at < bytes.size(); at = at < 1200 ? at + 1 : at + 37) {
    std::vector<uint8_t> changed = bytes;
    changed[at] ^= static_cast<uint8_t>(1 + at % 255);
    auto loaded = load_bundle(changed, Trust::Verify);
    // Between the images lie zeros that nobody reads.
    const bool is_gap = at >= kHead + 3 * 32 + kComponent.size() && bytes[at] == 0;
    if (!is_gap) EXPECT_FALSE(loaded) << at;
  }
  EXPECT_EQ(whole->images.size(), 3u);
  std::vector<uint8_t> longer = bytes;
  longer.push_back(0);
  EXPECT_EQ(load_bundle(longer, Trust::Cache).error().code(), ErrorCode::artifact_damaged);
}

// What is not verified may be anything: no crash, and one error or a bundle.
TEST(Bundle, wrong_bytes_are_harmless) {
  const std::vector<uint8_t> bytes = sample();
  std::mt19937 random(1);
  for (int round = 0; round < 1000; ++round) {
    std::vector<uint8_t> changed = bytes;
    for (int i = 0; i < 3; ++i) changed[random() % 600] = static_cast<uint8_t>(random());
    (void)load_bundle(changed, Trust::Cache);
  }
}

// With hashes that are right, as whoever wants to do harm would have them.
TEST(Bundle, wrong_places_are_refused) {
  const std::vector<uint8_t> bytes = sample();
  const auto changed = [&](const auto& change) {
    std::vector<uint8_t> out = bytes;
    change(out.data());
    const Hash rows = hash_of(std::span(out).subspan(kHead, 96));
    std::memcpy(out.data() + 40, &rows, sizeof rows);
    const Hash self = hash_of(std::span(out).first(72));
    std::memcpy(out.data() + 72, &self, sizeof self);
    auto loaded = load_bundle(out, Trust::Cache);
    return loaded ? ErrorCode{} : loaded.error().code();
  };
  const auto put = [](size_t at, uint64_t value) {
    return [=](uint8_t* out) { std::memcpy(out + at, &value, sizeof value); };
  };
  EXPECT_EQ(changed([](uint8_t*) {}), ErrorCode{});
  for (const uint64_t value : {~uint64_t{0}, uint64_t{1} << 62, uint64_t{bytes.size()}, uint64_t{bytes.size()} - 10}) {
    EXPECT_EQ(changed(put(24, value)), ErrorCode::artifact_damaged) << "the component's offset " << value;
    EXPECT_EQ(changed(put(kHead, value)), ErrorCode::artifact_damaged) << "an image's offset " << value;
  }
  EXPECT_EQ(changed(put(32, ~uint64_t{0})), ErrorCode::artifact_damaged) << "the component's size";
  EXPECT_EQ(changed(put(24, 0)), ErrorCode::artifact_damaged) << "the component in the header";
  EXPECT_EQ(changed([](uint8_t* out) { std::memset(out + 24, 0, 16); }), ErrorCode::artifact_damaged)
      << "nothing, in the header";
  EXPECT_EQ(changed(put(kHead + 8, ~uint64_t{0} - 5)), ErrorCode::artifact_damaged) << "an image's size";
  EXPECT_EQ(changed(put(kHead + 8, 3)), ErrorCode::artifact_damaged) << "an image's size";
  EXPECT_EQ(changed([](uint8_t* out) { out[12] = out[13] = out[14] = out[15] = 0xff; }), ErrorCode::artifact_damaged);
  EXPECT_EQ(changed([](uint8_t* out) { out[8] = 9; }), ErrorCode::artifact_version);
  // One image in the place of another.
  EXPECT_EQ(changed([](uint8_t* out) { std::memcpy(out + kHead, out + kHead + 32, 16); }), ErrorCode::artifact_damaged);
}

}  // namespace
}  // namespace ashlar::native
