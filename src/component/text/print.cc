// The component printer's entry points: definitions, names and references.
#include "component/text/print.h"

#include <algorithm>

#include "binary/decode.h"
#include "component/text/printer.h"

namespace ashlar::component {

namespace {

constexpr AnySort kCoreModule = core_sort(CoreSort::Module);
constexpr AnySort kComponent{Sort::Component, {}};
constexpr AnySort kValue{Sort::Value, {}};
/// Levels that lines are indented at most: deep nesting must not make the text quadratic.
constexpr uint32_t kMaxPrintIndent = 50;

/// Whether a name may stand in a comment, where it must not end it.
bool is_comment_text(std::string_view name) {
  constexpr size_t kLongest = 100;
  return !name.empty() && name.size() <= kLongest &&
         std::ranges::all_of(name, [](char c) { return c > ' ' && c < 0x7f && c != ';' && c != '(' && c != ')'; });
}

}  // namespace

/// Prints a definition, which begins in a new line, and counts what it defines.
struct DefinitionPrinter {
  ComponentPrinter& p;

  Status operator()(const CoreModuleDef& def) const { return p.core_module(def); }
  Status operator()(const CoreInstanceDef& def) const {
    p.core_instance(def);
    return {};
  }
  Status operator()(const CoreTypeDef& def) const {
    p.core_type(def, false);
    return {};
  }
  Status operator()(const std::unique_ptr<Component>& def) const { return p.nested_component(*def); }
  Status operator()(const InstanceDef& def) const {
    p.instance(def);
    return {};
  }
  Status operator()(const AliasDef& def) const {
    p.alias(def);
    return {};
  }
  Status operator()(const TypeDef& def) const {
    p.type(def);
    return {};
  }
  Status operator()(const CanonDef& def) const { return p.canon(def); }
  Status operator()(const StartDef& def) const { return p.start(def); }
  Status operator()(const ImportDef& def) const {
    p.import(def);
    return {};
  }
  Status operator()(const ExportDef& def) const {
    p.export_def(def);
    return {};
  }
  Status operator()(const ValueDef& def) const {
    p.value(def);
    return {};
  }
  Status operator()(const CustomSection& def) const { return p.custom(def); }
};

Status ComponentPrinter::print(const Component& component) {
  out_ += "(component";
  if (options_.names && !component.name.empty()) {
    const text::Ident ident = text::make_ident(component.name);
    out_ += " " + ident.id;
    if (options_.customs) out_ += ident.annotation;
  }
  TRY(definitions(component, nullptr));
  out_ += ")\n";
  return check_size();
}

Result<std::vector<std::string>> ComponentPrinter::print_each(const Component& component) {
  std::vector<std::string> out;
  shallow_ = true;
  TRY(definitions(component, &out));
  return out;
}

// `each`: gets the text of each definition, which is taken out of the whole.
Status ComponentPrinter::definitions(const Component& component, std::vector<std::string>* each) {
  PrintScope scope(scope_);
  if (options_.names) name_items(scope, component);
  PrintScope* const outside = scope_;
  scope_ = &scope;
  if (each == nullptr) ++depth_;
  Status done;
  for (const Definition& def : component.defs) {
    const size_t before = out_.size();
    done = std::visit(DefinitionPrinter{*this}, def.def);
    if (done) done = check_size();
    if (!done) break;
    if (each == nullptr) continue;
    const size_t from = std::min(out_.size(), before + 1);  // without the line's begin
    each->push_back(out_.substr(from));
    out_.resize(before);
  }
  if (each == nullptr) --depth_;
  scope_ = outside;
  return done;
}

Status ComponentPrinter::check_size() const {
  if (out_.size() <= options_.max_bytes) return {};
  return make_error(ErrorCode::implementation_limit, kNoOffset,
                    "printed text exceeds " + std::to_string(options_.max_bytes) + " bytes");
}

Status ComponentPrinter::unprintable(std::string what) const {
  return make_error(ErrorCode::text_print, kNoOffset, std::move(what));
}

// --- Names and references. ---

void ComponentPrinter::name_items(PrintScope& scope, const Component& component) const {
  for (const SortName& item : component.names) scope.names[space_index(item.sort)].emplace(item.index, item.name);
  for (size_t i = 0; i < kSpaceCount; ++i) {
    module::NameMap::Names used;
    scope.later[i] = text::make_idents(scope.names[i], ~uint32_t{0}, used);
  }
}

void ComponentPrinter::line() {
  out_ += '\n';
  out_.append(size_t{2} * std::min(depth_, kMaxPrintIndent), ' ');
}

void ComponentPrinter::bytes(std::span<const uint8_t> bytes) {
  constexpr size_t kPerLine = 64;
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (text.size() <= kPerLine) {
    out_ += ' ';
    return text::append_string(out_, text, false);
  }
  ++depth_;
  for (size_t at = 0; at < text.size(); at += kPerLine) {
    line();
    text::append_string(out_, text.substr(at, kPerLine), false);
  }
  --depth_;
}

void ComponentPrinter::extern_name(const ExternName& name) {
  out_ += ' ';
  string(name.name);
  const auto attribute = [&](std::string_view keyword, const std::optional<std::string>& value) {
    if (!value) return;
    out_ += " (" + std::string(keyword) + " ";
    string(*value);
    out_ += ')';
  };
  attribute("implements", name.implements);
  attribute("versionsuffix", name.version_suffix);
  attribute("external-id", name.external_id);
}

void ComponentPrinter::define(const AnySort& sort) {
  const size_t space = space_index(sort);
  const uint32_t index = scope_->counts[space];
  const auto ident = scope_->later[space].find(index);
  if (ident != scope_->later[space].end()) {
    if (!ident->second.id.empty()) out_ += " " + ident->second.id;
    if (options_.customs) out_ += ident->second.annotation;
  }
  out_ += " (;" + std::to_string(index) + ";)";
}

void ComponentPrinter::add(const AnySort& sort, std::string_view hint) {
  const size_t space = space_index(sort);
  const uint32_t index = scope_->counts[space]++;
  auto ident = scope_->later[space].extract(index);
  if (!ident.empty()) {
    scope_->idents[space].insert(std::move(ident));
  } else if (options_.names && is_comment_text(hint)) {
    scope_->hints[space].emplace(index, hint);
  }
}

void ComponentPrinter::ref_in(const PrintScope& scope, const AnySort& sort, uint32_t index) {
  const size_t space = space_index(sort);
  out_ += text::reference(scope.idents[space], index);
  const auto hint = scope.hints[space].find(index);
  if (hint != scope.hints[space].end()) out_ += " (;" + hint->second + ";)";
}

void ComponentPrinter::sort_ref(const AnySort& sort, uint32_t index) {
  out_ += "(" + std::string(sort_text(sort)) + " ";
  ref(sort, index);
  out_ += ')';
}

void ComponentPrinter::option(std::string_view keyword, const AnySort& sort, const std::optional<uint32_t>& index) {
  if (!index) return;
  out_ += " (" + std::string(keyword) + " ";
  ref(sort, *index);
  out_ += ')';
}

// --- Components and core modules. ---

std::optional<std::string_view> ComponentPrinter::next_name(const AnySort& sort) const {
  const size_t space = space_index(sort);
  const auto found = scope_->names[space].find(scope_->counts[space]);
  if (found == scope_->names[space].end()) return std::nullopt;
  return found->second;
}

// A module's or component's own name and the one by which its surroundings know it mostly are the same; where they are
// not, a mark says the former.
void ComponentPrinter::own_name(std::optional<std::string_view> outer, std::optional<std::string_view> inner) {
  if (!options_.names || !options_.customs || outer == inner) return;
  out_ += " (@ashlar.name";
  if (inner) {
    out_ += ' ';
    string(*inner);
  }
  out_ += ')';
}

Status ComponentPrinter::nested_component(const Component& inner) {
  line();
  out_ += "(component";
  define(kComponent);
  if (shallow_) {
    out_ += " ...)";
    add(kComponent);
    return {};
  }
  own_name(next_name(kComponent).value_or(""), inner.name);  // an empty name is none
  TRY(definitions(inner, nullptr));
  out_ += ')';
  add(kComponent);
  return {};
}

Status ComponentPrinter::core_module(const CoreModuleDef& def) {
  line();
  if (shallow_) {
    out_ += "(core module";
    define(kCoreModule);
    out_ += " ...)";
    add(kCoreModule);
    return {};
  }
  const size_t from = out_.size();
  out_ += "(core module";
  define(kCoreModule);
  binary::DecodeOptions decoding;
  decoding.features = options_.features;
  const auto decoded = binary::decode(def.bytes, def.storage, decoding);
  Status printed;
  if (decoded) printed = core_fields(**decoded, from);
  if (!printed && printed.error().code() == ErrorCode::implementation_limit) return printed;
  if (!decoded || !printed) {
    out_ += " binary";
    bytes(def.bytes);
    out_ += ')';
  }
  add(kCoreModule);
  return {};
}

// The module in place of what was written of it from `from` on.
Status ComponentPrinter::core_fields(const module::Module& m, size_t from) {
  const size_t behind_head = out_.size();
  std::optional<std::string_view> inner;
  if (m.names.module.data() != nullptr) inner = m.names.module;
  own_name(next_name(kCoreModule), inner);
  text::PrintOptions options = options_;
  options.head = out_.substr(from);
  options.max_bytes = options_.max_bytes - std::min<uint64_t>(options_.max_bytes, from);
  out_.resize(behind_head);
  TRY_ASSIGN(const std::string text, text::print(m, options));
  out_.resize(from);
  // Strings hold no line ends: each begins a line of the module, which is as deep as the definition.
  const std::string_view fields = std::string_view(text).substr(0, text.size() - 1);
  for (size_t at = 0; at < fields.size();) {
    const size_t end = std::min(fields.find('\n', at), fields.size());
    out_ += fields.substr(at, end - at);
    at = end + 1;
    if (end < fields.size()) line();
  }
  return {};
}

// --- Start, values, custom sections. ---

Status ComponentPrinter::start(const StartDef& def) {
  line();
  out_ += "(start ";
  ref({Sort::Func, {}}, def.func);
  for (const uint32_t arg : def.args) {
    out_ += ' ';
    sort_ref(kValue, arg);
  }
  for (uint32_t i = 0; i < def.results; ++i) {
    out_ += " (result (value";
    define(kValue);
    out_ += "))";
    add(kValue);
    TRY(check_size());  // nothing bounds the count
  }
  out_ += ')';
  return {};
}

void ComponentPrinter::value(const ValueDef& def) {
  line();
  out_ += "(value";
  define(kValue);
  out_ += ' ';
  type_ref(def.type);
  out_ += " (binary";
  bytes(def.bytes);
  out_ += "))";
  add(kValue);
}

Status ComponentPrinter::custom(const CustomSection& section) {
  if (!options_.customs) return {};
  line();
  out_ += "(@custom ";
  string(section.name);
  bytes(section.contents);
  out_ += ')';
  return {};
}

// --- Entry points. ---

Result<std::string> print_component(const Component& component, const text::PrintOptions& options) {
  ComponentPrinter printer(options);
  TRY(printer.print(component));
  return printer.take();
}

Result<std::vector<std::string>> print_definitions(const Component& component, const text::PrintOptions& options) {
  return ComponentPrinter(options).print_each(component);
}

}  // namespace ashlar::component
