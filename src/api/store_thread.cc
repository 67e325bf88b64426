// Public stores for threads, and the end of programs.
#include "api/store_thread.h"

#include "api/definitions.h"

namespace ashlar {
inline namespace v0 {
namespace detail {

namespace {

std::unique_ptr<StoreState> like(StoreState& parent) {
  auto out = std::make_unique<StoreState>(parent.engine, parent.store.limits(), parent.store.account().ledger());
  out->limits = parent.limits;
  out->wasi_config = parent.wasi_config;
  for (const auto& [grant, binding] : parent.wasi) {
    out->wasi.emplace(grant, std::make_unique<api::WasiBinding>(out->store, *binding));
  }
  out->wasi_grants = parent.wasi_grants;
  return out;
}

/// How the instance was made; null when it may start no threads.
std::shared_ptr<const PreparedState> prepared_of(const StoreState& store, const runtime::Instance& instance) {
  if (const auto known = store.thread_instances.find(&instance); known != store.thread_instances.end()) {
    return known->second;
  }
  const auto known = store.thread_modules.find(instance.compiled().get());
  return known == store.thread_modules.end() ? nullptr : known->second;
}

class StoreThread final : public api::ThreadStore {
 public:
  StoreThread(StoreState& parent, const runtime::Instance& of, std::shared_ptr<const PreparedState> prepared)
      : of_(of), prepared_(std::move(prepared)), store_(Access::store(like(parent))) {}
  Store& public_store() { return store_; }
  runtime::Store& store() override { return Access::state(store_)->store; }
  internal::Result<runtime::Instance*> instantiate() override {
    Result<Instance> made = detail::instantiate(*Access::state(store_), prepared_, &of_);
    if (!made) return std::unexpected(Access::to_internal(Access::state(store_), std::move(made).error()));
    return Access::instance(*made);
  }
  void begin(runtime::Instance& instance) override {
    Access::watch(Access::state(store_), prepared_->module, instance);
  }

 private:
  const runtime::Instance& of_;
  std::shared_ptr<const PreparedState> prepared_;
  Store store_;
};

/// Calls f with the threads of each program whose main thread has the store.
template <class F>
void for_each_program(StoreState& store, F f) {
  for (const auto& [grant, binding] : store.wasi) {
    if (binding->is_main() && binding->threads() != nullptr) f(*binding->threads());
  }
}

}  // namespace

api::ThreadStoreMaker thread_store_maker(std::function<void(Store&)> prepare) {
  return [prepare = std::move(prepare)](runtime::Instance& of) -> internal::Result<std::unique_ptr<api::ThreadStore>> {
    auto& parent = *static_cast<StoreState*>(of.store().user_data);
    auto prepared = prepared_of(parent, of);
    if (prepared == nullptr) return make_error(ErrorCode::foreign_module);
    auto out = std::make_unique<StoreThread>(parent, of, std::move(prepared));
    if (prepare) prepare(out->public_store());
    return out;
  };
}

runtime::Memory* shared_with_thread(const runtime::Instance& of, uint32_t index, StoreState& store) {
  runtime::Memory* memory = of.ctx.memories[index];
  const auto [known, fresh] = store.shared_memories.try_emplace(memory, memory);
  if (fresh) api::hand_over(of.store(), *memory, store.store);
  return known->second;
}

std::optional<Error> end_programs(StoreState& store) {
  std::optional<Error> out;
  for_each_program(store, [&](api::ThreadGroup& threads) {
    threads.end();
    threads.wait();
    if (auto cause = threads.cause(); cause && !out) out = Access::error(std::move(*cause));
  });
  return out;
}

internal::Error end_by_error(StoreState& store, internal::Error error) {
  // A host function may go on where a guest that it called has failed.
  const bool outermost = store.store.host_depth == 0;
  const bool ends = error.phase() == Phase::Trap || error.phase() == Phase::Exit;
  for_each_program(store, [&](api::ThreadGroup& threads) {
    if (outermost && ends) threads.end();
    error = threads.cause_of(std::move(error));
  });
  return error;
}

}  // namespace detail
}  // namespace v0
}  // namespace ashlar
