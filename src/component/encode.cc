// The component encoder; see encode.h.
#include "component/encode.h"

#include <array>

#include "base/leb128.h"
#include "binary/type_writer.h"
#include "component/canon_table.h"
#include "component/encode_types.h"

namespace ashlar::component {

using base::append_leb_u32;
using base::append_leb_u64;
using binary::append_name;
using binary::Bytes;

namespace {

/// Ids of sections (Binary.md, section); the alternatives of Definition::def in their order.
constexpr std::array<uint8_t, 13> kSectionOf = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0};
constexpr uint8_t kCoreModule = 1, kComponent = 4, kStart = 9, kCustom = 0;

/// Sections of one definition, without a count.
bool stands_alone(uint8_t section) {
  return section == kCoreModule || section == kComponent || section == kStart || section == kCustom;
}

void append(Bytes& out, std::span<const uint8_t> bytes) { out.insert(out.end(), bytes.begin(), bytes.end()); }

void append_section(Bytes& out, uint8_t id, std::span<const uint8_t> contents) {
  out.push_back(id);
  append_leb_u64(out, contents.size());
  append(out, contents);
}

void append_core_sort_idx(Bytes& out, const CoreSortIdx& item) {
  out.push_back(static_cast<uint8_t>(item.sort));
  append_leb_u32(out, item.index);
}

void append_sort_idx(Bytes& out, const SortIdx& item) {
  append_sort(out, item.sort);
  append_leb_u32(out, item.index);
}

void append_instance(Bytes& out, const CoreInstanceDef& def) {
  if (const auto* made = std::get_if<CoreInstanceDef::Instantiate>(&def.expr)) {
    out.push_back(0);
    append_leb_u32(out, made->module);
    append_leb_u64(out, made->args.size());
    for (const CoreInstantiateArg& arg : made->args) {
      append_name(out, arg.name);
      append_core_sort_idx(out, arg.item);
    }
    return;
  }
  const auto& exports = std::get<std::vector<CoreInlineExport>>(def.expr);
  out.push_back(1);
  append_leb_u64(out, exports.size());
  for (const CoreInlineExport& item : exports) {
    append_name(out, item.name);
    append_core_sort_idx(out, item.item);
  }
}

void append_instance(Bytes& out, const InstanceDef& def) {
  if (const auto* made = std::get_if<InstanceDef::Instantiate>(&def.expr)) {
    out.push_back(0);
    append_leb_u32(out, made->component);
    append_leb_u64(out, made->args.size());
    for (const InstantiateArg& arg : made->args) {
      append_name(out, arg.name);
      append_sort_idx(out, arg.item);
    }
    return;
  }
  const auto& exports = std::get<std::vector<InlineExport>>(def.expr);
  out.push_back(1);
  append_leb_u64(out, exports.size());
  for (const InlineExport& item : exports) {
    append_extern_name(out, item.name);
    append_sort_idx(out, item.item);
  }
}

void append_export(Bytes& out, const ExportDef& def) {
  append_extern_name(out, def.name);
  append_sort_idx(out, def.item);
  out.push_back(def.ascribed ? 1 : 0);
  if (def.ascribed) append_extern_desc(out, *def.ascribed);
}

void append_start(Bytes& out, const StartDef& def) {
  append_leb_u32(out, def.func);
  append_leb_u64(out, def.args.size());
  for (const uint32_t arg : def.args) append_leb_u32(out, arg);
  append_leb_u32(out, def.results);
}

// --- canonical definitions

void append_opts(Bytes& out, const CanonOpts& opts) {
  Bytes list;
  uint32_t count = 0;
  const auto option = [&](uint8_t code, std::optional<uint32_t> index = {}) {
    ++count;
    list.push_back(code);
    if (index) append_leb_u32(list, *index);
  };
  if (opts.encoding) option(static_cast<uint8_t>(*opts.encoding));
  if (opts.memory) option(3, opts.memory);
  if (opts.realloc) option(4, opts.realloc);
  if (opts.post_return) option(5, opts.post_return);
  if (opts.async) option(6);
  if (opts.callback) option(7, opts.callback);
  if (opts.gc) option(9);
  if (opts.core_type) option(8, opts.core_type);
  append_leb_u32(out, count);
  append(out, list);
}

void append_result(Bytes& out, const std::optional<TypeRef>& type) {
  out.push_back(type ? 0 : 1);
  if (type) {
    append_type_ref(out, *type);
  } else {
    out.push_back(0);
  }
}

void append_canon(Bytes& out, const CanonDef& def) {
  constexpr uint8_t kFuncSort = 0;
  out.push_back(static_cast<uint8_t>(def.op));
  switch (info(def.op).immediates) {
    case CanonImmediates::Lift:
      out.push_back(kFuncSort);
      append_leb_u32(out, def.func);
      append_opts(out, def.opts);
      return append_leb_u32(out, def.type);
    case CanonImmediates::Lower:
      out.push_back(kFuncSort);
      append_leb_u32(out, def.func);
      return append_opts(out, def.opts);
    case CanonImmediates::Type:
      return append_leb_u32(out, def.type);
    case CanonImmediates::None:
      return;
    case CanonImmediates::Result_Opts:
      append_result(out, def.result);
      return append_opts(out, def.opts);
    case CanonImmediates::Context:
      binary::append_val_type(out, def.value);
      return append_leb_u32(out, def.index);
    case CanonImmediates::Async:
      return out.push_back(def.async ? 1 : 0);
    case CanonImmediates::Type_Opts:
      append_leb_u32(out, def.type);
      return append_opts(out, def.opts);
    case CanonImmediates::Type_Async:
      append_leb_u32(out, def.type);
      return out.push_back(def.async ? 1 : 0);
    case CanonImmediates::Opts:
      return append_opts(out, def.opts);
    case CanonImmediates::Memory:
      out.push_back(def.cancellable ? 1 : 0);
      return append_leb_u32(out, def.memory);
    case CanonImmediates::Cancel:
      return out.push_back(def.cancellable ? 1 : 0);
    case CanonImmediates::ThreadIndirect:
      append_leb_u32(out, def.type);
      return append_leb_u32(out, def.table);
    case CanonImmediates::SharedType:
      out.push_back(def.shared ? 1 : 0);
      return append_leb_u32(out, def.type);
    case CanonImmediates::SharedTypeTable:
      out.push_back(def.shared ? 1 : 0);
      append_leb_u32(out, def.type);
      return append_leb_u32(out, def.table);
    case CanonImmediates::Shared:
      return out.push_back(def.shared ? 1 : 0);
  }
}

// --- framing

/// Appends one definition, without its section.
struct DefinitionWriter {
  Bytes& out;

