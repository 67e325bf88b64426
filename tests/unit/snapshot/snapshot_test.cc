// What is written of instances: runs of bytes and elements, segments, custom sections, limits.
#include "snapshot/snapshot.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "binary/decode.h"
#include "interp/interp.h"
#include "snapshot/contents.h"
#include "support/module_bytes.h"
#include "text/parse.h"

namespace ashlar::snapshot {
namespace {

using test::Bytes;

/// A module that runs.
struct Snapshots : testing::Test {
  static runtime::Config config() {
    runtime::Config out;
    out.features = isa::Features::all();
    return out;
  }
  std::shared_ptr<runtime::Engine> engine = std::make_shared<runtime::Engine>(config(), interp::tier());
  runtime::Store store{engine};
  runtime::Instance* instance = nullptr;
  Bytes bytes;

  void begin(Bytes module) {
    bytes = std::move(module);
    auto m = binary::decode(bytes, {.features = isa::Features::all(), .limits = {}});
    ASSERT_TRUE(m) << m.error().message();
    validate::ValidateOptions options;
    options.features = isa::Features::all();
    ASSERT_TRUE(validate::validate(**m, engine->types(), options));
    auto made = store.instantiate(std::make_shared<runtime::CompiledModule>(engine, std::move(*m)), {});
    ASSERT_TRUE(made) << made.error().message();
    instance = *made;
  }
  void begin(std::string_view text) {
    text::ParseOptions options;
    options.debug_names = true;
    auto binary = text::parse_to_binary(text, options);
    ASSERT_TRUE(binary) << binary.error().message();
    begin(std::move(*binary));
  }

