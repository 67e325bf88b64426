// Tiers, the code cache and serialized modules, through the public headers alone.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

#include "ashlar/ashlar.h"
#include "support/dwarf_guest.h"

namespace {

namespace fs = std::filesystem;
using ashlar::ErrorKind;
using ashlar::Tier;
using ashlar::Trust;

constexpr std::string_view kFib = R"((module $fib
  (func $fib (export "fib") (param i32) (result i32)
    (if (i32.lt_s (local.get 0) (i32.const 2)) (then (return (local.get 0))))
    (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1))) (call $fib (i32.sub (local.get 0) (i32.const 2)))))
  (func (export "trap") (unreachable))))";

struct TiersTest : testing::Test {
  TiersTest() {
    std::string name = (fs::temp_directory_path() / "ashlar-tiers-XXXXXX").string();
    folder = ::mkdtemp(name.data());
  }
  ~TiersTest() override { fs::remove_all(folder); }

  void SetUp() override {
    const fs::path bin = fs::read_symlink("/proc/self/exe").parent_path();
    const bool built = fs::exists(bin.parent_path() / "lib" / "ashlar" / "ashlar-llvm");
    if (!built && std::getenv("ASHLAR_LLVM") == nullptr) GTEST_SKIP() << "there is no compiler in this build";
  }

  ashlar::Config config(Tier tier) const {
    ashlar::Config out;
    out.tier = tier;
    out.cache_folder = folder / "cache";
    return out;
  }
  size_t cached() const {
    if (!fs::exists(folder / "cache" / "code")) return 0;
    return static_cast<size_t>(std::distance(fs::directory_iterator(folder / "cache" / "code"), {}));
  }
  static int32_t fib(const ashlar::Engine& engine, const ashlar::Module& module, int32_t n) {
    ashlar::Store store(engine);
    ashlar::Linker linker(store);
    auto instance = linker.instantiate(module);
    if (!instance) return -1;
    auto out = instance->func<int32_t(int32_t)>("fib")->call(n);
    EXPECT_EQ(instance->func<void()>("trap")->call().error().id(), "unreachable");
    return out ? *out : -2;
  }

  fs::path folder;
};

/// How long fib(n) takes, in seconds: tells machine code from the interpreter.
double seconds(const ashlar::TypedFunc<int32_t(int32_t)>& fib, int32_t n) {
  const auto before = std::chrono::steady_clock::now();
  EXPECT_TRUE(fib.call(n));
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - before).count();
}

TEST_F(TiersTest, OptimizingRunsMachineCode) {
  ashlar::Engine engine(config(Tier::Optimizing));
  auto module = ashlar::Module::compile(engine, kFib);
  ASSERT_TRUE(module) << module.error().to_string();
  EXPECT_EQ(fib(engine, *module, 20), 6765);
  EXPECT_EQ(cached(), 1u);
  // From the cache, for another engine of the same settings; a level of its own is another artifact.
  ashlar::Engine second(config(Tier::Optimizing));
  EXPECT_EQ(fib(second, *ashlar::Module::compile(second, kFib), 20), 6765);
  EXPECT_EQ(cached(), 1u);
  ashlar::Config quick = config(Tier::Optimizing);
  quick.opt_level = ashlar::OptLevel::None;
  ashlar::Engine third(quick);
  EXPECT_EQ(fib(third, *ashlar::Module::compile(third, kFib), 20), 6765);
  EXPECT_EQ(cached(), 2u);
  ashlar::Config uncached = config(Tier::Optimizing);
  uncached.code_cache = false;
  uncached.fuel = true;
  ashlar::Engine fourth(uncached);
  auto counted = ashlar::Module::compile(fourth, kFib);
  ASSERT_TRUE(counted);
  EXPECT_EQ(cached(), 2u);
  ashlar::Store store(fourth);
  ashlar::Linker linker(store);
  store.set_fuel(1000);
  EXPECT_EQ(linker.instantiate(*counted)->func<int32_t(int32_t)>("fib")->call(30).error().id(), "out_of_fuel");
}

TEST_F(TiersTest, FilesThatTheCacheKnowsAreNotRead) {
  const fs::path file = folder / "fib.wat";
  std::ofstream(file) << kFib;
  fs::last_write_time(file, fs::file_time_type::clock::now() - std::chrono::hours(1));
  ashlar::Engine engine(config(Tier::Optimizing));
  for (int i = 0; i < 3; ++i) {
    auto module = ashlar::Module::from_file(engine, file.string());
    ASSERT_TRUE(module) << module.error().to_string();
    EXPECT_EQ(fib(engine, *module, 15), 610);
    EXPECT_EQ(module->exports().size(), 2u);
  }
  EXPECT_EQ(cached(), 1u);
}