  void operator()(const CoreModuleDef& def) const { append(out, def.bytes); }
  void operator()(const CoreInstanceDef& def) const { append_instance(out, def); }
  void operator()(const CoreTypeDef& def) const { append_core_type(out, def); }
  void operator()(const std::unique_ptr<Component>& def) const { append(out, encode(*def)); }
  void operator()(const InstanceDef& def) const { append_instance(out, def); }
  void operator()(const AliasDef& def) const { append_alias(out, def); }
  void operator()(const TypeDef& def) const { append_type(out, def); }
  void operator()(const CanonDef& def) const { append_canon(out, def); }
  void operator()(const StartDef& def) const { append_start(out, def); }
  void operator()(const ImportDef& def) const {
    append_extern_name(out, def.name);
    append_extern_desc(out, def.desc);
  }
  void operator()(const ExportDef& def) const { append_export(out, def); }
  void operator()(const ValueDef& def) const {
    append_type_ref(out, def.type);
    append_leb_u64(out, def.bytes.size());
    append(out, def.bytes);
  }
  void operator()(const CustomSection& def) const {
    append_name(out, def.name);
    append(out, def.contents);
  }
};

/// Sorts as the name section lists them.
constexpr AnySort kNamedSorts[] = {{Sort::Core, CoreSort::Func},
                                   {Sort::Core, CoreSort::Table},
                                   {Sort::Core, CoreSort::Memory},
                                   {Sort::Core, CoreSort::Global},
                                   {Sort::Core, CoreSort::Tag},
                                   {Sort::Core, CoreSort::Type},
                                   {Sort::Core, CoreSort::Module},
                                   {Sort::Core, CoreSort::Instance},
                                   {Sort::Func, {}},
                                   {Sort::Value, {}},
                                   {Sort::Type, {}},
                                   {Sort::Component, {}},
                                   {Sort::Instance, {}}};

bool same_sort(const AnySort& a, const AnySort& b) {
  return a.sort == b.sort && (a.sort != Sort::Core || a.core == b.core);
}

}  // namespace

Bytes encode_names(const Component& component) {
  constexpr uint8_t kComponentName = 0, kSortNames = 1;
  Bytes out;
  if (!component.name.empty()) {
    Bytes name;
    append_name(name, component.name);
    append_section(out, kComponentName, name);
  }
  for (const AnySort& sort : kNamedSorts) {
    Bytes list;
    uint32_t count = 0;
    for (const SortName& entry : component.names) {
      if (!same_sort(entry.sort, sort)) continue;
      ++count;
      append_leb_u32(list, entry.index);
      append_name(list, entry.name);
    }
    if (count == 0) continue;
    Bytes contents;
    append_sort(contents, sort);
    append_leb_u32(contents, count);
    append(contents, list);
    append_section(out, kSortNames, contents);
  }
  return out;
}

namespace {

bool is_name_section(const Definition& def) {
  const auto* custom = std::get_if<CustomSection>(&def.def);
  return custom != nullptr && custom->name == kNameSection;
}

void append_name_section(Bytes& out, const Component& component) {
  const Bytes names = encode_names(component);
  if (names.empty()) return;
  Bytes contents;
  append_name(contents, kNameSection);
  append(contents, names);
  append_section(out, kCustom, contents);
}

}  // namespace

Bytes encode(const Component& component) {
  Bytes out = {0x00, 'a', 's', 'm', 0x0d, 0x00, 0x01, 0x00};
  bool named = false;
  for (size_t first = 0; first < component.defs.size();) {
    const uint8_t section = kSectionOf[component.defs[first].def.index()];
    if (!named && is_name_section(component.defs[first])) {
      append_name_section(out, component);
      named = true;
    }
    Bytes contents;
    size_t end = first;
    do {
      std::visit(DefinitionWriter{contents}, component.defs[end++].def);
    } while (!stands_alone(section) && end < component.defs.size() &&
             kSectionOf[component.defs[end].def.index()] == section);
    if (!stands_alone(section)) {
      Bytes counted;
      append_leb_u64(counted, end - first);
      append(counted, contents);
      contents = std::move(counted);
    }
    append_section(out, section, contents);
    first = end;
  }
  if (!named) append_name_section(out, component);
  return out;
}

}  // namespace ashlar::component
