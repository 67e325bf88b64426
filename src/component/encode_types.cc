// Types, names and aliases of the component encoder; see encode_types.h.
#include "component/encode_types.h"

#include "base/leb128.h"
#include "binary/type_writer.h"

namespace ashlar::component {

using base::append_leb_u32;
using base::append_leb_u64;
using binary::append_name;
using binary::Bytes;

namespace {

void append_labels(Bytes& out, const std::vector<std::string>& labels) {
  append_leb_u64(out, labels.size());
  for (const std::string& label : labels) append_name(out, label);
}

void append_fields(Bytes& out, const std::vector<LabelType>& fields) {
  append_leb_u64(out, fields.size());
  for (const LabelType& field : fields) {
    append_name(out, field.label);
    append_type_ref(out, field.type);
  }
}

void append_optional(Bytes& out, const std::optional<TypeRef>& type) {
  out.push_back(type ? 1 : 0);
  if (type) append_type_ref(out, *type);
}

// --- core types

void append_core_extern(Bytes& out, const CoreExternType& type) {
  out.push_back(static_cast<uint8_t>(type.kind));
  switch (type.kind) {
    case module::ExternKind::Func:
      return append_leb_u32(out, type.type);
    case module::ExternKind::Table:
      return binary::append_table_type(out, type.table);
    case module::ExternKind::Memory:
      return binary::append_memory_type(out, type.memory);
    case module::ExternKind::Global:
      return binary::append_global_type(out, type.global);
    case module::ExternKind::Tag:
      return binary::append_tag_type(out, {type.type});
  }
}

struct CoreDeclWriter {
  Bytes& out;

  void operator()(const CoreImportDecl& decl) const {
    out.push_back(0);
    append_name(out, decl.module);
    append_name(out, decl.name);
    append_core_extern(out, decl.type);
  }
  void operator()(const std::unique_ptr<CoreTypeDef>& decl) const {
    out.push_back(1);
    append_core_type(out, *decl, CoreTypePlace::ModuleType);
  }
  void operator()(const CoreOuterAlias& decl) const {
    constexpr uint8_t kOuter = 1;
    out.push_back(2);
    out.push_back(static_cast<uint8_t>(CoreSort::Type));
    out.push_back(kOuter);
    append_leb_u32(out, decl.count);
    append_leb_u32(out, decl.index);
  }
  void operator()(const CoreExportDecl& decl) const {
    out.push_back(3);
    append_name(out, decl.name);
    append_core_extern(out, decl.type);
  }
};

void append_module_type(Bytes& out, const CoreModuleType& type) {
  constexpr uint8_t kModuleTypeCode = 0x50;
  out.push_back(kModuleTypeCode);
  append_leb_u64(out, type.decls.size());
  for (const CoreModuleDecl& decl : type.decls) std::visit(CoreDeclWriter{out}, decl.decl);
}

// --- types

struct DeclWriter {
  Bytes& out;

  void operator()(const std::unique_ptr<CoreTypeDef>& decl) const {
    out.push_back(0);
    append_core_type(out, *decl);
  }
  void operator()(const std::unique_ptr<TypeDef>& decl) const {
    out.push_back(1);
    append_type(out, *decl);
  }
  void operator()(const AliasDef& decl) const {
    out.push_back(2);
    append_alias(out, decl);
  }
  void operator()(const ImportDef& decl) const {
    out.push_back(3);
    append_extern_name(out, decl.name);
    append_extern_desc(out, decl.desc);
  }
  void operator()(const ExportDecl& decl) const {
    out.push_back(4);
    append_extern_name(out, decl.name);
    append_extern_desc(out, decl.desc);
  }
};

void append_decls(Bytes& out, const std::vector<TypeDecl>& decls) {
  append_leb_u64(out, decls.size());
  for (const TypeDecl& decl : decls) std::visit(DeclWriter{out}, decl.decl);
}

/// The codes are Binary.md's (defvaltype, functype, ...).
struct TypeWriter {
  Bytes& out;

