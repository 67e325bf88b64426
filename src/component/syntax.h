// A component as its binary lists it: definitions in order, indices not yet resolved. Decoder, text parser, encoder and
// printer share it; validation and linking read it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "isa/value_type.h"
#include "module/types.h"

namespace ashlar::component {

/// Index spaces of the core language inside a component; the values are the binary's (Binary.md, core:sort).
enum class CoreSort : uint8_t {
  Func = 0x00,
  Table = 0x01,
  Memory = 0x02,
  Global = 0x03,
  Tag = 0x04,
  Type = 0x10,
  Module = 0x11,
  Instance = 0x12,
};

/// Index spaces of a component; the values are the binary's (Binary.md, sort).
enum class Sort : uint8_t { Core = 0x00, Func = 0x01, Value = 0x02, Type = 0x03, Component = 0x04, Instance = 0x05 };

/// A sort, core ones included: `core` counts when `sort` is Core.
struct AnySort {
  Sort sort = Sort::Func;
  CoreSort core = CoreSort::Func;
  bool operator==(const AnySort&) const = default;
};
struct SortIdx {
  AnySort sort;
  uint32_t index = 0;
};
struct CoreSortIdx {
  CoreSort sort = CoreSort::Func;
  uint32_t index = 0;
};

// ---- names
// -----------------------------------------------------------------------------------------------------------

/// A name of an import or export with its attributes, each at most once.
struct ExternName {
  std::string name;
  std::optional<std::string> implements;      ///< (implements "ns:pkg/interface")
  std::optional<std::string> version_suffix;  ///< (versionsuffix "...")
  std::optional<std::string> external_id;     ///< (external-id "...")
};

// ---- core types
// ------------------------------------------------------------------------------------------------------

/// An entry of a core module type: import or export of a core item. Functions and tags name a type index of the scope.
struct CoreExternType {
  module::ExternKind kind = module::ExternKind::Func;
  uint32_t type = 0;  ///< Func, Tag
  module::TableType table;
  module::MemoryType memory;
  module::GlobalType global;
};
struct CoreTypeDef;
struct CoreImportDecl {
  std::string module, name;
  CoreExternType type;
};
struct CoreExportDecl {
  std::string name;
  CoreExternType type;
};
struct CoreOuterAlias {
  uint32_t count = 0, index = 0;  ///< always of sort type
};
struct CoreModuleDecl {
  std::variant<CoreImportDecl, std::unique_ptr<CoreTypeDef>, CoreOuterAlias, CoreExportDecl> decl;
  uint32_t offset = 0;
};
struct CoreModuleType {
  std::vector<CoreModuleDecl> decls;
};
/// One entry of a core type section: a recursion group (which adds as many indices as it has members), or a module
/// type. Type indices in a group count in the core type index space of the enclosing scope.
struct CoreTypeDef {
  std::variant<std::vector<module::SubType>, CoreModuleType> def;
  bool explicit_rec = false;  ///< written as (rec ...) even when it has one member
};

// ---- value types
// -----------------------------------------------------------------------------------------------------

/// The values are the binary's (Binary.md, primvaltype).
enum class PrimType : uint8_t {
  Bool = 0x7f,
  S8 = 0x7e,
  U8 = 0x7d,
  S16 = 0x7c,
  U16 = 0x7b,
  S32 = 0x7a,
  U32 = 0x79,
  S64 = 0x78,
  U64 = 0x77,
  F32 = 0x76,
  F64 = 0x75,
  Char = 0x74,
  String = 0x73,
  ErrorContext = 0x64,
};

/// A primitive, or an index into the type index space.
struct TypeRef {
  bool is_prim = true;
  PrimType prim = PrimType::Bool;
  uint32_t index = 0;  ///< !is_prim
  static TypeRef of(PrimType p) { return {true, p, 0}; }
  static TypeRef at(uint32_t i) { return {false, PrimType::Bool, i}; }
  bool operator==(const TypeRef&) const = default;
};

struct LabelType {
  std::string label;
  TypeRef type;
};
struct CaseType {
  std::string label;
  std::optional<TypeRef> type;
};
struct RecordType {
  std::vector<LabelType> fields;
};
struct VariantType {
  std::vector<CaseType> cases;
};
struct ListType {
  TypeRef element;
  std::optional<uint32_t> length;  ///< fixed-length lists
};
struct TupleType {
  std::vector<TypeRef> types;
};
struct FlagsType {
  std::vector<std::string> labels;
};
struct EnumType {
  std::vector<std::string> labels;
};
struct OptionType {
  TypeRef type;
};
struct ResultType {
  std::optional<TypeRef> ok, error;
};
struct OwnType {
  uint32_t resource = 0;  ///< type index
};
struct BorrowType {
  uint32_t resource = 0;
};
struct StreamType {
  std::optional<TypeRef> type;
};
struct FutureType {
  std::optional<TypeRef> type;
};
struct MapType {
  TypeRef key, value;
};

// ---- types
// -----------------------------------------------------------------------------------------------------------

struct FuncTypeDef {
  bool async = false;
  std::vector<LabelType> params;
  std::optional<TypeRef> result;
};
struct ResourceTypeDef {
  isa::ValType rep;
  std::optional<uint32_t> destructor;  ///< core function
};

/// What an import or export is, as its declaration says.
struct ExternDesc {
  AnySort sort;
  /// Func, Component, Instance, core module: the type's index; Type: see below; Value: see below.
  uint32_t type = 0;
  bool sub_resource = false;          ///< Type: (sub resource) when set, else (eq type)
  std::optional<TypeRef> value_type;  ///< Value: of this type; absent: (eq type), `type` being a value index
};

struct ImportDef {
  ExternName name;
  ExternDesc desc;
};
/// An export of a component type or instance type.
struct ExportDecl {
  ExternName name;
  ExternDesc desc;
};

struct ExportAlias {
  AnySort sort;
  uint32_t instance = 0;
  std::string name;
};
/// (alias core export i "n" (core sort))
struct CoreExportAlias {
  CoreSort sort = CoreSort::Func;
  uint32_t instance = 0;
  std::string name;
};
struct OuterAlias {
  AnySort sort;
  uint32_t count = 0, index = 0;
};
struct AliasDef {
  std::variant<ExportAlias, CoreExportAlias, OuterAlias> target;
};

struct TypeDef;
/// One declaration of a component type (imports allowed) or an instance type.
struct TypeDecl {
  std::variant<std::unique_ptr<CoreTypeDef>, std::unique_ptr<TypeDef>, AliasDef, ImportDef, ExportDecl> decl;
  uint32_t offset = 0;
};
struct ComponentTypeDef {
  std::vector<TypeDecl> decls;
};
struct InstanceTypeDef {
  std::vector<TypeDecl> decls;
};
struct TypeDef {
  std::variant<PrimType, RecordType, VariantType, ListType, TupleType, FlagsType, EnumType, OptionType, ResultType,
               OwnType, BorrowType, StreamType, FutureType, MapType, FuncTypeDef, ResourceTypeDef, ComponentTypeDef,
               InstanceTypeDef>
      def;
};

// ---- canonical definitions
// -------------------------------------------------------------------------------------------

enum class StringEncoding : uint8_t { Utf8, Utf16, Latin1Utf16 };

/// Canonical options; validation refuses conflicting ones, the decoder only duplicates that this cannot hold.
struct CanonOpts {
  std::optional<StringEncoding> encoding;
  std::optional<uint32_t> memory;
  std::optional<uint32_t> realloc;
  std::optional<uint32_t> post_return;
  std::optional<uint32_t> callback;
  bool async = false;
  bool gc = false;                    ///< gated
  std::optional<uint32_t> core_type;  ///< gated (gc)
};

/// Values of Builtin are the binary's opcodes (Binary.md, canon); Lift and Lower among them.
enum class CanonOp : uint8_t {
#define CANON(id, code, text, immediates, gate) id = code,
#include "component/canon.def"
#undef CANON
};

/// One canonical definition: the opcode and whichever immediates it has (see canon.def).
struct CanonDef {
  CanonOp op = CanonOp::lift;
  uint32_t func = 0;    ///< lift: core function; lower: function
  uint32_t type = 0;    ///< lift: function type; resource, stream and future builtins: type; thread ones: core type
  uint32_t table = 0;   ///< thread.new-indirect, thread.spawn-indirect: core table
  uint32_t memory = 0;  ///< waitable-set.wait, waitable-set.poll
  uint32_t index = 0;   ///< context.get, context.set: slot
  isa::ValType value;   ///< context.get, context.set: core type
  bool async = false;   ///< subtask.cancel, *.cancel-*
  bool cancellable = false;  ///< the binary's byte; must be 0
  bool shared = false;
  std::optional<TypeRef> result;  ///< task.return
  CanonOpts opts;
};

// ---- instances, values, start
// ----------------------------------------------------------------------------------------

struct CoreInstantiateArg {
  std::string name;
  CoreSortIdx item;  ///< valid ones are instances
};
struct CoreInlineExport {
  std::string name;
  CoreSortIdx item;
};
/// Not nested in CoreInstanceDef: a variant needs its default constructor before the enclosing class is complete.
struct CoreInstantiate {
  uint32_t module = 0;
  std::vector<CoreInstantiateArg> args;
};
struct CoreInstanceDef {
  using Instantiate = CoreInstantiate;
  std::variant<Instantiate, std::vector<CoreInlineExport>> expr;
};

struct InstantiateArg {
  std::string name;
  SortIdx item;
};
struct InlineExport {
  ExternName name;
  SortIdx item;
};
struct ComponentInstantiate {
  uint32_t component = 0;
  std::vector<InstantiateArg> args;
};
struct InstanceDef {
  using Instantiate = ComponentInstantiate;
  std::variant<Instantiate, std::vector<InlineExport>> expr;
};

struct ExportDef {
  ExternName name;
  SortIdx item;
  std::optional<ExternDesc> ascribed;
};
/// Gated (values); kept so that text and binary of it round-trip.
struct StartDef {
  uint32_t func = 0;
  std::vector<uint32_t> args;
  uint32_t results = 0;
};
struct ValueDef {
  TypeRef type;
  std::vector<uint8_t> bytes;
};

// ---- components
// ------------------------------------------------------------------------------------------------------

/// A core module inside a component: its bytes, which lie in Component::storage when decoded.
struct CoreModuleDef {
  std::span<const uint8_t> bytes;
  std::shared_ptr<const void> storage;  ///< keeps `bytes` alive
};
struct CustomSection {
  std::string name;
  std::vector<uint8_t> contents;
};

struct Component;
/// One definition. Each adds to an index space as Explainer.md says (exports too).
struct Definition {
  std::variant<CoreModuleDef, CoreInstanceDef, CoreTypeDef, std::unique_ptr<Component>, InstanceDef, AliasDef, TypeDef,
               CanonDef, StartDef, ImportDef, ExportDef, ValueDef, CustomSection>
      def;
  uint32_t offset = 0;  ///< in the outermost component's bytes; 0 when made from text
};

/// Names for people, from the "component-name" custom section or the text's identifiers. Key: sort and index.
struct SortName {
  AnySort sort;
  uint32_t index = 0;
  std::string name;
};

/// A component, decoded or parsed, not validated. Move-only.
struct Component {
  std::vector<Definition> defs;
  std::string name;
  std::vector<SortName> names;
  std::span<const uint8_t> bytes;  ///< of this component, when decoded
};

}  // namespace ashlar::component
