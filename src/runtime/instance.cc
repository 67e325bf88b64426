// Instance: exports, function cells on demand, passive segments.
#include "runtime/store.h"

namespace ashlar::runtime {

bool Instance::find_export(std::string_view name, Extern* out) {
  const module::Export* found = module().find_export(name);
  if (found == nullptr) return false;
  *out = export_at(static_cast<size_t>(found - module().exports.data()));
  return true;
}

Extern Instance::export_at(size_t i) {
  const module::Export& e = module().exports[i];
  switch (e.kind) {
    case module::ExternKind::Func:
      return Extern::of(func_cell(e.index));
    case module::ExternKind::Table:
      return Extern::of(tables_[e.index]);
    case module::ExternKind::Memory:
      return Extern::of(memories_[e.index]);
    case module::ExternKind::Global:
      return Extern::of(global_instances_[e.index]);
    case module::ExternKind::Tag:
      return Extern::of(tags_[e.index]);
  }
  check_failed("export kind", __FILE__, __LINE__);
}

FuncCell* Instance::func_cell(module::FuncIdx i) {
  FuncCell*& cell = ctx.funcs[i];
  if (cell != nullptr) return cell;
  const module::Module& m = module();
  const module::FuncType& type = m.func_type(i);
  FuncCell& fresh = cells_[i - m.imported_funcs];
  fresh.ctx = &ctx;
  fresh.type_id = m.canonical[m.funcs[i].type];
  fresh.index = i;
  for (isa::ValType param : type.params) fresh.param_slots += param.slot_count();
  for (isa::ValType result : type.results) fresh.result_slots += result.slot_count();
  bind_native(fresh);
  cell = &fresh;
  return cell;
}

void Instance::bind_native(FuncCell& cell) {
  const void* compiled = compiled_->tier().native_entry(cell.index);
  // Of compiled functions the tier keeps nothing that is not used: a table may refer to all of a large program.
  cell.stub = compiled != nullptr ? store().engine().tier().native_stub : nullptr;
  cell.code = cell.stub != nullptr ? &cell.stub : compiled_->tier().entry(cell.index);
  cell.native = compiled != nullptr ? compiled : store().engine().tier().bridge;
  cell.native_ctx = compiled != nullptr ? static_cast<void*>(&ctx) : &cell;
}

std::span<const uint8_t> Instance::data(uint32_t i) const {
  if (data_dropped(i)) return {};
  const module::Data& data = module().datas[i];
  return module().bytes.subspan(data.bytes_offset, data.bytes_size);
}

}  // namespace ashlar::runtime
