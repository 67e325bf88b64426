// Types of the component printer, core ones included.
#include "component/text/prim_names.h"
#include "component/text/printer.h"

namespace ashlar::component {

namespace {

constexpr AnySort kType{Sort::Type, {}};
constexpr AnySort kCoreType = core_sort(CoreSort::Type);

std::string_view prim_text(PrimType type) {
  for (const PrimName& row : kPrimNames) {
    if (row.type == type) return row.text;
  }
  return {};  // not reached: the decoder knows the same types
}

}  // namespace

void ComponentPrinter::type_ref(const TypeRef& type) {
  if (type.is_prim) {
    out_ += prim_text(type.prim);
  } else {
    ref(kType, type.index);
  }
}

// --- Core types. ---

// A recursion group's members may name one another: they are counted first.
void ComponentPrinter::core_type(const CoreTypeDef& def, bool in_module_type) {
  line();
  const std::string open = in_module_type ? "(" : "(core ";
  if (const auto* module = std::get_if<CoreModuleType>(&def.def)) {
    out_ += open + "type";
    define(kCoreType);
    out_ += " (module";
    module_type(*module);
    out_ += "))";
    return add(kCoreType);
  }
  const auto& members = std::get<std::vector<module::SubType>>(def.def);
  const bool is_group = members.size() != 1 || def.explicit_rec;
  std::vector<std::string> heads;
  for (size_t i = 0; i < members.size(); ++i) {
    const size_t from = out_.size();
    define(kCoreType);
    heads.push_back(out_.substr(from));
    out_.resize(from);
    add(kCoreType);
  }
  const text::TypePrinter printer(scope_->idents[space_index(kCoreType)]);
  if (is_group) out_ += open + "rec";
  ++depth_;
  for (size_t i = 0; i < members.size(); ++i) {
    if (is_group) line();
    out_ += (is_group ? "(type" : open + "type") + heads[i] + " ";
    printer.sub_type(out_, members[i], nullptr, options_.customs);
    out_ += ')';
  }
  --depth_;
  if (is_group) out_ += ')';
}

struct CoreDeclPrinter {
  ComponentPrinter& p;

  void operator()(const CoreImportDecl& decl) const {
    p.line();
    p.out_ += "(import ";
    p.string(decl.module);
    p.out_ += ' ';
    p.string(decl.name);
    p.core_extern(decl.type);
    p.out_ += ')';
  }
  void operator()(const std::unique_ptr<CoreTypeDef>& decl) const { p.core_type(*decl, true); }
  void operator()(const CoreOuterAlias& decl) const {
    p.alias(AliasDef{OuterAlias{kCoreType, decl.count, decl.index}});
  }
  void operator()(const CoreExportDecl& decl) const {
    p.line();
    p.out_ += "(export ";
    p.string(decl.name);
    p.core_extern(decl.type);
    p.out_ += ')';
  }
};

void ComponentPrinter::module_type(const CoreModuleType& type) {
  PrintScope scope(scope_);
  scope_ = &scope;
  ++depth_;
  for (const CoreModuleDecl& decl : type.decls) std::visit(CoreDeclPrinter{*this}, decl.decl);
  --depth_;
  scope_ = scope.parent;
}

void ComponentPrinter::core_extern(const CoreExternType& type) {
  const text::TypePrinter printer(scope_->idents[space_index(kCoreType)]);
  out_ += " (" + std::string(text::extern_keyword(type.kind));
  switch (type.kind) {
    case module::ExternKind::Func:
    case module::ExternKind::Tag:
      option("type", kCoreType, type.type);
      break;
    case module::ExternKind::Table:
      printer.table_type(out_, type.table);
      break;
    case module::ExternKind::Memory:
      printer.memory_type(out_, type.memory);
      break;
    case module::ExternKind::Global:
      printer.global_type(out_, type.global);
      break;
  }
  out_ += ')';
}

// --- Types. ---

/// Writes a type as a definition has it: " u32", " (record ...)".
struct ValueTypePrinter {
  ComponentPrinter& p;

