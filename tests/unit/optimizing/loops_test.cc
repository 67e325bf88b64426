// Loops and recursion: what the optimizer makes of them. That the results are right is for tests/wast and the fuzzers.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "api/load.h"
#include "optimizing/compile.h"
#include "support/module_bytes.h"

namespace ashlar::optimizing {
namespace {

std::string fail(const Error& error) {
  ADD_FAILURE() << error.render();
  return {};
}

/// LLVM's code for the module, optimized for a processor with 256-bit vectors.
std::string optimized(const std::string& text, OptLevel level = OptLevel::O2, bool explicit_bounds = false) {
  auto source = api::assemble({reinterpret_cast<const uint8_t*>(text.data()), text.size()}, nullptr);
  if (!source) return fail(source.error());
  auto m = test::load(std::vector<uint8_t>(source->bytes.begin(), source->bytes.end()));
  if (!m) return fail(m.error());
  CompileOptions options;
  options.arch = "x86_64";
  options.cpu = "x86-64-v3";
  options.level = level;
  options.explicit_bounds = explicit_bounds;
  options.emit_ir = true;
  auto ir = compile(**m, options);
  if (!ir) return fail(ir.error());
  EXPECT_GT(ir->size(), 200u);
  return std::string(ir->begin(), ir->end());
}

bool has(const std::string& ir, const char* what) { return ir.find(what) != std::string::npos; }

/// to[i] += from[i] for vectors, as a compiler of C leaves it.
std::string add_vectors(const std::string& memory, const std::string& between = "") {
  return "(module (memory " + memory + ") (func $f) (func (param $to i32) (param $from i32) (param $n i32)\n" +
         "(loop $next\n" + between +
         R"((v128.store (local.get $to) (f32x4.add (v128.load (local.get $to)) (v128.load (local.get $from))))
            (local.set $to (i32.add (local.get $to) (i32.const 16)))
            (local.set $from (i32.add (local.get $from) (i32.const 16)))
            (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))))";
}

TEST(Loops, vectors_join_behind_one_check) {
  const std::string ir = optimized(add_vectors("1"));
  EXPECT_TRUE(has(ir, ".stepwise")) << "the loop is not doubled";
  EXPECT_TRUE(has(ir, "fadd <8 x float>")) << "its vectors are not joined";
}

TEST(Loops, memories_that_others_see_or_without_guard_are_left_alone) {
  EXPECT_FALSE(has(optimized(add_vectors("1 2 shared")), ".stepwise"));
  EXPECT_FALSE(has(optimized(add_vectors("1"), OptLevel::O2, true), ".stepwise"));
}

TEST(Loops, the_lower_level_does_without) { EXPECT_FALSE(has(optimized(add_vectors("1"), OptLevel::O1), ".stepwise")); }

TEST(Loops, stores_stay_as_they_are_beside_what_can_trap) {
  const std::string ir =
      optimized(add_vectors("1", "(drop (i32.div_u (local.get $n) (i32.load (i32.load (local.get $n)))))\n"));
  EXPECT_FALSE(has(ir, "fadd <8 x float>"));
  EXPECT_FALSE(has(ir, "store <")) << "a store that is not volatile could be seen to be missing after a trap";
}

TEST(Loops, known_ranges_need_no_check) {
  const std::string text = R"((module (memory 1) (func (local $i i32)
    (loop $next
      (f64.store (local.get $i) (f64.mul (f64.load offset=4096 (local.get $i)) (f64.const 3)))
      (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 8))) (i32.const 1024)))))))";
  const std::string ir = optimized(text);
  EXPECT_FALSE(has(ir, ".stepwise"));
  EXPECT_FALSE(has(ir, "load volatile"));
  EXPECT_TRUE(has(ir, "fmul <4 x double>"));
  std::string edge = text;
  edge.replace(edge.find("4096"), 4, "64513");  // the last one ends a byte behind the memory
  EXPECT_TRUE(has(optimized(edge), "load volatile"));
}

constexpr const char* kFib = R"((module (func $fib (param i32) (result i32)
  (if (result i32) (i32.lt_u (local.get 0) (i32.const 2)) (then (local.get 0))
  (else (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1)))
                 (call $fib (i32.sub (local.get 0) (i32.const 2)))))))))";

TEST(Recursion, is_inlined_once) {
  const auto calls = [](const std::string& ir) {
    size_t count = 0;
    for (size_t at = ir.find("call i32 @f0("); at != std::string::npos; at = ir.find("call i32 @f0(", at + 1)) ++count;
    return count;
  };
  EXPECT_EQ(calls(optimized(kFib, OptLevel::O1)), 2u);
  EXPECT_EQ(calls(optimized(kFib)), 4u);
}

}  // namespace
}  // namespace ashlar::optimizing
