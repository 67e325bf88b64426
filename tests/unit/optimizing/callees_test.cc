// Which functions a field may hold, and which return at once.
#include "optimizing/callees.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "api/load.h"
#include "support/module_bytes.h"

namespace ashlar::optimizing {
namespace {

using module::FuncIdx;

class CalleesTest : public testing::Test {
 protected:
  void load(const std::string& text) {
    auto source = api::assemble({reinterpret_cast<const uint8_t*>(text.data()), text.size()}, nullptr);
    ASSERT_TRUE(source) << source.error().render();
    bytes_.assign(source->bytes.begin(), source->bytes.end());
    auto m = test::load(bytes_);
    ASSERT_TRUE(m) << m.error().render();
    module_ = std::move(*m);
  }
  std::vector<FuncIdx> field(module::TypeIdx type, uint32_t field) const {
    const Callees callees(*module_);
    const auto found = callees.of_field(type, field);
    return {found.begin(), found.end()};
  }
  std::vector<FuncIdx> type(module::TypeIdx type) const {
    const Callees callees(*module_);
    const auto found = callees.of_type(type);
    return {found.begin(), found.end()};
  }
  std::optional<module::GlobalIdx> flag(FuncIdx f) const { return done_flag(*module_, f, isa::Features::all()); }

  std::vector<uint8_t> bytes_;
  std::unique_ptr<module::Module> module_;
};

constexpr const char* kTables = R"((module
  (type $f (func))
  (type $base (sub (struct (field (ref null $f)) (field (ref null $f)))))
  (type $derived (sub $base (struct (field (ref null $f)) (field (ref null $f)) (field i32) (field (ref null $base)))))
  (type $other (struct (field i32) (field (ref $f))))
  (func $0) (func $1) (func $2) (func $3) (func $4) (func $5)
  (global (ref $base) (struct.new $base (ref.func $0) (ref.func $2)))
  (global (ref $base) (struct.new $base (ref.func $1) (ref.func $3)))
  ;; One in another.
  (global (ref $derived) (struct.new $derived (ref.func $1) (ref.func $4) (i32.const 1)
    (struct.new $base (ref.null $f) (ref.func $5))))
  (global (ref $base) (struct.new $base (ref.null $f) (ref.func $0)))
  (global (ref $other) (struct.new $other (i32.add (i32.const 1) (i32.const 2)) (ref.func $5)))))";

TEST_F(CalleesTest, SubtypesCountAndTheMostFrequentComesFirst) {
  load(kTables);
  EXPECT_EQ(field(1, 0), (std::vector<FuncIdx>{1, 0}));
  EXPECT_EQ(field(2, 0), (std::vector<FuncIdx>{1}));
  EXPECT_EQ(field(2, 1), (std::vector<FuncIdx>{4}));
  EXPECT_EQ(field(3, 1), (std::vector<FuncIdx>{5}));
  EXPECT_EQ(field(3, 0), std::vector<FuncIdx>{});
}

TEST_F(CalleesTest, TooManyAreNone) {
  load(kTables);
  EXPECT_EQ(field(1, 1), std::vector<FuncIdx>{});  // five
  EXPECT_EQ(type(0), std::vector<FuncIdx>{});      // six
}

TEST_F(CalleesTest, LazyInitializersAreFound) {
  load(R"((module
    (global $g (mut i32) (i32.const 0)) (global $long (mut i64) (i64.const 0)) (global $h (mut i32) (i32.const 0))
    (func (local i32 i64) (if (global.get $h) (then (return))) (global.set $h (i32.const 1)))
    (func (if (global.get $h) (then) (else (block (loop (global.set $h (i32.const 1)))))))
    (func (if (global.get $h) (then) (else (global.set $h (i32.const 1)))) (nop))
    (func (if (global.get $h) (then (global.set $g (i32.const 1)) (return))))
    (func (if (i32.wrap_i64 (global.get $long)) (then (return))))
    (func (param i32) (if (global.get $h) (then (return))))
    (func (result i32) (if (global.get $h) (then (return (i32.const 1)))) (i32.const 2))
    (func)
  ))");
  EXPECT_EQ(flag(0), 2u);
  EXPECT_EQ(flag(1), 2u);
  for (FuncIdx f = 2; f < 8; ++f) EXPECT_EQ(flag(f), std::nullopt) << f;
}

}  // namespace
}  // namespace ashlar::optimizing