  Result<Bytes> take(Options options = {}) {
    options.features = isa::Features::all();
    const Part part{instance, bytes, ""};
    TRY_ASSIGN(auto out, write(std::span(&part, 1), options));
    return std::move(out[0]);
  }
  std::unique_ptr<module::Module> taken(Options options = {}) {
    auto out = take(std::move(options));
    EXPECT_TRUE(out) << out.error().message();
    if (!out) return nullptr;
    auto m = test::load(*out, isa::Features::all());
    EXPECT_TRUE(m) << m.error().message();
    return m ? std::move(*m) : nullptr;
  }
};

std::vector<std::pair<uint64_t, uint64_t>> runs_of(const Bytes& memory, size_t most = 1000) {
  std::vector<std::pair<uint64_t, uint64_t>> out;
  for (const DataRun& run : data_runs(memory, most)) out.emplace_back(run.at, run.size);
  return out;
}

TEST(DataRuns, BeginAndEndAtBytesThatAreNotZero) {
  Bytes memory(1003);
  EXPECT_TRUE(runs_of(memory).empty());
  EXPECT_TRUE(runs_of({}).empty());
  memory[13] = memory[17] = memory[500] = memory[1002] = 1;
  EXPECT_EQ(runs_of(memory), (std::vector<std::pair<uint64_t, uint64_t>>{{13, 5}, {500, 1}, {1002, 1}}));
}

TEST(DataRuns, FewZerosSeparateNothing) {
  Bytes memory(200);
  memory[0] = memory[33] = memory[67] = 1;  // 32 zeros, and 33
  EXPECT_EQ(runs_of(memory), (std::vector<std::pair<uint64_t, uint64_t>>{{0, 34}, {67, 1}}));
}

TEST(DataRuns, AreNoMoreThanAsked) {
  Bytes memory(100 * 200);
  for (size_t i = 0; i < 200; ++i) memory[100 * i] = 1;
  memory[100 * 100 + 50] = 1;
  EXPECT_EQ(runs_of(memory).size(), 201u);
  EXPECT_EQ(runs_of(memory, 200).size(), 199u);  // the smallest gaps go first
  memory.resize(memory.size() + 1000);
  memory.back() = 1;
  EXPECT_EQ(runs_of(memory, 100), (std::vector<std::pair<uint64_t, uint64_t>>{{0, 19901}, {20999, 1}}));
  EXPECT_EQ(runs_of(memory, 1).size(), 1u);
}

TEST_F(Snapshots, ElementsWithNullsBetweenThemAreOneSegment) {
  begin(
      "(module (table 100 funcref) (func $f) (elem (i32.const 2) func $f) (elem (i32.const 10) func $f $f)"
      " (elem (i32.const 50) func $f))");
  const auto m = taken();
  ASSERT_EQ(m->elems.size(), 2u);
  EXPECT_EQ(m->elems[0].exprs.size(), 10u);
  EXPECT_EQ(m->elems[1].funcs.size(), 1u);
}

TEST_F(Snapshots, FunctionsThatOnlyBodiesNameStayDeclared) {
  begin(
      "(module (table 1 funcref) (func $f) (func $g) (elem (i32.const 0) func $f)"
      " (func (export \"x\") (table.set (i32.const 0) (ref.func $f)) (drop (ref.func $g))) (elem declare func $g))");
  runtime::Table& table = *instance->ctx.tables[0];
  table.set(0, 0);
  const auto m = taken();
  ASSERT_EQ(m->elems.size(), 1u);
  EXPECT_EQ(m->elems[0].mode, module::SegmentMode::Declared);
  EXPECT_EQ(m->elems[0].funcs.size(), 2u);
}

TEST_F(Snapshots, DataCountStaysOnlyWhereBodiesNeedIt) {
  begin("(module (memory 1) (data \"abc\") (data (i32.const 5) \"x\") (func (data.drop 0)))");
  const auto kept = taken();
  EXPECT_EQ(kept->data_count, 2u);
  EXPECT_EQ(kept->datas[0].bytes_size, 3u);
  begin("(module (memory 1) (data \"abc\") (data (i32.const 5) \"x\"))");
  const auto gone = taken();
  EXPECT_FALSE(gone->data_count.has_value());
  EXPECT_EQ(gone->datas.size(), 1u);
}

TEST_F(Snapshots, LimitsOfMemoriesAndTablesStay) {
  begin("(module (memory 1 7) (table 2 9 funcref) (memory i64 1 (pagesize 1)))");
  ASSERT_EQ(store.memory_grow(*instance->ctx.memories[0], 3), 1);
  ASSERT_EQ(store.table_grow(*instance->ctx.tables[0], 2, 0), 2);
  instance->ctx.memories[1]->base()[0] = 9;
  const auto m = taken();
  EXPECT_EQ(m->memories[0].type.limits.min, 4u);
  EXPECT_EQ(m->memories[0].type.limits.max, 7u);
  EXPECT_EQ(m->tables[0].type.limits.min, 4u);
  EXPECT_EQ(m->tables[0].type.limits.max, 9u);
  ASSERT_EQ(m->datas.size(), 1u);
  EXPECT_EQ(m->datas[0].memory, 1u);
}

TEST_F(Snapshots, AFunctionOfAnotherModuleHasNoName) {
  begin("(module (func (export \"f\")))");
  runtime::FuncCell* foreign = instance->func_cell(0);
  begin("(module (table 3 funcref))");
  instance->ctx.tables[0]->set(1, runtime::from_func(foreign));
  const auto out = take();
  ASSERT_FALSE(out);
  EXPECT_EQ(out.error().message(),
            "no snapshot: table 0 holds a function that no module with this table has, at element 1");
  begin("(module (global $held (mut funcref) (ref.null func)))");
  *instance->ctx.globals[0] = runtime::from_func(foreign);
  const auto global = take();
  ASSERT_FALSE(global);
  EXPECT_EQ(global.error().message(), "no snapshot: global 0 ($held) holds a function that its module does not have");
}

TEST_F(Snapshots, ExportsAreLeftOutAndRenamed) {
  begin("(module (func (export \"a\")) (func (export \"b\") unreachable) (func (export \"c\")))");
  Options options;
  options.without = {"c"};
  options.renamed = {{"b", "a"}};
  const auto m = taken(options);
  ASSERT_EQ(m->exports.size(), 1u);
  EXPECT_EQ(m->exports[0].name, "b");
  EXPECT_EQ(m->exports[0].index, 0u);
  options.renamed = {{"c", "a"}};
  const auto taken_name = taken(options);
  ASSERT_EQ(taken_name->exports.size(), 2u);
  EXPECT_EQ(taken_name->exports[0].name, "c") << "what has the name of another that is left out";
  EXPECT_EQ(taken_name->exports[0].index, 0u);
  options.renamed = {{"b", "x"}};
  EXPECT_FALSE(take(options));
}

TEST_F(Snapshots, ObjectsOfSegmentsAreRefused) {
  const std::string module =
      "(module (type $s (struct (field (mut i32)))) (table 1 (ref null $s)) (elem $e (ref null $s) (item %))"
      " (func (export \"use\") (table.init $e (i32.const 0) (i32.const 0) (i32.const 1))))";
  const auto with = [&](std::string_view item) {
    std::string out = module;
    return out.replace(out.find('%'), 1, item);
  };
  begin(with("(ref.null $s)"));
  EXPECT_TRUE(take());
  begin(with("(struct.new $s (i32.const 1))"));
  const auto refused = take();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::snapshot_refused);
}

/// A module with DWARF, whose one body has its size in `size`.
Bytes with_dwarf(const Bytes& size) {
  Bytes code{1};
  code.insert(code.end(), size.begin(), size.end());
  code.insert(code.end(), {0, 0x0b});
  return test::ModuleBytes()
      .section(1, {1, 0x60, 0, 0})
      .section(3, {1, 0})
      .section(10, code)
      .custom(".debug_line", {1, 2, 3})
      .custom("linking", {2})
      .custom("producers", {0})
      .get();
}

std::vector<std::string> customs(const module::Module& m) {
  std::vector<std::string> out;
  for (const module::CustomSection& custom : m.customs) out.emplace_back(custom.name);
  return out;
}

TEST_F(Snapshots, DwarfStaysWhereCodeKeepsItsPlaces) {
  begin(with_dwarf({2}));
  EXPECT_EQ(customs(*taken()), (std::vector<std::string>{".debug_line", "producers"}));
  begin(with_dwarf({0x82, 0x80, 0x00}));
  EXPECT_EQ(customs(*taken()), (std::vector<std::string>{"producers"}));
}

TEST_F(Snapshots, NamesOfSegmentsGo) {
  begin("(module $m (memory 1) (data $d (i32.const 0) \"x\") (func $f (param $p i32)))");
  const auto m = taken();
  EXPECT_EQ(m->names.module, "m");
  EXPECT_EQ(m->names.funcs.size(), 1u);
  EXPECT_EQ(m->names.locals.size(), 1u);
  EXPECT_TRUE(m->names.datas.empty());
}

TEST_F(Snapshots, MoreBytesThanEnginesTakeAreALimit) {
  begin("(module (memory 3))");
  std::fill_n(instance->ctx.mem0->base(), instance->ctx.mem0->byte_size(), uint8_t{1});
  Options options;
  options.limits.module_bytes = 100'000;
  const auto out = take(options);
  ASSERT_FALSE(out);
  EXPECT_EQ(out.error().code(), ErrorCode::module_limit);
}

}  // namespace
}  // namespace ashlar::snapshot