TEST_F(TiersTest, AutoCompilesWhatIsHot) {
  ashlar::Engine engine(config(Tier::Auto));
  auto module = ashlar::Module::compile(engine, kFib);
  ASSERT_TRUE(module) << module.error().to_string();
  auto other =
      ashlar::Module::compile(engine, R"((module (func (export "n") (param i32) (result i32) (local.get 0))))");
  ASSERT_TRUE(other);
  // Stores come and go meanwhile; another module runs on the same thread.
  double interpreted = 1e9;
  double last = 1e9;
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  for (int i = 0; i < 3 || cached() == 0 || last > interpreted / 4; ++i) {
    ASSERT_LT(std::chrono::steady_clock::now(), give_up) << "still as slow as interpreted";
    ashlar::Store store(engine);
    ashlar::Linker linker(store);
    auto idle = linker.instantiate(*other);
    auto instance = linker.instantiate(*module);
    ASSERT_TRUE(instance && idle);
    EXPECT_EQ(idle->func<int32_t(int32_t)>("n")->call(i).value(), i);
    auto f = instance->func<int32_t(int32_t)>("fib");
    last = seconds(*f, 24);
    if (i < 3) interpreted = std::min(interpreted, last);
  }
}

TEST_F(TiersTest, AutoOnSeveralThreads) {
  ashlar::Config options = config(Tier::Auto);
  options.code_cache = false;
  ashlar::Engine engine(options);
  auto module = ashlar::Module::compile(engine, kFib);
  ASSERT_TRUE(module);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 20; ++i)
        EXPECT_EQ(fib(engine, *module, 18 + i % 3), i % 3 == 0 ? 2584 : i % 3 == 1 ? 4181 : 6765);
    });
  }
  for (std::thread& thread : threads) thread.join();
  // A store that moves to another thread than it is watched on, and ends there.
  auto store = std::make_unique<ashlar::Store>(engine);
  auto instance = ashlar::Linker(*store).instantiate(*module);
  EXPECT_EQ(instance->func<int32_t(int32_t)>("fib")->call(23).value(), 28657);
  std::thread([&] {
    EXPECT_EQ(instance->func<int32_t(int32_t)>("fib")->call(23).value(), 28657);
    store.reset();
  }).join();
}

TEST_F(TiersTest, SerializedModules) {
  ashlar::Engine engine(config(Tier::Optimizing));
  auto module = ashlar::Module::compile(engine, kFib);
  ASSERT_TRUE(module);
  auto bytes = module->serialize();
  ASSERT_TRUE(bytes) << bytes.error().to_string();
  const std::string file = (folder / "fib.cwasm").string();
  ASSERT_TRUE(module->serialize_to_file(file));
  EXPECT_EQ(fs::file_size(file), bytes->size());
  EXPECT_EQ(std::distance(fs::directory_iterator(folder), {}), 2) << "what was in the making is still there";
  for (Trust trust : {Trust::Verify, Trust::Known}) {
    for (Tier tier : {Tier::Optimizing, Tier::Auto}) {
      ashlar::Engine other(config(tier));
      auto from_bytes = ashlar::Module::deserialize(other, *bytes, trust);
      ASSERT_TRUE(from_bytes) << from_bytes.error().to_string();
      EXPECT_EQ(fib(other, *from_bytes, 20), 6765);
      EXPECT_EQ(*from_bytes->serialize(), *bytes);
      auto from_file = ashlar::Module::deserialize_file(other, file, trust);
      ASSERT_TRUE(from_file) << from_file.error().to_string();
      EXPECT_EQ(fib(other, *from_file, 20), 6765);
      EXPECT_EQ(from_file->exports()[0].name, "fib");
      ASSERT_TRUE(from_file->serialize_to_file(file)) << "onto itself";
    }
  }
  // Instances hand out the same module.
  ashlar::Store store(engine);
  auto instance = ashlar::Linker(store).instantiate(*module);
  EXPECT_EQ(*instance->module().serialize(), *bytes);
  // What is interpreted is compiled for that.
  ashlar::Engine interpreter(config(Tier::Interpreter));
  EXPECT_EQ(*ashlar::Module::compile(interpreter, kFib)->serialize(), *bytes);
}

