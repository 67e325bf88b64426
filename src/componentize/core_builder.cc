// Building of core modules; see core_builder.h.
#include "componentize/core_builder.h"

#include "binary/encode.h"

namespace ashlar::componentize {

module::FuncType core_type(std::span<const component::FlatType> params, std::span<const component::FlatType> results) {
  const auto value = [](component::FlatType type) {
    switch (type) {
      case component::FlatType::I32:
        return isa::ValType::i32();
      case component::FlatType::I64:
        return isa::ValType::i64();
      case component::FlatType::F32:
        return isa::ValType::f32();
      case component::FlatType::F64:
        break;
    }
    return isa::ValType::f64();
  };
  module::FuncType out;
  for (const component::FlatType type : params) out.params.push_back(value(type));
  for (const component::FlatType type : results) out.results.push_back(value(type));
  return out;
}

uint32_t CoreBuilder::append(std::span<const uint8_t> bytes) {
  const auto at = static_cast<uint32_t>(bytes_.size());
  bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  return at;
}

module::ConstExpr CoreBuilder::expression(std::span<const uint8_t> bytes) {
  module::ConstExpr out;
  out.offset = append(bytes);
  out.size = static_cast<uint32_t>(bytes.size());
  return out;
}

uint32_t CoreBuilder::type(const module::FuncType& type) {
  for (uint32_t i = 0; i < module_.types.size(); ++i) {
    const module::SubType& known = module_.types[i];
    if (known.kind == module::CompositeKind::Func && known.is_final && known.super == module::kNoIndex &&
        known.func == type) {
      return i;
    }
  }
  module::SubType made;
  made.func = type;
  module_.types.push_back(std::move(made));
  const auto index = static_cast<uint32_t>(module_.types.size() - 1);
  module_.rec_groups.push_back({index, 1});
  return index;
}

void CoreBuilder::import(std::string_view from, std::string_view name, module::ExternKind kind, uint32_t index) {
  module_.imports.push_back({keep(from), keep(name), kind, index, 0});
}

uint32_t CoreBuilder::import_func(std::string_view from, std::string_view name, uint32_t type) {
  module::Func made{};
  made.type = type;
  made.imported = 1;
  module_.funcs.push_back(made);
  import(from, name, module::ExternKind::Func, module_.imported_funcs);
  return module_.imported_funcs++;
}

void CoreBuilder::import_memory(std::string_view from, std::string_view name, module::MemoryType type) {
  module_.memories.push_back({type, true});
  import(from, name, module::ExternKind::Memory, module_.imported_memories++);
}

void CoreBuilder::import_table(std::string_view from, std::string_view name, module::TableType type) {
  module_.tables.push_back({type, true, {}});
  import(from, name, module::ExternKind::Table, module_.imported_tables++);
}

uint32_t CoreBuilder::func(uint32_t type, std::span<const uint8_t> body) {
  module::Func made{};
  made.type = type;
  made.body_offset = append(body);
  made.body_size = static_cast<uint32_t>(body.size());
  module_.funcs.push_back(made);
  return static_cast<uint32_t>(module_.funcs.size() - 1);
}

void CoreBuilder::table(module::TableType type) { module_.tables.push_back({type, false, {}}); }

void CoreBuilder::global(module::GlobalType type, std::span<const uint8_t> init) {
  module_.globals.push_back({type, false, expression(init)});
}

void CoreBuilder::export_item(std::string_view name, module::ExternKind kind, uint32_t index) {
  module_.exports.push_back({keep(name), kind, index});
}

void CoreBuilder::fill_table(std::span<const uint32_t> funcs) {
  constexpr uint8_t kZero[] = {0x41, 0x00, 0x0b};  // i32.const 0, end
  module::Elem elem{};
  elem.mode = module::SegmentMode::Active;
  elem.offset = expression(kZero);
  elem.type = isa::ValType::ref(isa::AbsHeap::Func);
  for (const uint32_t f : funcs) elem.funcs.push_back(f);
  module_.elems.push_back(std::move(elem));
}

std::vector<uint8_t> CoreBuilder::finish() {
  module_.bytes = bytes_;
  return binary::encode(module_);
}

}  // namespace ashlar::componentize
