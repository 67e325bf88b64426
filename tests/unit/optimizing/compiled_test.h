// A store whose modules are compiled by the optimizing compiler, in this process.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "api/load.h"
#include "optimizing/compile.h"
#include "runtime/linker.h"
#include "tiering/attach.h"

namespace ashlar::optimizing {

class CompiledTest : public testing::Test {
 protected:
  explicit CompiledTest(bool fuel = false, const isa::FuelCosts& costs = {}) {
    runtime::Config config;
    config.features = isa::Features::all();
    config.fuel = fuel;
    config.fuel_costs = costs;
    engine_ = std::make_shared<runtime::Engine>(config, tiering::tier());
    store_ = std::make_unique<runtime::Store>(engine_);
    linker_ = std::make_unique<runtime::Linker>(*store_);
  }

  /// Instantiates a module written as text. Without a level it is interpreted.
  void load(std::string_view text, std::optional<OptLevel> level = OptLevel::O2) {
    auto source = api::assemble({reinterpret_cast<const uint8_t*>(text.data()), text.size()}, nullptr);
    ASSERT_TRUE(source) << source.error().render();
    auto module = api::compile(engine_, *source);
    ASSERT_TRUE(module) << module.error().render();
    if (level) compile_and_attach(**module, *level);
    auto instance = linker_->instantiate(*module);
    ASSERT_TRUE(instance) << instance.error().render();
    instance_ = *instance;
  }
  Status call(std::string_view name, std::vector<runtime::Value> args = {}) {
    runtime::Extern found;
    EXPECT_TRUE(instance_->find_export(name, &found)) << name;
    std::vector<runtime::Value> results;
    return store_->call(found.func, args, results);
  }

  std::shared_ptr<runtime::Engine> engine_;
  std::unique_ptr<runtime::Store> store_;
  std::unique_ptr<runtime::Linker> linker_;
  std::shared_ptr<native::Image> image_;
  runtime::Instance* instance_ = nullptr;

 private:
  void compile_and_attach(runtime::CompiledModule& module, OptLevel level) {
    CompileOptions options;
    options.level = level;
    options.features = engine_->config().features;
    options.fuel = engine_->config().fuel;
    options.fuel_costs = engine_->config().fuel_costs;
    auto bytes = compile(module.module(), options);
    ASSERT_TRUE(bytes) << bytes.error().render();
    auto image = native::Image::load(*bytes, native::Image::Trust::Verify);
    ASSERT_TRUE(image) << image.error().render();
    image_ = *image;
    ASSERT_TRUE(tiering::attach(module, *image));
  }
};

}  // namespace ashlar::optimizing