TEST_F(TiersTest, KnownModulesThatAreBroken) {
  ashlar::Engine engine(config(Tier::Optimizing));
  auto bytes = ashlar::Module::compile(engine, kFib)->serialize();
  ASSERT_TRUE(bytes);
  // The module lies inside as it is. What its header says is not looked at when it is loaded.
  const std::string_view magic("\0asm", 4);
  const auto found = std::ranges::search(*bytes, magic);
  ASSERT_FALSE(found.empty());
  found[0] = 1;
  EXPECT_EQ(ashlar::Module::deserialize(engine, *bytes).error().id(), "artifact_damaged");
  auto known = ashlar::Module::deserialize(engine, *bytes, Trust::Known);
  ASSERT_TRUE(known) << known.error().to_string();
  EXPECT_TRUE(known->imports().empty() && known->exports().empty());
  EXPECT_EQ(known->name(), "");
  ashlar::Store store(engine);
  ashlar::Linker linker(store);
  const auto instance = linker.instantiate(*known);
  ASSERT_FALSE(instance);
  EXPECT_EQ(instance.error().kind(), ErrorKind::Malformed);
  EXPECT_FALSE(linker.prepare(*known));
  EXPECT_FALSE(linker.define_module("m", *known));
  EXPECT_FALSE(ashlar::ObjectType::at(*known, 0));
}

TEST_F(TiersTest, SourceLines) {
  for (const Tier tier : {Tier::Interpreter, Tier::Optimizing}) {
    ashlar::Engine engine(config(tier));
    auto module = ashlar::Module::compile(engine, kDwarfGuest);
    ASSERT_TRUE(module) << module.error().to_string();
    ashlar::Store store(engine);
    auto instance = ashlar::Linker(store).instantiate(*module);
    ASSERT_TRUE(instance) << instance.error().to_string();
    const auto trapped = instance->func<int32_t(int32_t)>("outer")->call(3);
    ASSERT_FALSE(trapped);
    const auto frames = trapped.error().frames();
    ASSERT_EQ(frames.size(), 1u);
    const uint64_t offsets[] = {~uint64_t{0}, frames[0].offset, 9, frames[0].offset};
    const auto lines = module->source_lines(offsets);
    ASSERT_TRUE(lines) << lines.error().to_string();
    ASSERT_EQ(lines->size(), 4u);
    EXPECT_TRUE((*lines)[0].empty() && (*lines)[2].empty());
    for (const size_t i : {1, 3}) {
      ASSERT_EQ((*lines)[i].size(), 2u);
      EXPECT_EQ((*lines)[i][0].function, "inner");
      EXPECT_EQ((*lines)[i][0].file, "/src/guest.c");
      EXPECT_EQ((*lines)[i][0].line, 2u);
      EXPECT_EQ((*lines)[i][1].function, "outer");
      EXPECT_EQ((*lines)[i][1].line, 6u);
    }
  }
  ashlar::Config without = config(Tier::Interpreter);
  without.compiler = "/nowhere";
  ashlar::Engine engine(without);
  const uint64_t offsets[] = {75};
  EXPECT_EQ(ashlar::Module::compile(engine, kDwarfGuest)->source_lines(offsets).error().id(), "compiler_missing");
  // Nothing is asked where there is nothing to be known.
  EXPECT_TRUE((*ashlar::Module::compile(engine, kFib)->source_lines(offsets))[0].empty());
}

/// Two components, one of which calls the other through an adapter, with a string.
constexpr std::string_view kComponent = R"((component
  (component $inner
    (core module $m
      (memory (export "memory") 1)
      (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))
      (func (export "length") (param i32 i32) (result i32) (local.get 1)))
    (core instance $i (instantiate $m))
    (func (export "length") (param "s" string) (result u32)
      (canon lift (core func $i "length") (memory $i "memory") (realloc (func $i "realloc")))))
  (component $outer
    (import "length" (func $length (param "s" string) (result u32)))
    (core module $mem (memory (export "memory") 1) (data (i32.const 16) "hello"))
    (core instance $mem (instantiate $mem))
    (core func $lowered (canon lower (func $length) (memory $mem "memory")))
    (core module $m
      (import "" "length" (func $length (param i32 i32) (result i32)))
      (func (export "run") (param i32) (result i32)
        (i32.add (local.get 0) (call $length (i32.const 16) (i32.const 5)))))
    (core instance $i (instantiate $m (with "" (instance (export "length" (func $lowered))))))
    (func (export "run") (param "x" u32) (result u32) (canon lift (core func $i "run"))))
  (instance $inner (instantiate $inner))
  (instance $outer (instantiate $outer (with "length" (func $inner "length"))))
  (export "run" (func $outer "run"))))";

