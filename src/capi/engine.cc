// Configurations, engines, stores and shared memories of the C API.
#include <algorithm>
#include <chrono>

#include "capi/refs.h"

namespace capi = ashlar::capi;
using ashlar::v0::detail::Access;

struct wasm_config_t {
  ashlar::v0::Config config;
};

struct ashlar_shared_memory_t {
  ashlar::v0::SharedMemory memory;
};

struct ashlar_tenant_t {
  ashlar::v0::Tenant tenant;
};

namespace {

ashlar::StoreLimits from_c(const ashlar_store_limits_t& limits) {
  ashlar::StoreLimits out;
  out.memory_bytes = limits.memory_bytes;
  out.table_elements = limits.table_elements;
  out.instances = limits.instances;
  out.gc_heap_bytes = limits.gc_heap_bytes;
  out.stack_bytes = limits.stack_bytes;
  out.host_depth = limits.host_depth;
  return out;
}

ashlar_tenant_amounts_t to_c(const ashlar::TenantAmounts& a) {
  return {a.memory_bytes, a.table_elements, a.gc_heap_bytes, a.host_bytes,  a.host_objects, a.instances,
          a.stores,       a.threads,        a.bytes,         a.descriptors, a.references};
}

}  // namespace

extern "C" {

wasm_config_t* wasm_config_new(void) try { return new wasm_config_t; } catch (const std::bad_alloc&) {
  return capi::no_memory();
}
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
void ashlar_config_set_cache_folder(wasm_config_t* c, const char* path) try {
  c->config.cache_folder = path;
} catch (const std::bad_alloc&) {
  capi::no_memory();
}
void ashlar_config_set_compiler(wasm_config_t* c, const char* path) try {
  c->config.compiler = path;
} catch (const std::bad_alloc&) {
  capi::no_memory();
}
void ashlar_config_set_guard_pages(wasm_config_t* c, bool on) { c->config.guard_pages = on; }
void ashlar_config_set_fuel(wasm_config_t* c, bool on) { c->config.fuel = on; }
bool ashlar_config_set_fuel_cost(wasm_config_t* c, const char* instructions, uint32_t cost) {
  return c->config.set_fuel_cost(instructions, cost);
}
void ashlar_config_set_lazy_validation(wasm_config_t* c, bool on) { c->config.lazy_validation = on; }
void ashlar_config_set_max_memory64_reservation(wasm_config_t* c, uint64_t bytes) {
  c->config.max_memory64_reservation = bytes;
}
void ashlar_config_set_pool(wasm_config_t* c, uint32_t memories, uint64_t memory_bytes, uint64_t keep_bytes,
                            bool overflow) {
  c->config.pool = {.memories = memories, .memory_bytes = memory_bytes, .keep_bytes = keep_bytes, .overflow = overflow};
}
bool ashlar_config_set_feature(wasm_config_t* c, const char* name, bool on) try {
  return c->config.set_feature(name, on);
} catch (const std::bad_alloc&) {
  return capi::no_memory();
}

wasm_engine_t* wasm_engine_new(void) try { return new wasm_engine_t{ashlar::Engine()}; } catch (const std::bad_alloc&) {
  return capi::no_memory();
}
wasm_engine_t* wasm_engine_new_with_config(wasm_config_t* config) try {
  const std::unique_ptr<wasm_config_t> taken(config);
  return new wasm_engine_t{ashlar::Engine(taken ? taken->config : ashlar::Config())};
} catch (const std::bad_alloc&) {
  return capi::no_memory();
}
void wasm_engine_delete(wasm_engine_t* e) { delete e; }

wasm_store_t* wasm_store_new(wasm_engine_t* engine) try {
  return new wasm_store_t{std::make_shared<capi::StoreBox>(engine->engine, ashlar::StoreLimits())};
} catch (const std::bad_alloc&) {
  return capi::no_memory();
}
void wasm_store_delete(wasm_store_t* s) { delete s; }

void ashlar_store_limits_init(ashlar_store_limits_t* out) {
  const ashlar::StoreLimits usual;
  *out = {usual.memory_bytes,  usual.table_elements, usual.instances,
          usual.gc_heap_bytes, usual.stack_bytes,    usual.host_depth};
}

wasm_store_t* ashlar_store_new(wasm_engine_t* engine, const ashlar_store_limits_t* limits) try {
  return new wasm_store_t{std::make_shared<capi::StoreBox>(engine->engine, from_c(*limits))};
} catch (const std::bad_alloc&) {
  return capi::no_memory();
}

void ashlar_tenant_amounts_init(ashlar_tenant_amounts_t* out) { *out = to_c(ashlar::TenantAmounts::unlimited()); }
ashlar_tenant_t* ashlar_tenant_new(const ashlar_tenant_amounts_t* most) try {
  return new ashlar_tenant_t{ashlar::Tenant({most->memory_bytes, most->table_elements, most->gc_heap_bytes,
                                             most->host_bytes, most->host_objects, most->instances, most->stores,
                                             most->threads, most->bytes, most->descriptors, most->references})};
} catch (const std::bad_alloc&) {
  return capi::no_memory();
}
void ashlar_tenant_delete(ashlar_tenant_t* t) { delete t; }
void ashlar_tenant_usage(const ashlar_tenant_t* t, ashlar_tenant_amounts_t* out, ashlar_tenant_amounts_t* peak) {
  *out = to_c(t->tenant.usage());
  if (peak != nullptr) *peak = to_c(t->tenant.peak());
}
wasm_store_t* ashlar_tenant_store_new(wasm_engine_t* engine, const ashlar_tenant_t* tenant,
                                      const ashlar_store_limits_t* limits) try {
  return new wasm_store_t{std::make_shared<capi::StoreBox>(engine->engine, tenant->tenant, from_c(*limits))};
} catch (const std::bad_alloc&) {
  return capi::no_memory();
}

void ashlar_store_usage(const wasm_store_t* s, ashlar_store_usage_t* out) {
  const ashlar::v0::StoreUsage usage = s->box->store.usage();
  *out = {usage.memory_bytes, usage.table_elements, usage.instances, usage.gc_heap_bytes};
}

ashlar_error_t* ashlar_shared_memory_new(wasm_engine_t* engine, uint32_t min, uint32_t max,
                                         ashlar_shared_memory_t** out) try {
  auto made = ashlar::v0::SharedMemory::make(engine->engine, min, max);
  *out = made ? new ashlar_shared_memory_t{*made} : nullptr;
  return capi::error_of(made);
} catch (const std::bad_alloc&) {
  return capi::no_memory();
}
void ashlar_shared_memory_delete(ashlar_shared_memory_t* m) { delete m; }
ashlar_shared_memory_t* ashlar_memory_share(const wasm_memory_t* m) try {
  const auto shared = Access::memory(m->store->state(), m->get()).share();
  return shared ? new ashlar_shared_memory_t{*shared} : nullptr;
} catch (const std::bad_alloc&) {
  return capi::no_memory();
}
wasm_memory_t* ashlar_memory_obtain(wasm_store_t* s, const ashlar_shared_memory_t* m) try {
  return new wasm_memory_t(s->box, Access::memory(m->memory.in(s->box->store)));
} catch (const std::bad_alloc&) {
  return capi::no_memory();
}

void ashlar_store_set_fuel(wasm_store_t* s, int64_t fuel) { s->box->store.set_fuel(fuel); }
int64_t ashlar_store_fuel(const wasm_store_t* s) { return s->box->store.fuel(); }
void ashlar_store_interrupt(wasm_store_t* s, const char* reason) try {
  s->box->store.interrupt(reason);
} catch (const std::bad_alloc&) {
  capi::no_memory();
}
void ashlar_store_clear_interrupt(wasm_store_t* s) { s->box->store.clear_interrupt(); }
void ashlar_store_set_deadline(wasm_store_t* s, uint64_t nanoseconds) try {
  // Further away than any clock goes is never.
  constexpr uint64_t kMost = uint64_t{1} << 62;
  const std::chrono::nanoseconds after(std::min(nanoseconds, kMost));
  s->box->store.set_deadline(std::chrono::steady_clock::now() + after);
} catch (const std::bad_alloc&) {
  capi::no_memory();
}
void ashlar_store_clear_deadline(wasm_store_t* s) { s->box->store.clear_deadline(); }
void ashlar_store_collect_garbage(wasm_store_t* s) try {
  s->box->store.collect_garbage();
} catch (const std::bad_alloc&) {
  capi::no_memory();
}

}  // extern "C"
