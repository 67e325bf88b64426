// Instances, aliases, imports, exports and canonical definitions of the component printer.
#include "component/canon_table.h"
#include "component/text/printer.h"
#include "component/text/string_encodings.h"

namespace ashlar::component {

namespace {

constexpr AnySort kFunc{Sort::Func, {}};
constexpr AnySort kType{Sort::Type, {}};
constexpr AnySort kInstance{Sort::Instance, {}};
constexpr AnySort kComponent{Sort::Component, {}};
constexpr AnySort kCoreFunc = core_sort(CoreSort::Func);
constexpr AnySort kCoreMemory = core_sort(CoreSort::Memory);
constexpr AnySort kCoreType = core_sort(CoreSort::Type);
constexpr AnySort kCoreInstance = core_sort(CoreSort::Instance);

/// Within core instances, sorts go without "core".
std::string_view core_keyword(CoreSort sort) {
  constexpr std::string_view kPrefix = "core ";
  return sort_text(core_sort(sort)).substr(kPrefix.size());
}

}  // namespace

// --- Instances. ---

void ComponentPrinter::core_instance(const CoreInstanceDef& def) {
  line();
  out_ += "(core instance";
  define(kCoreInstance);
  const auto item = [&](std::string_view keyword, std::string_view name, const CoreSortIdx& item) {
    line();
    out_ += "(" + std::string(keyword) + " ";
    string(name);
    out_ += " (" + std::string(core_keyword(item.sort)) + " ";
    ref(core_sort(item.sort), item.index);
    out_ += "))";
  };
  ++depth_;
  if (const auto* made = std::get_if<CoreInstantiate>(&def.expr)) {
    out_ += " (instantiate ";
    ref(core_sort(CoreSort::Module), made->module);
    for (const CoreInstantiateArg& arg : made->args) item("with", arg.name, arg.item);
    out_ += ')';
  } else {
    for (const auto& e : std::get<std::vector<CoreInlineExport>>(def.expr)) item("export", e.name, e.item);
  }
  --depth_;
  out_ += ')';
  add(kCoreInstance);
}

void ComponentPrinter::instance(const InstanceDef& def) {
  line();
  out_ += "(instance";
  define(kInstance);
  ++depth_;
  if (const auto* made = std::get_if<ComponentInstantiate>(&def.expr)) {
    out_ += " (instantiate ";
    ref(kComponent, made->component);
    for (const InstantiateArg& arg : made->args) {
      line();
      out_ += "(with ";
      string(arg.name);
      out_ += ' ';
      sort_ref(arg.item.sort, arg.item.index);
      out_ += ')';
    }
    out_ += ')';
  } else {
    for (const auto& e : std::get<std::vector<InlineExport>>(def.expr)) {
      line();
      out_ += "(export";
      extern_name(e.name);
      out_ += ' ';
      sort_ref(e.item.sort, e.item.index);
      out_ += ')';
    }
  }
  --depth_;
  out_ += ')';
  add(kInstance);
}

// --- Aliases, imports and exports. ---

void ComponentPrinter::alias(const AliasDef& def) {
  line();
  out_ += "(alias ";
  AnySort sort;
  std::string_view hint;
  const auto of_instance = [&](const AnySort& instances, uint32_t instance, const std::string& name) {
    ref(instances, instance);
    out_ += ' ';
    string(name);
    hint = name;
  };
  if (const auto* target = std::get_if<ExportAlias>(&def.target)) {
    sort = target->sort;
    out_ += "export ";
    of_instance(kInstance, target->instance, target->name);
  } else if (const auto* target = std::get_if<CoreExportAlias>(&def.target)) {
    sort = core_sort(target->sort);
    out_ += "core export ";
    of_instance(kCoreInstance, target->instance, target->name);
  } else {
    const OuterAlias& outer = std::get<OuterAlias>(def.target);
    sort = outer.sort;
    out_ += "outer " + std::to_string(outer.count) + " ";
    const PrintScope* scope = scope_;
    for (uint32_t i = 0; i < outer.count && scope != nullptr; ++i) scope = scope->parent;
    if (scope != nullptr) {
      ref_in(*scope, sort, outer.index);
    } else {
      out_ += std::to_string(outer.index);
    }
  }
  out_ += " (" + std::string(sort_text(sort));
  define(sort);
  out_ += "))";
  add(sort, hint);
}

void ComponentPrinter::extern_desc(const ExternDesc& desc, bool defines) {
  out_ += " (" + std::string(sort_text(desc.sort));
  if (defines) define(desc.sort);
  const bool is_core = desc.sort.sort == Sort::Core;
  if (desc.sort.sort == Sort::Type && desc.sub_resource) {
    out_ += " (sub resource)";
  } else if (desc.sort.sort == Sort::Value && desc.value_type) {
    out_ += ' ';
    type_ref(*desc.value_type);
  } else if (desc.sort.sort == Sort::Type || desc.sort.sort == Sort::Value) {
    option("eq", desc.sort, desc.type);
  } else {
    option("type", is_core ? kCoreType : kType, desc.type);
  }
  out_ += ')';
}

void ComponentPrinter::import(const ImportDef& def) {
  line();
  out_ += "(import";
  extern_name(def.name);
  extern_desc(def.desc, true);
  out_ += ')';
  add(def.desc.sort, def.name.name);
}

void ComponentPrinter::export_def(const ExportDef& def) {
  line();
  out_ += "(export";
  define(def.item.sort);
  extern_name(def.name);
  out_ += ' ';
  sort_ref(def.item.sort, def.item.index);
  if (def.ascribed) extern_desc(*def.ascribed, false);
  out_ += ')';
  add(def.item.sort, def.name.name);
}

// --- Canonical definitions. ---

Status ComponentPrinter::canon(const CanonDef& def) {
  const bool is_lift = def.op == CanonOp::lift;
  const AnySort& sort = is_lift ? kFunc : kCoreFunc;
  line();
  out_ += "(canon " + std::string(info(def.op).name);
  TRY(canon_immediates(def));
  out_ += " (" + std::string(sort_text(sort));
  define(sort);
  if (is_lift) option("type", kType, def.type);
  out_ += "))";
  add(sort);
  return {};
}

// What stands behind the operation's name; the shapes are canon.def's.
Status ComponentPrinter::canon_immediates(const CanonDef& def) {
  const auto type = [&](const AnySort& sort) {
    out_ += ' ';
    ref(sort, def.type);
  };
  const auto table = [&] { option("core table", core_sort(CoreSort::Table), def.table); };
  const auto word = [&](std::string_view text, bool given) {
    if (given) out_ += " " + std::string(text);
  };
  const CanonImmediates shape = info(def.op).immediates;
  if (def.cancellable) return unprintable(std::string(info(def.op).name) + ": the byte for cancellable is not 0");
  switch (shape) {
    case CanonImmediates::Lift:
      out_ += ' ';
      sort_ref(kCoreFunc, def.func);
      canon_opts(def.opts);
      return {};
    case CanonImmediates::Lower:
      out_ += ' ';
      sort_ref(kFunc, def.func);
      canon_opts(def.opts);
      return {};
    case CanonImmediates::None:
    case CanonImmediates::Cancel:
      return {};
    case CanonImmediates::Result_Opts:
      if (def.result) {
        out_ += " (result ";
        type_ref(*def.result);
        out_ += ')';
      }
      canon_opts(def.opts);
      return {};
    case CanonImmediates::Context:
      out_ += ' ';
      text::TypePrinter(scope_->idents[space_index(kCoreType)]).val_type(out_, def.value);
      out_ += " " + std::to_string(def.index);
      return {};
    case CanonImmediates::Async:
      word("async", def.async);
      return {};
    case CanonImmediates::Type:
    case CanonImmediates::Type_Opts:
    case CanonImmediates::Type_Async:
      type(kType);
      word("async", shape == CanonImmediates::Type_Async && def.async);
      if (shape == CanonImmediates::Type_Opts) canon_opts(def.opts);
      return {};
    case CanonImmediates::Opts:
      canon_opts(def.opts);
      return {};
    case CanonImmediates::Memory:
      option("memory", kCoreMemory, def.memory);
      return {};
    case CanonImmediates::ThreadIndirect:
      type(kCoreType);
      table();
      return {};
    case CanonImmediates::Shared:
    case CanonImmediates::SharedType:
    case CanonImmediates::SharedTypeTable:
      word("shared", def.shared);
      if (shape != CanonImmediates::Shared) type(kCoreType);
      if (shape == CanonImmediates::SharedTypeTable) table();
      return {};
  }
  return {};
}

void ComponentPrinter::canon_opts(const CanonOpts& opts) {
  for (const EncodingName& row : kEncodingNames) {
    if (opts.encoding == row.encoding) out_ += " " + std::string(row.text);
  }
  option("memory", kCoreMemory, opts.memory);
  option("realloc", kCoreFunc, opts.realloc);
  option("post-return", kCoreFunc, opts.post_return);
  if (opts.async) out_ += " async";
  option("callback", kCoreFunc, opts.callback);
  if (opts.gc) out_ += " gc";
  option("core-type", kCoreType, opts.core_type);
}

}  // namespace ashlar::component
