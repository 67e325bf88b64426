// The driver: what is compiled and what is left out, and that the same input gives the same bytes.
#include "optimizing/compile.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "api/load.h"
#include "native/image.h"
#include "optimizing/unsupported.h"
#include "support/module_bytes.h"

namespace ashlar::optimizing {
namespace {

std::vector<uint8_t> binary_of(const std::string& text) {
  auto source = api::assemble({reinterpret_cast<const uint8_t*>(text.data()), text.size()}, nullptr);
  EXPECT_TRUE(source) << source.error().render();
  return {source->bytes.begin(), source->bytes.end()};
}

std::unique_ptr<module::Module> module_of(const std::string& text) {
  auto m = test::load(binary_of(text));
  EXPECT_TRUE(m) << m.error().render();
  return std::move(*m);
}

std::shared_ptr<native::Image> image_of(const module::Module& m, const CompileOptions& options) {
  auto bytes = compile(m, options);
  EXPECT_TRUE(bytes) << bytes.error().render();
  auto image = native::Image::load(*bytes, native::Image::Trust::Verify);
  EXPECT_TRUE(image) << image.error().render();
  return *image;
}

/// Many functions that call each other: enough code for several parts.
std::string large_module(int functions) {
  std::string out = "(module (memory 1)\n";
  for (int i = 0; i < functions; ++i) {
    const std::string n = std::to_string(i), next = std::to_string((i + 1) % functions);
    out += "(func $f" + n + " (param i32 i64) (result i64) (local f64)\n";
    for (int k = 0; k < 12; ++k) {
      const std::string offset = std::to_string(16 * k + i % 8);
      out += "(i64.store offset=" + offset + " (local.get 0) (i64.mul (local.get 1) (i64.const " + n + "7)))\n" +
             "(local.set 1 (i64.rotl (local.get 1) (i64.load offset=" + offset + " (local.get 0))))\n";
    }
    out += "(local.set 2 (f64.convert_i64_s (local.get 1)))\n";
    out += "(if (result i64) (i32.eqz (local.get 0)) (then (i64.trunc_sat_f64_s (local.get 2)))\n";
    out += "(else (call $f" + next + " (i32.sub (local.get 0) (i32.const 1)) (local.get 1)))))\n";
  }
  return out + ")";
}

TEST(Compile, the_number_of_threads_changes_nothing) {
  const auto m = module_of(large_module(1400));
  ASSERT_GT(m->bytes.size(), 3u * (96 << 10)) << "one part only: this says nothing of threads";
  CompileOptions options;
  options.level = OptLevel::O1;
  options.cpu = "generic";
  options.threads = 1;
  const auto alone = compile(*m, options);
  ASSERT_TRUE(alone) << alone.error().render();
  options.threads = 2;
  const auto together = compile(*m, options);
  ASSERT_TRUE(together);
  EXPECT_TRUE(*alone == *together);
}

constexpr const char* kMixed = R"((module
  (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
  (func (export "both") (param i32) (result i32) (call 0 (call 2 (local.get 0)) (i32.const 1)))
  (func (export "sub") (param i32) (result i32) (i32.sub (local.get 0) (i32.const 3)))))";

TEST(Compile, what_is_unsupported_is_left_out) {
  const auto m = module_of(kMixed);
  CompileOptions options;
  auto image = image_of(*m, options);
  for (uint32_t i = 0; i < 3; ++i) EXPECT_NE(image->entry(i), nullptr);
  options.pretend_unsupported = "i32.add,br_table";
  image = image_of(*m, options);
  EXPECT_EQ(image->entry(0), nullptr);
  EXPECT_NE(image->entry(1), nullptr);
  EXPECT_NE(image->entry(2), nullptr);
  options.only = {0, 2};
  image = image_of(*m, options);
  EXPECT_EQ(image->entry(1), nullptr);
  EXPECT_NE(image->entry(2), nullptr);
  options.pretend_unsupported = "local.get";
  image = image_of(*m, options);
  for (uint32_t i = 0; i < 3; ++i) EXPECT_EQ(image->entry(i), nullptr);
}

TEST(Compile, unknown_instructions_are_named) {
  EXPECT_TRUE(read_op_list("")->none());
  EXPECT_EQ(read_op_list("i32.add,f64.sqrt")->count(), 2u);
  const auto list = read_op_list("i32.add,i32.plus");
  ASSERT_FALSE(list);
  EXPECT_NE(list.error().message().find("i32.plus"), std::string::npos) << list.error().message();
}

TEST(Compile, all_places_change_no_code) {
  const auto m = module_of(R"((module (memory 1) (func (export "f") (param i32 i32) (result i32)
    (i32.add (i32.load (local.get 0)) (i32.mul (i32.load offset=4 (local.get 0)) (i32.div_u (local.get 1) (i32.const 7)))))
    (func (export "g") (param i32) (result i32) (i32.xor (call 0 (local.get 0) (local.get 0)) (i32.const 12345)))))");
  for (const OptLevel level : {OptLevel::O0, OptLevel::O2}) {
    CompileOptions options;
    options.level = level;
    const auto few = image_of(*m, options);
    options.all_places = true;
    const auto all = image_of(*m, options);
    ASSERT_EQ(few->text_size(), all->text_size());
    EXPECT_TRUE(std::equal(few->code(), few->code() + few->text_size(), all->code()));
    size_t few_places = 0;
    size_t all_places = 0;
    for (size_t i = 0; i < few->frames().size(); ++i) {
      const auto places = all->places(all->frames()[i]);
      all_places += places.size();
      for (const native::Place& place : few->places(few->frames()[i])) {
        ++few_places;
        const bool there = std::ranges::any_of(places, [&](const native::Place& other) {
          return other.at == place.at && other.call == place.call && other.wasm == place.wasm;
        });
        EXPECT_TRUE(there) << "the place of " << place.wasm << " at " << place.at;
      }
    }
    EXPECT_GT(all_places, few_places);
  }
}

TEST(Compile, can_be_cancelled) {
  const auto m = module_of(kMixed);
  const std::atomic<bool> cancel = true;
  CompileOptions options;
  options.cancel = &cancel;
  const auto bytes = compile(*m, options);
  ASSERT_FALSE(bytes);
  EXPECT_EQ(bytes.error().code(), ErrorCode::cancelled);
}

}  // namespace
}  // namespace ashlar::optimizing