  void operator()(PrimType type) const { out.push_back(static_cast<uint8_t>(type)); }
  void operator()(const RecordType& type) const {
    out.push_back(0x72);
    append_fields(out, type.fields);
  }
  void operator()(const VariantType& type) const {
    out.push_back(0x71);
    append_leb_u64(out, type.cases.size());
    for (const CaseType& item : type.cases) {
      append_name(out, item.label);
      append_optional(out, item.type);
      out.push_back(0);
    }
  }
  void operator()(const ListType& type) const {
    out.push_back(type.length ? 0x67 : 0x70);
    append_type_ref(out, type.element);
    if (type.length) append_leb_u32(out, *type.length);
  }
  void operator()(const TupleType& type) const {
    out.push_back(0x6f);
    append_leb_u64(out, type.types.size());
    for (const TypeRef& item : type.types) append_type_ref(out, item);
  }
  void operator()(const FlagsType& type) const {
    out.push_back(0x6e);
    append_labels(out, type.labels);
  }
  void operator()(const EnumType& type) const {
    out.push_back(0x6d);
    append_labels(out, type.labels);
  }
  void operator()(const OptionType& type) const {
    out.push_back(0x6b);
    append_type_ref(out, type.type);
  }
  void operator()(const ResultType& type) const {
    out.push_back(0x6a);
    append_optional(out, type.ok);
    append_optional(out, type.error);
  }
  void operator()(const OwnType& type) const {
    out.push_back(0x69);
    append_leb_u32(out, type.resource);
  }
  void operator()(const BorrowType& type) const {
    out.push_back(0x68);
    append_leb_u32(out, type.resource);
  }
  void operator()(const StreamType& type) const {
    out.push_back(0x66);
    append_optional(out, type.type);
  }
  void operator()(const FutureType& type) const {
    out.push_back(0x65);
    append_optional(out, type.type);
  }
  void operator()(const MapType& type) const {
    out.push_back(0x63);
    append_type_ref(out, type.key);
    append_type_ref(out, type.value);
  }
  void operator()(const FuncTypeDef& type) const {
    out.push_back(type.async ? 0x43 : 0x40);
    append_fields(out, type.params);
    out.push_back(type.result ? 0 : 1);
    if (type.result) {
      append_type_ref(out, *type.result);
    } else {
      out.push_back(0);
    }
  }
  void operator()(const ResourceTypeDef& type) const {
    out.push_back(0x3f);
    binary::append_val_type(out, type.rep);
    out.push_back(type.destructor ? 1 : 0);
    if (type.destructor) append_leb_u32(out, *type.destructor);
  }
  void operator()(const ComponentTypeDef& type) const {
    out.push_back(0x41);
    append_decls(out, type.decls);
  }
  void operator()(const InstanceTypeDef& type) const {
    out.push_back(0x42);
    append_decls(out, type.decls);
  }
};

}  // namespace

void append_sort(Bytes& out, const AnySort& sort) {
  out.push_back(static_cast<uint8_t>(sort.sort));
  if (sort.sort == Sort::Core) out.push_back(static_cast<uint8_t>(sort.core));
}

void append_extern_name(Bytes& out, const ExternName& name) {
  const uint32_t attributes =
      (name.implements ? 1u : 0u) + (name.version_suffix ? 1u : 0u) + (name.external_id ? 1u : 0u);
  out.push_back(attributes != 0 ? 2 : 0);
  append_name(out, name.name);
  if (attributes == 0) return;
  append_leb_u32(out, attributes);
  const auto attribute = [&](uint8_t code, const std::optional<std::string>& value) {
    if (!value) return;
    out.push_back(code);
    append_name(out, *value);
  };
  attribute(0, name.implements);
  attribute(1, name.version_suffix);
  attribute(2, name.external_id);
}

void append_extern_desc(Bytes& out, const ExternDesc& desc) {
  constexpr uint8_t kEq = 0, kOther = 1;
  append_sort(out, desc.sort);
  if (desc.sort.sort == Sort::Value) {
    out.push_back(desc.value_type ? kOther : kEq);
    if (desc.value_type) return append_type_ref(out, *desc.value_type);
  } else if (desc.sort.sort == Sort::Type) {
    out.push_back(desc.sub_resource ? kOther : kEq);
    if (desc.sub_resource) return;
  }
  append_leb_u32(out, desc.type);
}

void append_type_ref(Bytes& out, const TypeRef& type) {
  if (type.is_prim) return out.push_back(static_cast<uint8_t>(type.prim));
  base::append_leb_s64(out, type.index);
}

void append_type(Bytes& out, const TypeDef& type) { std::visit(TypeWriter{out}, type.def); }

void append_core_type(Bytes& out, const CoreTypeDef& type, CoreTypePlace place) {
  if (const auto* module_type = std::get_if<CoreModuleType>(&type.def)) return append_module_type(out, *module_type);
  const auto& group = std::get<std::vector<module::SubType>>(type.def);
  if (type.explicit_rec || group.size() != 1) {
    out.push_back(isa::kRecTypeCode);
    append_leb_u64(out, group.size());
  } else if (!group[0].is_final && place == CoreTypePlace::Component) {
    out.push_back(0);  // 0x50 alone would begin a module type
  }
  for (const module::SubType& member : group) binary::append_sub_type(out, member);
}

void append_alias(Bytes& out, const AliasDef& alias) {
  if (const auto* of_export = std::get_if<ExportAlias>(&alias.target)) {
    append_sort(out, of_export->sort);
    out.push_back(0);
    append_leb_u32(out, of_export->instance);
    append_name(out, of_export->name);
  } else if (const auto* of_core = std::get_if<CoreExportAlias>(&alias.target)) {
    append_sort(out, {Sort::Core, of_core->sort});
    out.push_back(1);
    append_leb_u32(out, of_core->instance);
    append_name(out, of_core->name);
  } else {
    const auto& outer = std::get<OuterAlias>(alias.target);
    append_sort(out, outer.sort);
    out.push_back(2);
    append_leb_u32(out, outer.count);
    append_leb_u32(out, outer.index);
  }
}

}  // namespace ashlar::component
