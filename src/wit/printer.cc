// Layout of items; see printer.h.
#include "wit/printer.h"

#include <algorithm>
#include <utility>

#include "wit/type_text.h"

namespace ashlar::wit {

void Printer::line(std::string_view text) {
  if (!text.empty()) out_.append(static_cast<size_t>(depth_) * 2, ' ');
  out_ += text;
  out_ += '\n';
}

void Printer::blank() { out_ += '\n'; }

void Printer::docs(const std::string& text) {
  if (!options_.docs || text.empty()) return;
  for (size_t at = 0; at <= text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    const std::string one = text.substr(at, end - at);
    line(one.empty() ? "///" : "/// " + one);
    at = end + 1;
  }
}

bool Printer::has_head(const std::string& docs, const Stability& stability,
                       const std::optional<std::string>& id) const {
  return (options_.docs && !docs.empty()) || stability.kind != Stability::Kind::Unknown || id;
}

void Printer::head(const std::string& text, const Stability& stability, const std::optional<std::string>& external_id) {
  docs(text);
  switch (stability.kind) {
    case Stability::Kind::Unknown:
      break;
    case Stability::Kind::Since:
      line("@since(version = " + stability.since->str() + ")");
      break;
    case Stability::Kind::Unstable:
      line("@unstable(feature = " + print_label(stability.feature) + ")");
      break;
  }
  if (stability.deprecated) line("@deprecated(version = " + stability.deprecated->str() + ")");
  if (external_id) line("@external-id(" + quote_string(*external_id) + ")");
}

void Printer::separate(bool stands_out) {
  if (!first_ && (stands_out || stood_out_)) blank();
  first_ = false;
  stood_out_ = stands_out;
}

void Printer::open(std::string text) {
  line(text + " {");
  indent();
  first_ = true;
  stood_out_ = false;
}

void Printer::close(std::string_view end) {
  dedent();
  if (out_.ends_with(" {\n")) {
    out_.replace(out_.size() - 1, 1, std::string(end) + "\n");
  } else {
    line(end);
  }
  first_ = false;
  stood_out_ = true;
}

std::string Printer::path(PackageId package, const std::string& name) const {
  if (package == package_) return print_label(name);
  const PackageName& other = model_[package].name;
  std::string out = print_label(other.ns) + ":" + print_label(other.name) + "/" + print_label(name);
  if (other.version) out += "@" + other.version->str();
  return out;
}

void Printer::begin_package(std::string_view end) {
  const Package& package = model_[package_];
  docs(package.docs);
  std::string text = "package " + print_label(package.name.ns) + ":" + print_label(package.name.name);
  if (package.name.version) text += "@" + package.name.version->str();
  line(text + std::string(end));
  first_ = end != ";";
}

void Printer::package_items() {
  for (const InterfaceId id : model_[package_].interfaces) interface(id);
  for (const WorldId id : model_[package_].worlds) world(id);
}

void Printer::interface(InterfaceId id) {
  const Interface& interface = model_[id];
  separate(true);
  head(interface.docs, interface.stability, std::nullopt);
  open("interface " + print_label(interface.name));
  body(interface);
  close();
}

void Printer::body(const Interface& interface) {
  uses(interface.types);
  for (const TypeId id : interface.types) {
    if (std::holds_alternative<Used>(model_[id].kind)) continue;
    std::vector<const Function*> methods;
    if (std::holds_alternative<Resource>(model_[id].kind)) {
      for (const Function& function : interface.functions) {
        if (function.resource == id) methods.push_back(&function);
      }
    }
    type_def(model_[id], methods);
  }
  for (const Function& function : interface.functions) {
    if (function.kind == FuncKind::Free) this->function(function);
  }
}

/// `use`s, one an interface and gate.
void Printer::uses(const std::vector<TypeId>& types) {
  std::vector<TypeId> left;
  for (const TypeId id : types) {
    if (std::holds_alternative<Used>(model_[id].kind)) left.push_back(id);
  }
  for (size_t i = 0; i < left.size();) {
    const TypeDef& def = model_[left[i]];
    const InterfaceId from = std::get<InterfaceId>(model_[std::get<Used>(def.kind).type].owner);
    std::string names;
    size_t end = i;
    for (; end < left.size(); ++end) {
      const TypeDef& next = model_[left[end]];
      const TypeDef& target = model_[std::get<Used>(next.kind).type];
      if (std::get<InterfaceId>(target.owner) != from || next.stability != def.stability || next.docs != def.docs)
        break;
      names += (names.empty() ? "" : ", ") + print_label(target.name);
      if (target.name != next.name) names += " as " + print_label(next.name);
    }
    separate(has_head(def.docs, def.stability, std::nullopt));
    head(def.docs, def.stability, std::nullopt);
    line("use " + path(from) + ".{" + names + "};");
    i = end;
  }
  if (!left.empty()) stood_out_ = true;
}

void Printer::members(const TypeDef& def, const char* keyword) {
  open(std::string(keyword) + " " + print_label(def.name));
  const auto member = [&](const std::string& docs_of, const std::string& text) {
    docs(docs_of);
    line(text + ",");
  };
  if (const auto* record = std::get_if<Record>(&def.kind)) {
    for (const Field& field : record->fields) {
      member(field.docs, print_label(field.name) + ": " + print_type(model_, field.type));
    }
  } else if (const auto* variant = std::get_if<Variant>(&def.kind)) {
    for (const Case& one : variant->cases) {
      const std::string payload = one.type ? "(" + print_type(model_, *one.type) + ")" : std::string();
      member(one.docs, print_label(one.name) + payload);
    }
  } else {
    const auto* flags = std::get_if<Flags>(&def.kind);
    for (const Label& label : flags ? flags->flags : std::get<Enum>(def.kind).cases) {
      member(label.docs, print_label(label.name));
    }
  }
  close();
}

void Printer::resource(const TypeDef& def, const std::vector<const Function*>& methods) {
  const std::string text = "resource " + print_label(def.name);
  if (methods.empty()) {
    line(text + ";");
    return;
  }
  open(text);
  for (const Function* method : methods) function(*method);
  close();
}

void Printer::type_def(const TypeDef& def, const std::vector<const Function*>& methods) {
  const auto* alias = std::get_if<Alias>(&def.kind);
  const bool is_line = alias != nullptr || (std::holds_alternative<Resource>(def.kind) && methods.empty());
  separate(!is_line || has_head(def.docs, def.stability, def.external_id));
  head(def.docs, def.stability, def.external_id);
  if (alias != nullptr) {
    // A resource's bare name would be another name of the resource.
    const TypeDef* target = alias->type.is_prim() ? nullptr : &model_[alias->type.id()];
    const auto* handle = target ? std::get_if<Handle>(&target->kind) : nullptr;
    std::string text = print_type(model_, alias->type);
    if (handle != nullptr && target->name.empty() && !handle->borrowed) text = "own<" + text + ">";
    line("type " + print_label(def.name) + " = " + text + ";");
  } else if (std::holds_alternative<Resource>(def.kind)) {
    resource(def, methods);
  } else if (std::holds_alternative<Record>(def.kind)) {
    members(def, "record");
  } else if (std::holds_alternative<Variant>(def.kind)) {
    members(def, "variant");
  } else if (std::holds_alternative<Flags>(def.kind)) {
    members(def, "flags");
  } else {
    members(def, "enum");
  }
}

void Printer::function(const Function& function) {
  separate(has_head(function.docs, function.stability, function.external_id));
  head(function.docs, function.stability, function.external_id);
  const std::string signature = print_signature(model_, function);
  switch (function.kind) {
    case FuncKind::Free:
    case FuncKind::Method:
      line(print_label(function.label) + ": " + signature + ";");
      break;
    case FuncKind::Static:
      line(print_label(function.label) + ": static " + signature + ";");
      break;
    case FuncKind::Constructor:
      line(signature + ";");
      break;
  }
}

void Printer::external(const WorldItem& item, bool is_export) {
  const auto* interface = std::get_if<InterfaceId>(&item.what);
  const bool inside = interface != nullptr && model_[*interface].name.empty();
  separate(inside || has_head(item.docs, item.stability, item.external_id));
  head(item.docs, item.stability, item.external_id);
  std::string text = is_export ? "export " : "import ";
  if (!item.label.empty()) text += print_label(item.label) + ": ";
  if (inside) {
    open(text + "interface");
    body(model_[*interface]);
    close();
  } else if (interface != nullptr) {
    line(text + path(*interface) + ";");
  } else {
    line(text + print_signature(model_, std::get<Function>(item.what)) + ";");
  }
}

void Printer::include(const Include& include) {
  separate(has_head(include.docs, include.stability, std::nullopt));
  head(include.docs, include.stability, std::nullopt);
  const World& world = model_[include.world];
  std::string text = "include " + path(world.package, world.name);
  if (include.renames.empty()) {
    line(text + ";");
    return;
  }
  std::string names;
  for (const auto& [from, to] : include.renames) {
    names += (names.empty() ? "" : ", ") + print_label(from) + " as " + print_label(to);
  }
  line(text + " with { " + names + " }");
}

void Printer::world(WorldId id) {
  const World& world = model_[id];
  separate(true);
  head(world.docs, world.stability, std::nullopt);
  open("world " + print_label(world.name));
  const auto shown = [&](const WorldItem& item) {
    return options_.flat_worlds || item.origin == WorldItem::Origin::Written;
  };
  std::vector<TypeId> types;
  for (const WorldItem& item : world.imports) {
    const auto* type = std::get_if<TypeId>(&item.what);
    if (type != nullptr && shown(item)) types.push_back(*type);
  }
  uses(types);
  for (const TypeId type : types) {
    if (std::holds_alternative<Used>(model_[type].kind)) continue;
    std::vector<const Function*> methods;
    for (const WorldItem& item : world.imports) {
      const auto* function = std::get_if<Function>(&item.what);
      if (function != nullptr && function->resource == type) methods.push_back(function);
    }
    type_def(model_[type], methods);
  }
  for (const bool is_export : {false, true}) {
    std::vector<const WorldItem*> items;
    for (const WorldItem& item : is_export ? world.exports : world.imports) {
      const auto* function = std::get_if<Function>(&item.what);
      const bool elsewhere = std::holds_alternative<TypeId>(item.what) || (function != nullptr && function->resource);
      if (shown(item) && !elsewhere) items.push_back(&item);
    }
    // As they were written, not in the order of what needs what.
    if (!options_.flat_worlds) std::ranges::sort(items, {}, &WorldItem::position);
    for (const WorldItem* item : items) external(*item, is_export);
  }
  if (!options_.flat_worlds) {
    for (const Include& one : world.includes) include(one);
  }
  close();
}

}  // namespace ashlar::wit
