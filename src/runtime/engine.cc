// Engine and CompiledModule: what stores share.
#include "runtime/engine.h"

#include <utility>

namespace ashlar::runtime {

Engine::Engine(Config config, const Tier& tier)
    : config_(std::move(config)), tier_(tier), types_(std::make_shared<module::TypeRegistry>()) {
  if (tier_.init_process != nullptr) tier_.init_process();
}

CompiledModule::CompiledModule(std::shared_ptr<Engine> engine, std::unique_ptr<module::Module> module)
    : engine_(std::move(engine)),
      module_(std::move(module)),
      tier_(engine_->tier().make_module(*module_, engine_->config())) {}

}  // namespace ashlar::runtime