std::string run_component(const ashlar::Engine& engine, const ashlar::Component& component) {
  ashlar::Store store(engine);
  auto instance = ashlar::ComponentLinker().instantiate(store, component);
  if (!instance) return instance.error().to_string();
  auto out = instance->call_text("run(10)");
  return out ? *out : out.error().to_string();
}

TEST_F(TiersTest, SerializedComponents) {
  ashlar::Engine engine(config(Tier::Optimizing));
  auto component = ashlar::Component::compile(engine, kComponent);
  ASSERT_TRUE(component) << component.error().to_string();
  EXPECT_EQ(run_component(engine, *component), "15");
  auto bytes = component->serialize();
  ASSERT_TRUE(bytes) << bytes.error().to_string();
  const std::string file = (folder / "run.cwasm").string();
  ASSERT_TRUE(component->serialize_to_file(file));
  EXPECT_EQ(fs::file_size(file), bytes->size());
  for (Trust trust : {Trust::Verify, Trust::Known}) {
    ashlar::Config other_config = config(Tier::Auto);
    other_config.compiler = "/nowhere";  // nothing is compiled any more
    ashlar::Engine other(other_config);
    auto from_bytes = ashlar::Component::deserialize(other, *bytes, trust);
    ASSERT_TRUE(from_bytes) << from_bytes.error().to_string();
    EXPECT_EQ(run_component(other, *from_bytes), "15");
    EXPECT_EQ(from_bytes->exports()[0].name, "run");
    EXPECT_EQ(*from_bytes->serialize(), *bytes);
    auto from_file = ashlar::Component::deserialize_file(other, file, trust);
    ASSERT_TRUE(from_file) << from_file.error().to_string();
    EXPECT_EQ(run_component(other, *from_file), "15");
  }
  ashlar::Engine interpreter(config(Tier::Interpreter));
  EXPECT_EQ(*ashlar::Component::compile(interpreter, kComponent)->serialize(), *bytes);
}

TEST_F(TiersTest, SerializedComponentsAreRefused) {
  ashlar::Engine engine(config(Tier::Optimizing));
  auto component = ashlar::Component::compile(engine, kComponent);
  ASSERT_TRUE(component) << component.error().to_string();
  auto bytes = component->serialize();
  ASSERT_TRUE(bytes) << bytes.error().to_string();
  const auto id = [](const ashlar::Engine& e, std::span<const uint8_t> altered, Trust trust = Trust::Verify) {
    auto out = ashlar::Component::deserialize(e, altered, trust);
    return out ? std::string("loads") : std::string(out.error().id());
  };
  std::vector<uint8_t> altered = *bytes;
  altered.back() ^= 1;
  EXPECT_EQ(id(engine, altered), "artifact_damaged");
  EXPECT_EQ(id(engine, std::span(*bytes).first(bytes->size() - 1), Trust::Known), "artifact_truncated");
  const auto module = ashlar::Module::compile(engine, kFib)->serialize();
  EXPECT_EQ(id(engine, *module), "not_an_artifact");
  EXPECT_EQ(id(ashlar::Engine(config(Tier::Interpreter)), *bytes), "no_machine_code");
  auto as_module = ashlar::Module::deserialize(engine, *bytes);
  ASSERT_FALSE(as_module);
  EXPECT_EQ(as_module.error().message(), "not an Ashlar artifact: a compiled component");
  const std::string file = (folder / "run.cwasm").string();
  ASSERT_TRUE(component->serialize_to_file(file));
  EXPECT_EQ(ashlar::Module::from_file(engine, file).error().id(), "artifact_as_component");
  EXPECT_EQ(ashlar::Component::from_file(engine, file).error().id(), "artifact_as_component");
  // Without SIMD other adapters are made, and the code was made for more.
  ashlar::Config without_simd = config(Tier::Optimizing);
  ASSERT_TRUE(without_simd.set_feature("simd", false));
  EXPECT_EQ(id(ashlar::Engine(without_simd), *bytes), "artifact_of_other_settings");
}

