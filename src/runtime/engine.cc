// Engine and CompiledModule: what stores share.
#include "runtime/engine.h"

#include <algorithm>
#include <utility>

namespace ashlar::runtime {

namespace {

/// Without a pool: enough for threads that make one store after another.
constexpr uint64_t kFewIdle = 4;

uint64_t most_idle_of(const Config& config) { return std::max<uint64_t>(config.pool.memories, kFewIdle); }

}  // namespace

Engine::Engine(Config config, const Tier& tier)
    : config_(config), tier_(tier), types_(std::make_shared<module::TypeRegistry>()), idle_(most_idle_of(config_)) {
  if (config_.pool.memories != 0) {
    const bool guarded = config_.bounds_checks == BoundsChecks::GuardPages;
    memory_pool_ = std::make_unique<MemoryPool>(config_.pool, guarded);
  }
  if (tier_.init_process != nullptr) tier_.init_process();
}

uint64_t Engine::most_idle() const { return most_idle_of(config_); }

uint64_t Engine::trim_idle() {
  uint64_t gone = memory_pool_ == nullptr ? 0 : memory_pool_->trim(kFewIdle);
  for (IdleList* list : {&idle_.stacks, &idle_.native_states, &idle_.gc_spaces}) {
    gone += list->take_unused(kFewIdle).size();
  }
  // Under the lock: idle instances need their module, which waits in remove_idle() until they are gone.
  std::lock_guard lock(mutex_);
  for (IdleList* list : idle_lists_) gone += list->take_unused(kFewIdle).size();
  return gone;
}

void Engine::add_idle(IdleList& list) {
  std::lock_guard lock(mutex_);
  idle_lists_.push_back(&list);
}

void Engine::remove_idle(IdleList& list) {
  std::lock_guard lock(mutex_);
  std::erase(idle_lists_, &list);
}

CompiledModule::CompiledModule(std::shared_ptr<Engine> engine, std::unique_ptr<module::Module> module)
    : engine_(std::move(engine)),
      module_(std::move(module)),
      tier_(engine_->tier().make_module(*module_, engine_->config())),
      idle_instances_(engine_->most_idle()) {
  note_types();
  engine_->add_idle(idle_instances_);
}

CompiledModule::CompiledModule(std::shared_ptr<Engine> engine, std::unique_ptr<module::Module> module,
                               ReadDeclarations read)
    : CompiledModule(std::move(engine), std::move(module)) {
  read_ = read;
  complete_.store(false, std::memory_order_relaxed);
}

void CompiledModule::note_types() const {
  has_gc_types_ = std::ranges::any_of(
      module_->types, [](const module::SubType& type) { return type.kind != module::CompositeKind::Func; });
}

Status CompiledModule::read_declarations() const {
  std::lock_guard lock(complete_mutex_);
  if (complete_.load(std::memory_order_relaxed)) return {};
  TRY_ASSIGN(const auto read, read_(*engine_, *module_));
  module_->take_declarations(*read);
  note_types();
  complete_.store(true, std::memory_order_release);
  return {};
}

const module::Module& CompiledModule::nothing() {
  // Not *module_, which another thread may be completing after all.
  static const module::Module kNothing;
  return kNothing;
}

const InitialMemories* CompiledModule::initial_memories() {
  const module::Module& m = *module_;
  if (m.memories.size() == m.imported_memories) return nullptr;
  const bool again = instantiated_.load(std::memory_order_relaxed) || instantiated_.exchange(true);
  if (!again && engine_->memory_pool() == nullptr) return nullptr;
  std::call_once(memories_once_,
                 [&] { memories_.make(m, engine_->config().max_memory64_reservation, engine_->memory_pool()); });
  return &memories_;
}

}  // namespace ashlar::runtime
