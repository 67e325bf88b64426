// Artifacts: what is written is read again, and nothing that is damaged is believed.
#include "native/image.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <random>

#include "native/image_format.h"
#include "os/cpu_extensions.h"

namespace ashlar::native {
namespace {

Arch this_arch() { return os::cpu_arch() == "aarch64" ? Arch::Aarch64 : Arch::X86_64; }

// Three functions of 64 bytes; the first has landing pads, the second places of inlined functions, the third neither.
ImageParts sample(std::span<const uint8_t> wasm) {
  ImageParts parts;
  parts.target = {this_arch(), "generic", ""};
  parts.config = {.explicit_bounds = true, .fuel = false, .features = 0x1234, .fuel_costs = "nop=0"};
  parts.wasm = wasm;
  parts.code.assign(20000, 0xcc);
#if defined(__x86_64__)
  const uint8_t return_42[] = {0xb8, 42, 0, 0, 0, 0xc3};
  std::copy(std::begin(return_42), std::end(return_42), parts.code.begin() + 64);
#endif
  parts.text_size = 192;
  parts.entries = {1, 0, 65, 129};
  for (uint32_t i = 0; i < 3; ++i) {
    parts.frames.push_back({.begin = 64 * i,
                            .end = 64 * (i + 1),
                            .func = 5 + i,
                            .stack_size = 32,
                            .saved = {-24, 0, -32, 0, 0, -16},
                            .pads = 0,
                            .pad_count = 0,
                            .places = 0,
                            .place_count = 0});
  }
  parts.pads = {{{5, 10, 40}, {10, 20, 50}}, {}, {}};
  parts.places = {{{.at = 3, .wasm = 1000, .inlined_at = {}},
                   {.at = 10, .wasm = 900, .inlined_at = {}, .call = true},
                   {.at = 10, .wasm = 905, .inlined_at = {}}},
                  {{.at = 70, .wasm = 2000, .inlined_at = {50, 7000000}},
                   {.at = 71, .wasm = 2010, .inlined_at = {50, 7000000}, .call = true},
                   {.at = 72, .wasm = 2012, .inlined_at = {}, .call = false, .frameless = true},
                   {.at = 100, .wasm = 2000, .inlined_at = {50, 7000000}, .call = false, .frameless = true},
                   {.at = 128, .wasm = 0, .inlined_at = {4000000000}, .call = true}},
                  {}};
  return parts;
}

std::vector<uint8_t> sample_bytes() {
  const std::vector<uint8_t> wasm = {0, 'a', 's', 'm', 1, 0, 0, 0, 9};
  return write_image(sample(wasm));
}

void expect_same(const Place& a, const Place& b) {
  EXPECT_EQ(a.at, b.at);
  EXPECT_EQ(a.wasm, b.wasm);
  EXPECT_EQ(a.inlined_at, b.inlined_at);
  EXPECT_EQ(a.call, b.call);
  EXPECT_EQ(a.frameless, b.frameless);
}

// Asks for everything; must not crash whatever the tables hold.
void ask_all(const Image& image) {
  for (uint32_t i = 0; i <= image.entry_count(); ++i) image.entry(i);
  for (uint32_t offset = 0; offset <= image.text_size(); ++offset) {
    const uint8_t* pc = image.code() + offset;
    for (bool returning : {false, true}) {
      const FrameRow* frame = image.find_frame(pc, returning);
      if (frame == nullptr) continue;
      image.find_pad(*frame, pc);
      image.find_place(*frame, pc, returning);
    }
  }
  for (const FrameRow& frame : image.frames()) image.places(frame);
  image.laid_out();
  image.funcs();
  image.elems();
}

TEST(Image, round_trip) {
  const std::vector<uint8_t> wasm = {0, 'a', 's', 'm', 1, 0, 0, 0, 9};
  const ImageParts parts = sample(wasm);
  auto loaded = Image::load(write_image(parts), Image::Trust::Verify);
  ASSERT_TRUE(loaded) << loaded.error().render();
  const Image& image = **loaded;
  EXPECT_EQ(image.target().cpu, "generic");
  EXPECT_EQ(image.target().arch, parts.target.arch);
  EXPECT_TRUE(image.config().explicit_bounds);
  EXPECT_FALSE(image.config().fuel);
  EXPECT_EQ(image.config().features, 0x1234u);
  EXPECT_EQ(image.config().fuel_costs, "nop=0");
  EXPECT_TRUE(std::ranges::equal(image.wasm(), wasm));
  EXPECT_EQ(image.text_size(), 192u);
  EXPECT_TRUE(image.funcs().empty());
  EXPECT_FALSE(image.laid_out());
  EXPECT_TRUE(std::equal(parts.code.begin(), parts.code.end(), image.code()));
  EXPECT_EQ(image.entry(0), image.code());
  EXPECT_EQ(image.entry(1), nullptr);
  EXPECT_EQ(image.entry(2), image.code() + 64);
  EXPECT_EQ(image.entry(4), nullptr);
  ASSERT_EQ(image.frames().size(), 3u);
  for (size_t i = 0; i < 3; ++i) {
    const FrameRow& frame = image.frames()[i];
    EXPECT_EQ(frame.func, 5 + i);
    EXPECT_EQ(frame.saved[2], -32);
    const std::vector<Place> places = image.places(frame);
    ASSERT_EQ(places.size(), parts.places[i].size());
    for (size_t k = 0; k < places.size(); ++k) expect_same(places[k], parts.places[i][k]);
  }
}

TEST(Image, addresses) {
  auto loaded = Image::load(sample_bytes(), Image::Trust::Verify);
  ASSERT_TRUE(loaded);
  const Image& image = **loaded;
  const uint8_t* code = image.code();
  const FrameRow* first = image.find_frame(code + 10);
  ASSERT_EQ(first, &image.frames()[0]);
  EXPECT_EQ(image.find_frame(code + 64), &image.frames()[1]);
  EXPECT_EQ(image.find_frame(code + 64, true), &image.frames()[0]);
  EXPECT_EQ(image.find_frame(code + 192), &image.frames()[2]);
  EXPECT_EQ(image.find_frame(code + 193), nullptr);
  EXPECT_EQ(image.find_pad(*first, code + 5), nullptr);
  EXPECT_EQ(image.find_pad(*first, code + 6), code + 40);
  EXPECT_EQ(image.find_pad(*first, code + 10), code + 40);
  EXPECT_EQ(image.find_pad(*first, code + 11), code + 50);
  EXPECT_EQ(image.find_pad(*first, code + 21), nullptr);
  EXPECT_EQ(image.find_place(*first, code + 10)->wasm, 905u);
  EXPECT_EQ(image.find_place(*first, code + 10, true)->wasm, 900u);
  EXPECT_EQ(image.find_place(*first, code + 3, true)->wasm, 1000u);
  EXPECT_FALSE(image.find_place(*first, code + 4));
  EXPECT_EQ(image.find_place(image.frames()[1], code + 128, true)->inlined_at.front(), 4000000000u);
}

TEST(Image, writing_is_deterministic) { EXPECT_EQ(sample_bytes(), sample_bytes()); }

TEST(Image, places_are_small) {
  ImageParts parts = sample({});
  parts.places[0].clear();
  const size_t before = write_image(parts).size();
  parts.code.resize(1 << 20);
  parts.text_size = 1 << 20;
  parts.frames.resize(1);
  parts.pads.resize(1);
  parts.frames[0].end = parts.text_size;
  parts.places.resize(1);
  for (uint32_t i = 0; i < 10000; ++i) parts.places[0].push_back({.at = 13 * i, .wasm = 9 * i, .inlined_at = {}});
  const size_t code = parts.code.size();
  EXPECT_LT(write_image(parts).size(), before + code + 10000 * 3);
}

TEST(Image, runs_and_is_found) {
#if defined(__x86_64__)
  auto loaded = Image::load(sample_bytes(), Image::Trust::Verify);
  ASSERT_TRUE(loaded);
  const void* entry = (*loaded)->entry(2);
  EXPECT_EQ(reinterpret_cast<int (*)()>(const_cast<void*>(entry))(), 42);
  EXPECT_EQ(find_image(entry), loaded->get());
  EXPECT_EQ(find_image((*loaded)->code() + 19000), nullptr);
  loaded->reset();
  EXPECT_EQ(find_image(entry), nullptr);
#endif
}

TEST(Image, many_are_found) {
  const std::vector<uint8_t> bytes = sample_bytes();
  std::vector<std::shared_ptr<Image>> images;
  for (int i = 0; i < 200; ++i) images.push_back(*Image::load(bytes, Image::Trust::Cache));
  for (size_t i = 0; i < images.size(); i += 3) images[i].reset();
  for (const auto& image : images) {
    if (image != nullptr) EXPECT_EQ(find_image(image->code() + 7), image.get());
  }
}

TEST(Image, opens_files) {
  char path[] = "/tmp/ashlar-image-XXXXXX";
  const int fd = mkstemp(path);
  ASSERT_GE(fd, 0);
  const std::vector<uint8_t> bytes = sample_bytes();
  ASSERT_EQ(write(fd, bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  for (Image::Trust trust : {Image::Trust::Verify, Image::Trust::Cache}) {
    auto opened = Image::open(path, trust);
    ASSERT_TRUE(opened) << opened.error().render();
    EXPECT_EQ(find_image((*opened)->entry(0)), opened->get());
    ask_all(**opened);
  }
  ASSERT_EQ(ftruncate(fd, 0), 0);
  auto opened = Image::open(path, Image::Trust::Cache);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code(), ErrorCode::not_an_artifact);
  close(fd);
  unlink(path);
  opened = Image::open(path, Image::Trust::Cache);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code(), ErrorCode::io_failed);
}

TEST(Image, every_truncation_is_refused) {
  const std::vector<uint8_t> bytes = sample_bytes();
  for (size_t size = 0; size < bytes.size(); ++size) {
    const auto part = std::span(bytes).first(size);
    auto loaded = Image::load(part, size % 2 == 0 ? Image::Trust::Verify : Image::Trust::Cache);
    ASSERT_FALSE(loaded) << size;
    ASSERT_EQ(loaded.error().code(), size < 8 ? ErrorCode::not_an_artifact : ErrorCode::artifact_truncated) << size;
  }
}

TEST(Image, changed_bytes_are_refused) {
  const std::vector<uint8_t> bytes = sample_bytes();
  for (size_t at = 0; at < bytes.size(); at = at < 1000 ? at + 1 : at + 37) {
    std::vector<uint8_t> changed = bytes;
    changed[at] ^= static_cast<uint8_t>(1 + at % 255);
    EXPECT_FALSE(Image::load(changed, Image::Trust::Verify)) << at;
  }
  std::vector<uint8_t> longer = bytes;
  longer.push_back(0);
  EXPECT_FALSE(Image::load(longer, Image::Trust::Cache));
}

// A cache's tables are believed when they are mapped: wrong ones must do no harm.
TEST(Image, wrong_tables_are_harmless) {
  const std::vector<uint8_t> bytes = sample_bytes();
  std::mt19937 random(1);
  for (int round = 0; round < 3000; ++round) {
    std::vector<uint8_t> changed = bytes;
    for (int i = 0; i < 4; ++i) changed[sizeof(Header) + random() % 900] = static_cast<uint8_t>(random());
    auto loaded = Image::load(changed, Image::Trust::Cache);
    if (loaded) ask_all(**loaded);
  }
}

// With hashes that are right, as whoever wants to do harm would have them.
TEST(Image, descriptions_of_modules_are_verified) {
  const std::vector<uint8_t> wasm(100);
  const auto load = [&](const auto& change) {
    ImageParts parts = sample(wasm);
    parts.funcs = {{.type = 0, .imported = 1}, {.type = 0, .imported = 0, .body_offset = 60, .body_size = 40}};
    parts.elems = {1, 0, 1};
    parts.data_laid_out = true;
    parts.data_segments = 3;
    parts.data.assign(8192, 7);
    parts.data_runs = {{65536, 0, 4096}, {0, 4096, 4096}};
    change(parts);
    return Image::load(write_image(parts), Image::Trust::Verify);
  };
  auto good = load([](ImageParts&) {});
  ASSERT_TRUE(good) << good.error().render();
  EXPECT_EQ((*good)->funcs().size(), 2u);
  EXPECT_EQ((*good)->funcs()[1].body_size, 40u);
  EXPECT_TRUE(std::ranges::equal((*good)->elems(), std::vector<module::FuncIdx>{1, 0, 1}));
  ASSERT_TRUE((*good)->laid_out());
  EXPECT_EQ((*good)->laid_out()->segments, 3u);
  EXPECT_EQ((*good)->laid_out()->file, -1);
  EXPECT_EQ((*good)->laid_out()->bytes[8191], 7);
  EXPECT_FALSE(load([](ImageParts& parts) { parts.funcs[1].body_size = 41; }));
  EXPECT_FALSE(load([](ImageParts& parts) { parts.funcs[1].body_offset = ~0u; }));
  EXPECT_FALSE(load([](ImageParts& parts) { parts.funcs[0].imported = 2; }));
  EXPECT_FALSE(load([](ImageParts& parts) { parts.elems[2] = 2; }));
  EXPECT_FALSE(load([](ImageParts& parts) { parts.data_runs[0].size = 8192 + 4096; }));
  EXPECT_FALSE(load([](ImageParts& parts) { parts.data_runs[1].offset = ~uint64_t{4095}; }));
  EXPECT_FALSE(load([](ImageParts& parts) { parts.data_runs[1].at = 1; }));
}

TEST(Image, foreign_files_are_named) {
  const auto error = [](std::string_view text) {
    const std::vector<uint8_t> bytes(text.begin(), text.end());
    return Image::load(bytes, Image::Trust::Verify).error().message();
  };
  using namespace std::string_view_literals;
  EXPECT_EQ(error(""), "not an Ashlar artifact: the file is empty");
  EXPECT_EQ(error("\0asm\1\0\0\0"sv), "not an Ashlar artifact: a WebAssembly module");
  EXPECT_EQ(error("(module)"), "not an Ashlar artifact: WebAssembly text");
  EXPECT_EQ(error("hi"), "not an Ashlar artifact: it begins with 68 69");
}

TEST(Image, other_machines_are_refused) {
  ImageParts parts = sample({});
  parts.target.features = "+no-such-thing";
  parts.target.cpu = "strange";
  auto loaded = Image::load(write_image(parts), Image::Trust::Verify);
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().code(), ErrorCode::artifact_processor);
  EXPECT_EQ(loaded.error().message(),
            "artifact for another processor: compiled for strange; this one has no no-such-thing");
  parts.target.arch = this_arch() == Arch::X86_64 ? Arch::Aarch64 : Arch::X86_64;
  loaded = Image::load(write_image(parts), Image::Trust::Verify);
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().code(), ErrorCode::artifact_arch);
}

TEST(Image, other_versions_are_refused) {
  std::vector<uint8_t> bytes = sample_bytes();
  bytes[8] = 99;
  auto loaded = Image::load(bytes, Image::Trust::Cache);
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().message(),
            "artifact of format 99; this Ashlar reads format " + std::to_string(kFormatVersion) + "; compile it again");
}

}  // namespace
}  // namespace ashlar::native