TEST_F(TiersTest, SerializedModulesAreRefused) {
  ashlar::Engine engine(config(Tier::Optimizing));
  auto bytes = ashlar::Module::compile(engine, kFib)->serialize();
  ASSERT_TRUE(bytes);
  const auto id = [&](const ashlar::Engine& e, std::vector<uint8_t> altered, Trust trust = Trust::Verify) {
    auto out = ashlar::Module::deserialize(e, altered, trust);
    return out ? std::string("loads") : std::string(out.error().id());
  };
  std::vector<uint8_t> altered = *bytes;
  altered.back() ^= 1;
  altered[altered.size() / 2] ^= 1;
  EXPECT_EQ(id(engine, altered), "artifact_damaged");
  altered = *bytes;
  altered[8] ^= 0x40;  // the format's version
  EXPECT_EQ(id(engine, altered, Trust::Known), "artifact_version");
  altered = *bytes;
  altered.resize(altered.size() - 1);
  EXPECT_EQ(id(engine, altered, Trust::Known), "artifact_truncated");
  EXPECT_EQ(id(engine, {}), "not_an_artifact");
  EXPECT_EQ(id(engine, {0, 'a', 's', 'm', 1, 0, 0, 0}), "not_an_artifact");

  ashlar::Config fuel = config(Tier::Optimizing);
  fuel.fuel = true;
  auto refused = ashlar::Module::deserialize(ashlar::Engine(fuel), *bytes);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind(), ErrorKind::Link);
  EXPECT_EQ(refused.error().message(), "the artifact was compiled with other settings: fuel; compile it again");
  auto counted = ashlar::Module::compile(ashlar::Engine(fuel), kFib)->serialize();
  ASSERT_TRUE(counted) << counted.error().message();
  EXPECT_TRUE(ashlar::Module::deserialize(ashlar::Engine(fuel), *counted));
  ASSERT_TRUE(fuel.set_fuel_cost("call", 10));
  EXPECT_FALSE(fuel.set_fuel_cost("no.such", 10));
  EXPECT_FALSE(fuel.set_fuel_cost("call", 1'000'001));
  refused = ashlar::Module::deserialize(ashlar::Engine(fuel), *counted);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message(), "the artifact was compiled with other settings: fuel costs; compile it again");
  ashlar::Config explicit_bounds = config(Tier::Optimizing);
  explicit_bounds.guard_pages = false;
  EXPECT_EQ(id(ashlar::Engine(explicit_bounds), *bytes), "artifact_of_other_settings");
  ashlar::Config without_simd = config(Tier::Optimizing);
  ASSERT_TRUE(without_simd.set_feature("simd", false));
  EXPECT_EQ(id(ashlar::Engine(without_simd), *bytes), "artifact_of_other_settings");
  EXPECT_EQ(id(ashlar::Engine(), *bytes), "no_machine_code");

  const std::string file = (folder / "fib.cwasm").string();
  EXPECT_EQ(ashlar::Module::deserialize_file(engine, file).error().kind(), ErrorKind::Io);
  std::ofstream(file, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes->data()), static_cast<std::streamsize>(bytes->size()));
  EXPECT_EQ(ashlar::Module::from_file(engine, file).error().id(), "artifact_as_module");
  EXPECT_EQ(ashlar::Module::compile(engine, kFib)->serialize_to_file("/no/such/folder/x").error().kind(),
            ErrorKind::Io);
}

TEST(WithoutACompiler, OptimizingIsAnErrorAndAutoInterprets) {
  ashlar::Config config;
  config.compiler = "/no/such/compiler";
  config.code_cache = false;
  config.tier = Tier::Optimizing;
  auto refused = ashlar::Module::compile(ashlar::Engine(config), kFib);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().id(), "compiler_missing");
  EXPECT_EQ(refused.error().kind(), ErrorKind::Io);
  EXPECT_NE(refused.error().message().find("/no/such/compiler"), std::string::npos);
  // What is wrong with the module is told first.
  EXPECT_EQ(ashlar::Module::compile(ashlar::Engine(config), "(module (func (result i32)))").error().kind(),
            ErrorKind::Invalid);
  config.tier = Tier::Auto;
  ashlar::Engine engine(config);
  auto module = ashlar::Module::compile(engine, kFib);
  ASSERT_TRUE(module);
  ashlar::Store store(engine);
  auto fib = ashlar::Linker(store).instantiate(*module)->func<int32_t(int32_t)>("fib");
  for (int i = 0; i < 30; ++i) EXPECT_EQ(fib->call(20).value(), 6765);
  EXPECT_EQ(module->serialize().error().id(), "compiler_missing");
}

TEST_F(TiersTest, ACacheThatCannotBeUsedIsTold) {
  fs::create_directory(folder / "cache");
  fs::permissions(folder / "cache", fs::perms::all);
  ashlar::Config options = config(Tier::Optimizing);
  std::vector<std::string> told;
  options.on_warning = [&](const ashlar::Error& e) { told.emplace_back(e.id()); };
  ashlar::Engine engine(options);
  auto module = ashlar::Module::compile(engine, kFib);
  ASSERT_TRUE(module);
  ASSERT_FALSE(told.empty());
  EXPECT_EQ(told[0], "cache_unusable");
  EXPECT_EQ(fib(engine, *module, 20), 6765);
}

}  // namespace
