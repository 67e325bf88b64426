// The mixed tier: interpreter entries for everything, machine code where there is some.
#include "tiering/attach.h"

#include "interp/interp.h"
#include "interp/module_code.h"
#include "native/enter.h"
#include "os/asymmetric_barrier.h"

namespace ashlar::tiering {

namespace {

interp::ModuleCode& code_of(const runtime::FuncCell& f) {
  return *static_cast<interp::ModuleCode*>(static_cast<runtime::TierModule*>(f.ctx->tier_module));
}

/// Calls from the host, and from compiled code through the bridge: cells that were made before their function was
/// compiled come here once.
Status invoke(runtime::Store& store, const runtime::FuncCell& f, runtime::Slot* slots) {
  if (const void* code = code_of(f).native_entry(f.index); code != nullptr) {
    if (f.native != code) f.ctx->instance->bind_native(*f.ctx->instance->func_cell(f.index));
    return native::call(store, f, code, slots);
  }
  code_of(f).count_crossing(f.index);
  return interp::tier().invoke(store, f, slots);
}

void init_process() {
  interp::tier().init_process();
  // Not when the first guest of a process with threads begins: the kernel waits for all processors.
  os::prepare_barriers();
}

runtime::Tier make_tier() {
  runtime::Tier out = interp::tier();
  out.init_process = &init_process;
  out.invoke = &invoke;
  out.native_stub = reinterpret_cast<const void*>(interp::native_cell_handler());
  out.bridge = native::bridge();
  out.host_stub = native::host_stub();
  out.libcalls = native::libcall_table();
  return out;
}

}  // namespace

const runtime::Tier& tier() {
  static const runtime::Tier instance = make_tier();
  return instance;
}

Status attach(runtime::CompiledModule& module, const std::shared_ptr<native::Image>& image) {
  // Observers want names.
  if (native::has_image_observer()) TRY(module.complete());
  const module::Module& m = module.outline();
  const runtime::Config& config = module.engine()->config();
  const native::ImageConfig& made = image->config();
  const bool explicit_bounds = config.bounds_checks == runtime::BoundsChecks::Explicit;
  if (image->entry_count() != m.funcs.size() - m.imported_funcs) {
    return make_error(ErrorCode::artifact_of_other_module);
  }
  if (made.fuel != config.fuel) return make_error(ErrorCode::artifact_of_other_settings, kNoOffset, "fuel");
  if (made.fuel && isa::FuelCosts::parse(made.fuel_costs) != config.fuel_costs) {
    return make_error(ErrorCode::artifact_of_other_settings, kNoOffset, "fuel costs");
  }
  if (explicit_bounds && !made.explicit_bounds) {
    return make_error(ErrorCode::artifact_of_other_settings, kNoOffset, "bounds checks");
  }
  auto& code = static_cast<interp::ModuleCode&>(module.tier());
  native::attach(*image, m);
  code.keep_native(image, image->code());
  for (const native::LoopRow& loop : image->loops()) {
    if (const void* entry = image->entry(loop); entry != nullptr) code.set_loop(loop.func, loop.wasm, entry);
  }
  if (code.use_image(*image)) return {};
  for (uint32_t i = 0; i < image->entry_count(); ++i) {
    if (const void* entry = image->entry(i); entry != nullptr) code.set_native(m.imported_funcs + i, entry);
  }
  return {};
}

}  // namespace ashlar::tiering
