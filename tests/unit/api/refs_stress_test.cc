// References that the host holds, while the heap collects and moves as often as it can.
#include <gtest/gtest.h>

#include <vector>

#include "api/access.h"

namespace ashlar {
namespace {

struct Case {
  const char* name;
  runtime::GcStress stress;
};

class RefsStressTest : public testing::TestWithParam<Case> {
 protected:
  RefsStressTest() : store_(engine_), linker_(store_) {
    v0::detail::Access::state(store_)->store.heap().set_stress(GetParam().stress);
  }
  v0::Instance load(std::string_view text) {
    auto module = v0::Module::compile(engine_, text);
    EXPECT_TRUE(module) << module.error().to_string();
    auto instance = linker_.instantiate(*module);
    EXPECT_TRUE(instance) << instance.error().to_string();
    return *instance;
  }

  std::vector<v0::Value> kept_;
  v0::Engine engine_;
  v0::Store store_;
  v0::Linker linker_;
};

INSTANTIATE_TEST_SUITE_P(Often, RefsStressTest,
                         testing::Values(Case{"Minor", {1, 0, true}}, Case{"Major", {0, 1, true}},
                                         Case{"Both", {2, 5, true}}),
                         [](const auto& info) { return info.param.name; });

constexpr std::string_view kGuest = R"((module
  (type $node (struct (field (mut i32)) (field (mut (ref null $node))) (field (mut externref))))
  (import "env" "swap" (func $swap (param anyref externref i64 externref) (result externref anyref)))
  (import "env" "make" (func $make (param i32) (result externref)))
  (table $t (export "table") 16 externref)
  (global (export "start") externref (ref.null extern))
  (func $cons (export "cons") (param i32 anyref externref) (result anyref)
    (struct.new $node (local.get 0) (ref.cast (ref null $node) (local.get 1)) (local.get 2)))
  (func (export "sum") (param anyref) (result i32)
    (local $n (ref null $node)) (local $sum i32)
    (local.set $n (ref.cast (ref null $node) (local.get 0)))
    (loop $l
      (if (ref.is_null (local.get $n)) (then (return (local.get $sum))))
      (local.set $sum (i32.add (local.get $sum) (struct.get $node 0 (local.get $n))))
      (local.set $n (struct.get $node 1 (local.get $n)))
      (br $l))
    (unreachable))
  (func (export "ext") (param anyref) (result externref)
    (struct.get $node 2 (ref.cast (ref $node) (local.get 0))))
  ;; What the host gives for a node: the other way round, with a new object.
  (func (export "through") (param i32) (result externref anyref)
    (local $e externref)
    (local.set $e (call $make (local.get 0)))
    (call $swap (call $cons (local.get 0) (ref.null any) (local.get $e)) (local.get $e) (i64.const -1)
      (call $make (i32.const 77))))))";

TEST_P(RefsStressTest, ReferencesPassThroughHostFunctions) {
  const v0::FuncType swap{
      {v0::ValueType::externref(), v0::ValueType::externref(), v0::ValueType::i64(), v0::ValueType::externref()},
      {v0::ValueType::externref(), v0::ValueType::externref()}};
  v0::FuncType type = swap;
  type.params[0] = type.results[1] = v0::detail::Access::type(isa::ValType::anyref());
  linker_.func("env", "swap", type,
               [this](v0::Caller& caller, std::span<const v0::Value> args, std::span<v0::Value> results) -> v0::Status {
                 kept_.push_back(args[1]);
                 EXPECT_EQ(*args[3].external<int>(), 77);
                 auto made = v0::Value::external(caller, *args[1].external<int>() + 1);
                 if (!made) return std::unexpected(std::move(made).error());
                 results[0] = std::move(*made);
                 results[1] = args[0];
                 return {};
               });
  linker_.func("env", "make",
               [](v0::Caller& caller, int32_t id) { return v0::Externref::make(caller, static_cast<int>(id)); });
  v0::Instance m = load(kGuest);
  v0::Func through = *m.func("through");
  v0::Func cons = *m.func("cons");
  v0::Table table = *m.table("table");
  std::vector<v0::Value> nodes;
  v0::Value list = v0::Value::null_ref(type.params[0]);
  for (int i = 0; i < 30; ++i) {
    auto out = through.call({v0::Value::i32(i)});
    ASSERT_TRUE(out) << out.error().to_string();
    EXPECT_EQ(*(*out)[0].external<int>(), i + 1);
    ASSERT_TRUE(table.set(i % 16, (*out)[0]));
    nodes.push_back((*out)[1]);
    auto longer = cons.call({v0::Value::i32(i), list, kept_.back()});
    ASSERT_TRUE(longer) << longer.error().to_string();
    list = (*longer)[0];
  }
  store_.collect_garbage();
  for (int i = 0; i < 30; ++i) {
    EXPECT_EQ(*kept_[i].external<int>(), i);
    auto ext = m.func("ext")->call({nodes[i]});
    ASSERT_TRUE(ext) << ext.error().to_string();
    EXPECT_EQ(*(*ext)[0].external<int>(), i);
    EXPECT_TRUE((*ext)[0].same_ref(kept_[i]));
  }
  for (int i = 16; i < 30; ++i) EXPECT_EQ(*table.get(i % 16)->external<int>(), i + 1);
  auto sum = m.func("sum")->call({list});
  ASSERT_TRUE(sum) << sum.error().to_string();
  EXPECT_EQ((*sum)[0].as_i32(), 29 * 30 / 2);
}

TEST_P(RefsStressTest, ManyParametersAndResults) {
  // More than fit into the registers and buffers of a call.
  std::string params;
  std::string gets;
  for (int i = 0; i < 40; ++i) {
    params += " externref";
    gets += " (local.get " + std::to_string(39 - i) + ")";
  }
  v0::FuncType type;
  type.params.assign(40, v0::ValueType::externref());
  type.results = type.params;
  linker_.func("env", "all", type,
               [](v0::Caller& caller, std::span<const v0::Value> args, std::span<v0::Value> results) -> v0::Status {
                 for (size_t i = 0; i < args.size(); ++i) {
                   auto made = v0::Value::external(caller, *args[i].external<int>() + 100);
                   if (!made) return std::unexpected(std::move(made).error());
                   results[i] = *made;
                 }
                 return {};
               });
  v0::Instance m =
      load("(module (import \"env\" \"all\" (func $all (param" + params + ") (result" + params +
           "))) (func (export \"run\") (param" + params + ") (result" + params + ") (call $all" + gets + ")))");
  std::vector<v0::Value> args;
  for (int i = 0; i < 40; ++i) args.push_back(*v0::Value::external(store_, i));
  auto out = m.func("run")->call(args);
  ASSERT_TRUE(out) << out.error().to_string();
  store_.collect_garbage();
  for (int i = 0; i < 40; ++i) EXPECT_EQ(*(*out)[i].external<int>(), 139 - i);
}

}  // namespace
}  // namespace ashlar
