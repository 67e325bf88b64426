// Execution tests: text modules, run once for each memory configuration, with and without fuel.
#pragma once

#include <gtest/gtest.h>

#include <bit>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "api/load.h"
#include "binary/body_reader.h"
#include "interp/interp.h"
#include "runtime/linker.h"
#include "runtime/store.h"

namespace ashlar::interp::test {

using isa::Op;
using isa::ValType;
using runtime::Caller;
using runtime::Instance;
using runtime::Slot;
using runtime::Value;

struct Configuration {
  runtime::BoundsChecks bounds_checks;
  bool fuel;
};

inline Value i32(uint32_t v) { return {ValType::i32(), v}; }
inline Value i64(uint64_t v) { return {ValType::i64(), v}; }
inline Value f32(float v) { return {ValType::f32(), std::bit_cast<uint32_t>(v)}; }
inline Value f64(double v) { return {ValType::f64(), std::bit_cast<uint64_t>(v)}; }
inline Value v128(uint64_t lo, uint64_t hi) { return {ValType::v128(), lo, hi}; }

/// How a call ended: its results, or its error.
struct Outcome {
  std::vector<Value> results;
  Status status;

  bool ok() const { return status.has_value(); }
  /// The error's id ("unreachable"), or "" after success.
  std::string error() const { return ok() ? "" : std::string(error_info(status.error().code()).id); }
  std::string notes() const { return ok() ? "" : status.error().notes(); }
};

/// One line of a backtrace.
struct Line {
  uint64_t offset;
  std::string name;  ///< "module!function"
  bool operator==(const Line&) const = default;
};

inline std::ostream& operator<<(std::ostream& out, const Line& line) { return out << line.offset << ' ' << line.name; }

inline std::vector<Line> parse_backtrace(const std::string& notes) {
  std::vector<Line> out;
  for (size_t at = notes.find('\n'); at != notes.npos; at = notes.find('\n', at + 1)) {
    const std::string line = notes.substr(at + 1, notes.find('\n', at + 1) - at - 1);
    const size_t colon = line.find(": "), dash = line.find(" - ");
    if (colon == line.npos || dash == line.npos) continue;
    out.push_back({std::strtoull(line.c_str() + colon + 2, nullptr, 16), line.substr(dash + 3)});
  }
  return out;
}

/// An engine of one configuration, a store, a linker; modules are written as text.
class ExeTest : public testing::TestWithParam<Configuration> {
 protected:
  static constexpr int64_t kPlenty = int64_t{1} << 50;

  void SetUp() override { reset({}); }

  /// A new engine and store.
  void reset(runtime::StoreLimits limits, bool lazy = false) {
    linker.reset();
    store.reset();
    runtime::Config config;
    config.bounds_checks = GetParam().bounds_checks;
    config.fuel = GetParam().fuel;
    config.lazy_validation = lazy;
    config.features = isa::Features::all();
    engine = std::make_shared<runtime::Engine>(config, interp::tier());
    new_store(limits);
  }
  void new_store(runtime::StoreLimits limits) {
    linker.reset();
    store = std::make_unique<runtime::Store>(engine, limits);
    store->fuel = kPlenty;
    linker = std::make_unique<runtime::Linker>(*store);
  }

  std::shared_ptr<runtime::CompiledModule> compile(std::string_view wat) {
    const auto* data = reinterpret_cast<const uint8_t*>(wat.data());
    auto source = api::assemble({data, wat.size()}, nullptr);
    if (!source) {
      ADD_FAILURE() << source.error().render();
      std::abort();
    }
    auto made = api::compile(engine, *source);
    if (!made) {
      ADD_FAILURE() << made.error().render();
      std::abort();
    }
    return *made;
  }
  /// Instantiates; with a name its exports can be imported from then on.
  Instance* load(std::string_view wat, const std::string& name = {}) {
    auto made = linker->instantiate(compile(wat));
    if (!made) {
      ADD_FAILURE() << made.error().render();
      std::abort();
    }
    if (!name.empty()) linker->define_instance(name, **made);
    return *made;
  }
  void host(const std::string& name, std::vector<ValType> params, std::vector<ValType> results,
            std::function<Status(Caller&, Slot*)> f) {
    linker->define_func("host", name, {std::move(params), std::move(results)}, {std::move(f), name});
  }

  static runtime::FuncCell* func(Instance* instance, std::string_view name) {
    runtime::Extern e{};
    if (!instance->find_export(name, &e) || e.kind != module::ExternKind::Func) {
      ADD_FAILURE() << "no function " << name;
      std::abort();
    }
    return e.func;
  }
  Outcome call(Instance* instance, std::string_view name, const std::vector<Value>& args = {}) {
    Outcome out;
    out.status = store->call(func(instance, name), args, out.results);
    return out;
  }
  /// The low half of the only result.
  uint64_t value(Instance* instance, std::string_view name, const std::vector<Value>& args = {}) {
    Outcome out = call(instance, name, args);
    if (!out.ok()) {
      ADD_FAILURE() << name << ": " << out.status.error().render();
      return 0xdead'dead'dead'dead;
    }
    EXPECT_EQ(out.results.size(), 1u);
    return out.results.empty() ? 0 : out.results[0].lo;
  }
  std::string error(Instance* instance, std::string_view name, const std::vector<Value>& args = {}) {
    return call(instance, name, args).error();
  }

  /// Offset in the module of the nth (from 0) `op` in function f.
  static uint64_t offset_of(Instance* instance, uint32_t f, Op op, int nth = 0) {
    binary::BodyReader reader(instance->module(), f, isa::Features::all());
    std::vector<binary::LocalGroup> locals;
    EXPECT_TRUE(binary::read_locals(reader, 0, 1'000'000, locals));
    binary::Imm imm;
    while (!reader.at_end()) {
      if (reader.next(imm) == op && nth-- == 0) return reader.op_pos();
    }
    ADD_FAILURE() << "no such instruction";
    return 0;
  }

  std::shared_ptr<runtime::Engine> engine;
  std::unique_ptr<runtime::Store> store;
  std::unique_ptr<runtime::Linker> linker;
};

inline std::string configuration_name(const testing::TestParamInfo<Configuration>& info) {
  const bool guard = info.param.bounds_checks == runtime::BoundsChecks::GuardPages;
  return std::string(guard ? "guard" : "explicit") + (info.param.fuel ? "_fuel" : "");
}

/// Registers every TEST_P of a suite for all configurations.
#define ASHLAR_ALL_CONFIGURATIONS(Suite)                                                            \
  INSTANTIATE_TEST_SUITE_P(Configurations, Suite,                                                   \
                           testing::Values(Configuration{runtime::BoundsChecks::GuardPages, false}, \
                                           Configuration{runtime::BoundsChecks::GuardPages, true},  \
                                           Configuration{runtime::BoundsChecks::Explicit, false},   \
                                           Configuration{runtime::BoundsChecks::Explicit, true}),   \
                           configuration_name)

}  // namespace ashlar::interp::test
