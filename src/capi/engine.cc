// Configurations, engines, stores and shared memories of the C API.
#include "capi/refs.h"

namespace capi = ashlar::capi;
using ashlar::v0::detail::Access;

struct wasm_config_t {
  ashlar::v0::Config config;
};

struct wasm_engine_t {
  ashlar::v0::Engine engine;
};

struct ashlar_shared_memory_t {
  ashlar::v0::SharedMemory memory;
};

extern "C" {

wasm_config_t* wasm_config_new(void) { return new wasm_config_t; }
void wasm_config_delete(wasm_config_t* c) { delete c; }
static_assert(static_cast<int>(ashlar::v0::Tier::Interpreter) == ASHLAR_TIER_INTERPRETER &&
              static_cast<int>(ashlar::v0::Tier::Optimizing) == ASHLAR_TIER_OPTIMIZING &&
              static_cast<int>(ashlar::v0::Tier::Auto) == ASHLAR_TIER_AUTO);
static_assert(static_cast<int>(ashlar::v0::OptLevel::None) == ASHLAR_OPT_NONE &&
              static_cast<int>(ashlar::v0::OptLevel::Quick) == ASHLAR_OPT_QUICK &&
              static_cast<int>(ashlar::v0::OptLevel::Usual) == ASHLAR_OPT_USUAL &&
              static_cast<int>(ashlar::v0::OptLevel::Full) == ASHLAR_OPT_FULL &&
              static_cast<int>(ashlar::v0::OptLevel::Size) == ASHLAR_OPT_SIZE);
void ashlar_config_set_tier(wasm_config_t* c, ashlar_tier_t tier) {
  c->config.tier = static_cast<ashlar::v0::Tier>(tier);
}
void ashlar_config_set_opt_level(wasm_config_t* c, ashlar_opt_level_t level) {
  c->config.opt_level = static_cast<ashlar::v0::OptLevel>(level);
}
void ashlar_config_set_code_cache(wasm_config_t* c, bool on) { c->config.code_cache = on; }
void ashlar_config_set_cache_folder(wasm_config_t* c, const char* path) { c->config.cache_folder = path; }
void ashlar_config_set_compiler(wasm_config_t* c, const char* path) { c->config.compiler = path; }
void ashlar_config_set_guard_pages(wasm_config_t* c, bool on) { c->config.guard_pages = on; }
void ashlar_config_set_fuel(wasm_config_t* c, bool on) { c->config.fuel = on; }
void ashlar_config_set_lazy_validation(wasm_config_t* c, bool on) { c->config.lazy_validation = on; }
void ashlar_config_set_max_memory64_reservation(wasm_config_t* c, uint64_t bytes) {
  c->config.max_memory64_reservation = bytes;
}
void ashlar_config_set_pool(wasm_config_t* c, uint32_t memories, uint64_t memory_bytes, uint64_t keep_bytes,
                            bool overflow) {
  c->config.pool = {memories, memory_bytes, keep_bytes, overflow};
}
bool ashlar_config_set_feature(wasm_config_t* c, const char* name, bool on) { return c->config.set_feature(name, on); }

wasm_engine_t* wasm_engine_new(void) { return new wasm_engine_t{ashlar::Engine()}; }
wasm_engine_t* wasm_engine_new_with_config(wasm_config_t* config) {
  const std::unique_ptr<wasm_config_t> taken(config);
  return new wasm_engine_t{ashlar::Engine(taken ? taken->config : ashlar::Config())};
}
void wasm_engine_delete(wasm_engine_t* e) { delete e; }

wasm_store_t* wasm_store_new(wasm_engine_t* engine) {
  return new wasm_store_t{std::make_shared<capi::StoreBox>(engine->engine, ashlar::StoreLimits())};
}
void wasm_store_delete(wasm_store_t* s) { delete s; }

void ashlar_store_limits_init(ashlar_store_limits_t* out) {
  const ashlar::StoreLimits usual;
  *out = {usual.memory_bytes,  usual.table_elements, usual.instances,
          usual.gc_heap_bytes, usual.stack_bytes,    usual.host_depth};
}

wasm_store_t* ashlar_store_new(wasm_engine_t* engine, const ashlar_store_limits_t* limits) {
  ashlar::StoreLimits inner;
  inner.memory_bytes = limits->memory_bytes;
  inner.table_elements = limits->table_elements;
  inner.instances = limits->instances;
  inner.gc_heap_bytes = limits->gc_heap_bytes;
  inner.stack_bytes = limits->stack_bytes;
  inner.host_depth = limits->host_depth;
  return new wasm_store_t{std::make_shared<capi::StoreBox>(engine->engine, inner)};
}

void ashlar_store_usage(const wasm_store_t* s, ashlar_store_usage_t* out) {
  const ashlar::v0::StoreUsage usage = s->box->store.usage();
  *out = {usage.memory_bytes, usage.table_elements, usage.instances, usage.gc_heap_bytes};
}

ashlar_error_t* ashlar_shared_memory_new(wasm_engine_t* engine, uint32_t min, uint32_t max,
                                         ashlar_shared_memory_t** out) {
  auto made = ashlar::v0::SharedMemory::make(engine->engine, min, max);
  *out = made ? new ashlar_shared_memory_t{*made} : nullptr;
  return capi::error_of(made);
}
void ashlar_shared_memory_delete(ashlar_shared_memory_t* m) { delete m; }
ashlar_shared_memory_t* ashlar_memory_share(const wasm_memory_t* m) {
  const auto shared = Access::memory(m->store->state(), m->get()).share();
  return shared ? new ashlar_shared_memory_t{*shared} : nullptr;
}
wasm_memory_t* ashlar_memory_obtain(wasm_store_t* s, const ashlar_shared_memory_t* m) {
  return new wasm_memory_t(s->box, Access::memory(m->memory.in(s->box->store)));
}

void ashlar_store_set_fuel(wasm_store_t* s, int64_t fuel) { s->box->store.set_fuel(fuel); }
int64_t ashlar_store_fuel(const wasm_store_t* s) { return s->box->store.fuel(); }
void ashlar_store_interrupt(wasm_store_t* s, const char* reason) { s->box->store.interrupt(reason); }
void ashlar_store_clear_interrupt(wasm_store_t* s) { s->box->store.clear_interrupt(); }
void ashlar_store_collect_garbage(wasm_store_t* s) { s->box->store.collect_garbage(); }

}  // extern "C"