  void open(std::string_view keyword) const { p.out_ += " (" + std::string(keyword); }
  void close() const { p.out_ += ')'; }
  void item(const TypeRef& type) const {
    p.out_ += ' ';
    p.type_ref(type);
  }
  /// Few members stand in one line.
  void separate(size_t count) const {
    constexpr size_t kInOneLine = 3;
    if (count <= kInOneLine) {
      p.out_ += ' ';
      return;
    }
    ++p.depth_;
    p.line();
    --p.depth_;
  }
  void labelled(std::string_view keyword, const std::vector<LabelType>& items) const {
    for (const LabelType& entry : items) {
      separate(items.size());
      p.out_ += "(" + std::string(keyword) + " ";
      p.string(entry.label);
      item(entry.type);
      close();
    }
  }
  void labels(std::string_view keyword, const std::vector<std::string>& labels) const {
    open(keyword);
    for (const std::string& label : labels) {
      separate(labels.size());
      p.string(label);
    }
    close();
  }
  void wrapped(std::string_view keyword, const std::optional<TypeRef>& type) const {
    open(keyword);
    if (type) item(*type);
    close();
  }

  void operator()(PrimType type) const { item(TypeRef::of(type)); }
  void operator()(const RecordType& type) const {
    open("record");
    labelled("field", type.fields);
    close();
  }
  void operator()(const VariantType& type) const {
    open("variant");
    for (const CaseType& entry : type.cases) {
      separate(type.cases.size());
      p.out_ += "(case ";
      p.string(entry.label);
      if (entry.type) item(*entry.type);
      close();
    }
    close();
  }
  void operator()(const ListType& type) const {
    open("list");
    item(type.element);
    if (type.length) p.out_ += " " + std::to_string(*type.length);
    close();
  }
  void operator()(const TupleType& type) const {
    open("tuple");
    for (const TypeRef& entry : type.types) item(entry);
    close();
  }
  void operator()(const FlagsType& type) const { labels("flags", type.labels); }
  void operator()(const EnumType& type) const { labels("enum", type.labels); }
  void operator()(const OptionType& type) const { wrapped("option", type.type); }
  void operator()(const ResultType& type) const {
    open("result");
    if (type.ok) item(*type.ok);
    if (type.error) wrapped("error", type.error);
    close();
  }
  void operator()(const OwnType& type) const { wrapped("own", TypeRef::at(type.resource)); }
  void operator()(const BorrowType& type) const { wrapped("borrow", TypeRef::at(type.resource)); }
  void operator()(const StreamType& type) const { wrapped("stream", type.type); }
  void operator()(const FutureType& type) const { wrapped("future", type.type); }
  void operator()(const MapType& type) const {
    open("map");
    item(type.key);
    item(type.value);
    close();
  }
  void operator()(const FuncTypeDef& type) const {
    open(type.async ? "func async" : "func");
    labelled("param", type.params);
    if (type.result) wrapped("result", type.result);
    close();
  }
  void operator()(const ResourceTypeDef& type) const {
    open("resource (rep ");
    text::TypePrinter(p.scope_->idents[space_index(kCoreType)]).val_type(p.out_, type.rep);
    close();
    if (type.destructor) {
      p.out_ += " (dtor (func ";
      p.ref(core_sort(CoreSort::Func), *type.destructor);
      p.out_ += "))";
    }
    close();
  }
  void operator()(const ComponentTypeDef& type) const {
    open("component");
    p.decls(type.decls);
    close();
  }
  void operator()(const InstanceTypeDef& type) const {
    open("instance");
    p.decls(type.decls);
    close();
  }
};

void ComponentPrinter::type(const TypeDef& def) {
  line();
  out_ += "(type";
  define(kType);
  std::visit(ValueTypePrinter{*this}, def.def);
  out_ += ')';
  add(kType);
}

struct DeclPrinter {
  ComponentPrinter& p;

  void operator()(const std::unique_ptr<CoreTypeDef>& decl) const { p.core_type(*decl, false); }
  void operator()(const std::unique_ptr<TypeDef>& decl) const { p.type(*decl); }
  void operator()(const AliasDef& decl) const { p.alias(decl); }
  void operator()(const ImportDef& decl) const { p.import(decl); }
  void operator()(const ExportDecl& decl) const {
    p.line();
    p.out_ += "(export";
    p.extern_name(decl.name);
    p.extern_desc(decl.desc, true);
    p.out_ += ')';
    p.add(decl.desc.sort, decl.name.name);
  }
};

void ComponentPrinter::decls(const std::vector<TypeDecl>& decls) {
  PrintScope scope(scope_);
  scope_ = &scope;
  ++depth_;
  for (const TypeDecl& decl : decls) std::visit(DeclPrinter{*this}, decl.decl);
  --depth_;
  scope_ = scope.parent;
}

}  // namespace ashlar::component
