// Core types and component types; see decoder.h.
#include <algorithm>
#include <optional>

#include "binary/type_reader.h"
#include "component/decoder.h"

namespace ashlar::component {

namespace {

constexpr uint8_t kModuleTypeCode = 0x50;
constexpr uint8_t kSubTypePrefix = 0x00;  ///< before a non-final sub type, whose code is a module type's

std::optional<PrimType> prim_from_code(uint8_t code) {
  if ((code >= static_cast<uint8_t>(PrimType::String) && code <= static_cast<uint8_t>(PrimType::Bool)) ||
      code == static_cast<uint8_t>(PrimType::ErrorContext)) {
    return PrimType{code};
  }
  return std::nullopt;
}

/// One-byte negative numbers are codes, not indices.
bool is_type_code(uint8_t byte) { return byte >= 0x40 && byte < 0x80; }

}  // namespace

// --- core types

CoreTypeDef Decoder::core_type() {
  CoreTypeDef out;
  const uint8_t code = in_.peek();
  if (code == kModuleTypeCode) {
    in_.u8();
    out.def = core_module_type();
    return out;
  }
  if (code == kSubTypePrefix) {
    const size_t at = in_.pos();
    in_.u8();
    if (in_.peek() != isa::kSubTypeCode) malformed("core type", at, code);
  }
  return core_rec_type();
}

CoreTypeDef Decoder::core_rec_type() {
  CoreTypeDef out;
  const uint8_t code = in_.peek();
  if (code == isa::kRecTypeCode && features_.has(isa::Feature::gc)) {
    in_.u8();
    out.explicit_rec = true;
    out.def = list("types in a recursion group", [&] { return sub_type(); });
  } else {
    out.def.emplace<std::vector<module::SubType>>().push_back(sub_type());
  }
  return out;
}

CoreModuleType Decoder::core_module_type() {
  const Nested nested(*this);
  return {list("declarations of a module type", [&] { return core_module_decl(); })};
}

CoreModuleDecl Decoder::core_module_decl() {
  CoreModuleDecl out;
  const size_t at = in_.pos();
  out.offset = static_cast<uint32_t>(at);
  switch (const uint8_t code = in_.u8()) {
    case 0x00: {
      CoreImportDecl decl;
      decl.module = text();
      decl.name = text();
      decl.type = core_extern_type();
      out.decl = std::move(decl);
      break;
    }
    case 0x01:
      out.decl = std::make_unique<CoreTypeDef>(core_rec_type());
      break;
    case 0x02: {
      const uint8_t sort = in_.u8();
      if (sort != static_cast<uint8_t>(CoreSort::Type)) malformed("sort of an alias in a module type", at + 1, sort);
      const uint8_t target = in_.u8();
      if (target != 0x01) malformed("target of an alias in a module type", at + 2, target);
      CoreOuterAlias alias;
      alias.count = in_.leb_u32();
      alias.index = in_.leb_u32();
      out.decl = alias;
      break;
    }
    case 0x03: {
      CoreExportDecl decl;
      decl.name = text();
      decl.type = core_extern_type();
      out.decl = std::move(decl);
      break;
    }
    default:
      malformed("declaration of a module type", at, code);
  }
  return out;
}

CoreExternType Decoder::core_extern_type() {
  CoreExternType out;
  const size_t at = in_.pos();
  const uint8_t kind = in_.u8();
  if (in_.ok() && kind > static_cast<uint8_t>(module::ExternKind::Tag)) {
    in_.fail_at(ErrorCode::malformed_import_kind, at, binary::hex_byte(kind));
  }
  if (!in_.ok()) return out;
  out.kind = module::ExternKind{kind};
  switch (out.kind) {
    case module::ExternKind::Func:
      out.type = in_.leb_u32();
      break;
    case module::ExternKind::Table:
      out.table = table_type();
      break;
    case module::ExternKind::Memory:
      out.memory = memory_type();
      break;
    case module::ExternKind::Global:
      out.global = global_type();
      break;
    case module::ExternKind::Tag:
      out.type = tag_type().type;
      break;
  }
  return out;
}

// --- value types

TypeRef Decoder::type_ref() {
  const size_t at = in_.pos();
  const uint8_t code = in_.peek();
  if (is_type_code(code)) {
    in_.u8();
    const std::optional<PrimType> prim = prim_from_code(code);
    if (!prim) malformed("value type", at, code);
    return TypeRef::of(prim.value_or(PrimType::Bool));
  }
  const int64_t index = in_.leb_s33();
  if (index < 0) malformed("value type", at, code);
  return TypeRef::at(static_cast<uint32_t>(index));
}

std::optional<TypeRef> Decoder::optional_type_ref(std::string_view what) {
  if (!flag(what)) return std::nullopt;
  return type_ref();
}

LabelType Decoder::label_type() {
  LabelType out;
  out.label = text();
  out.type = type_ref();
  return out;
}

CaseType Decoder::case_type() {
  CaseType out;
  out.label = text();
  out.type = optional_type_ref("payload of a variant case");
  const size_t at = in_.pos();
  const uint8_t zero = in_.u8();
  if (zero != 0) malformed("end of a variant case", at, zero);
  return out;
}

void Decoder::value_type(TypeDef& out, uint8_t code, size_t at) {
  switch (code) {
    case 0x72:
      out.def = RecordType{list("fields", [&] { return label_type(); })};
      return;
    case 0x71:
      out.def = VariantType{list("cases", [&] { return case_type(); })};
      return;
    case 0x70:
      out.def = ListType{type_ref(), std::nullopt};
      return;
    case 0x67: {
      const TypeRef element = type_ref();
      out.def = ListType{element, in_.leb_u32()};
      return;
    }
    case 0x6f:
      out.def = TupleType{list("elements of a tuple", [&] { return type_ref(); })};
      return;
    case 0x6e:
      out.def = FlagsType{list("flags", [&] { return text(); })};
      return;
    case 0x6d:
      out.def = EnumType{list("enumerators", [&] { return text(); })};
      return;
    case 0x6b:
      out.def = OptionType{type_ref()};
      return;
    case 0x6a: {
      ResultType result;
      result.ok = optional_type_ref("result type");
      result.error = optional_type_ref("result type");
      out.def = result;
      return;
    }
    case 0x69:
      out.def = OwnType{in_.leb_u32()};
      return;
    case 0x68:
      out.def = BorrowType{in_.leb_u32()};
      return;
    case 0x66:
      out.def = StreamType{optional_type_ref("stream type")};
      return;
    case 0x65:
      out.def = FutureType{optional_type_ref("future type")};
      return;
    case 0x63: {
      MapType map;
      map.key = type_ref();
      map.value = type_ref();
      out.def = map;
      return;
    }
    default:
      malformed("type", at, code);
  }
}

// --- definitions of types

TypeDef Decoder::type() {
  TypeDef out;
  const size_t at = in_.pos();
  const uint8_t code = in_.u8();
  if (!in_.ok()) return out;
  if (const std::optional<PrimType> prim = prim_from_code(code)) {
    out.def = *prim;
    return out;
  }
  switch (code) {
    case 0x3f:
      out.def = resource_type();
      break;
    case 0x40:
    case 0x43:
      out.def = func_type(code == 0x43);
      break;
    case 0x41:
      out.def = ComponentTypeDef{type_decls(true)};
      break;
    case 0x42:
      out.def = InstanceTypeDef{type_decls(false)};
      break;
    default:
      value_type(out, code, at);
  }
  return out;
}

std::optional<TypeRef> Decoder::result_list() {
  const size_t at = in_.pos();
  const uint8_t code = in_.u8();
  if (code == 0x00) return type_ref();
  if (code != 0x01) {
    malformed("result list", at, code);
    return std::nullopt;
  }
  const uint8_t none = in_.u8();
  if (none != 0x00) malformed("number of results", at + 1, none);
  return std::nullopt;
}

FuncTypeDef Decoder::func_type(bool async) {
  FuncTypeDef out;
  out.async = async;
  out.params = list("parameters", [&] { return label_type(); });
  out.result = result_list();
  return out;
}

ResourceTypeDef Decoder::resource_type() {
  ResourceTypeDef out;
  out.rep = binary::read_val_type(in_, features_);
  if (flag("destructor")) out.destructor = in_.leb_u32();
  return out;
}

std::vector<TypeDecl> Decoder::type_decls(bool imports) {
  const Nested nested(*this);
  return list("declarations of a type", [&] { return type_decl(imports); });
}

TypeDecl Decoder::type_decl(bool imports) {
  TypeDecl out;
  const size_t at = in_.pos();
  out.offset = static_cast<uint32_t>(at);
  const uint8_t code = in_.u8();
  if (code == 0x00 && in_.ok()) {
    out.decl = std::make_unique<CoreTypeDef>(core_type());
  } else if (code == 0x01) {
    out.decl = std::make_unique<TypeDef>(type());
  } else if (code == 0x02) {
    out.decl = alias();
  } else if (code == 0x03 && imports) {
    out.decl = import();
  } else if (code == 0x04) {
    ExternName export_name = extern_name();
    out.decl = ExportDecl{std::move(export_name), extern_desc()};
  } else if (in_.ok()) {
    malformed(imports ? "declaration of a component type" : "declaration of an instance type", at, code);
  }
  return out;
}

ExternDesc Decoder::extern_desc() {
  ExternDesc out;
  const size_t at = in_.pos();
  out.sort = sort();
  if (!in_.ok()) return out;
  if (out.sort.sort == Sort::Core && out.sort.core != CoreSort::Module) {
    malformed("core sort of an import or export", at + 1, static_cast<uint8_t>(out.sort.core));
    return out;
  }
  if (out.sort.sort != Sort::Type && out.sort.sort != Sort::Value) {
    out.type = in_.leb_u32();
    return out;
  }
  const bool is_type = out.sort.sort == Sort::Type;
  const bool second = flag(is_type ? "bound of a type" : "bound of a value");
  if (is_type) {
    out.sub_resource = second;
    if (!second) out.type = in_.leb_u32();
  } else if (second) {
    out.value_type = type_ref();
  } else {
    out.type = in_.leb_u32();
  }
  return out;
}

}  // namespace ashlar::component
