// JSON of the model; see json.h.
#include "wit/json.h"

#include "base/json.h"
#include "wit/print.h"

namespace ashlar::wit {
namespace {

using base::json_string;

/// {"a": ..., "b": ...}, member by member.
class Object {
 public:
  void add(std::string_view name, std::string value) {
    text_ += (text_.empty() ? "" : ", ") + json_string(name) + ": " + std::move(value);
  }
  void text(std::string_view name, std::string_view value) { add(name, json_string(value)); }
  void text_if_any(std::string_view name, std::string_view value) {
    if (!value.empty()) text(name, value);
  }
  std::string str() const { return "{" + text_ + "}"; }

 private:
  std::string text_;
};

template <class List, class One>
std::string array(const List& list, One one) {
  std::string out;
  for (const auto& element : list) out += (out.empty() ? "" : ", ") + one(element);
  return "[" + out + "]";
}

void add_head(Object& out, const std::string& docs, const Stability& stability,
              const std::optional<std::string>& external_id) {
  out.text_if_any("docs", docs);
  if (stability.since) out.text("since", stability.since->str());
  out.text_if_any("unstable", stability.feature);
  if (stability.deprecated) out.text("deprecated", stability.deprecated->str());
  if (external_id) out.text("external-id", *external_id);
}

class Writer {
 public:
  explicit Writer(const Resolve& model) : model_(model) {}

  std::string package(const Package& package) const {
    Object out;
    out.text("name", package.name.str());
    out.text_if_any("docs", package.docs);
    out.add("interfaces", array(package.interfaces, [this](InterfaceId id) { return interface(model_[id]); }));
    out.add("worlds", array(package.worlds, [this](WorldId id) { return world(model_[id]); }));
    return out.str();
  }

 private:
  std::string interface(const Interface& interface) const {
    Object out;
    out.text_if_any("name", interface.name);
    add_head(out, interface.docs, interface.stability, std::nullopt);
    out.add("types", array(interface.types, [this](TypeId id) { return type_def(model_[id]); }));
    out.add("functions", array(interface.functions, [this](const Function& one) { return function(one); }));
    return out.str();
  }

  std::string optional_type(const std::optional<Type>& type) const {
    return type ? json_string(print_type(model_, *type)) : "null";
  }

  std::string labels(const std::vector<Label>& list) const {
    return array(list, [](const Label& label) {
      Object out;
      out.text("name", label.name);
      out.text_if_any("docs", label.docs);
      return out.str();
    });
  }

  template <class Member>
  std::string members(const std::vector<Member>& list) const {
    return array(list, [this](const Member& member) {
      Object out;
      out.text("name", member.name);
      out.text_if_any("docs", member.docs);
      out.add("type", optional_type(member.type));
      return out.str();
    });
  }

  std::string type_def(const TypeDef& def) const {
    Object out;
    out.text("name", def.name);
    add_head(out, def.docs, def.stability, def.external_id);
    if (const auto* record = std::get_if<Record>(&def.kind)) {
      out.text("kind", "record");
      out.add("fields", members(record->fields));
    } else if (const auto* variant = std::get_if<Variant>(&def.kind)) {
      out.text("kind", "variant");
      out.add("cases", members(variant->cases));
    } else if (const auto* flags = std::get_if<Flags>(&def.kind)) {
      out.text("kind", "flags");
      out.add("flags", labels(flags->flags));
    } else if (const auto* enumeration = std::get_if<Enum>(&def.kind)) {
      out.text("kind", "enum");
      out.add("cases", labels(enumeration->cases));
    } else if (const auto* alias = std::get_if<Alias>(&def.kind)) {
      out.text("kind", "type");
      out.text("type", print_type(model_, alias->type));
    } else if (const auto* used = std::get_if<Used>(&def.kind)) {
      const TypeDef& target = model_[used->type];
      out.text("kind", "use");
      out.text("from", model_.full_name(std::get<InterfaceId>(target.owner)));
      out.text("type", target.name);
    } else {
      out.text("kind", "resource");
    }
    return out.str();
  }

  std::string function(const Function& function) const {
    constexpr std::string_view kKinds[] = {"function", "method", "static", "constructor"};
    Object out;
    out.text("name", function.name);
    out.text("kind", kKinds[static_cast<size_t>(function.kind)]);
    if (function.resource) out.text("resource", model_[*function.resource].name);
    if (function.is_async) out.add("async", "true");
    add_head(out, function.docs, function.stability, function.external_id);
    out.add("params", array(function.params, [this](const Param& param) {
              Object inner;
              inner.text("name", param.name);
              inner.add("type", optional_type(param.type));
              return inner.str();
            }));
    out.add("result", optional_type(function.result));
    return out.str();
  }

  std::string item(const WorldItem& item) const {
    constexpr std::string_view kOrigins[] = {"written", "included", "implied"};
    Object out;
    out.text("name", model_.extern_name(item));
    out.text("origin", kOrigins[static_cast<size_t>(item.origin)]);
    add_head(out, item.docs, item.stability, item.external_id);
    if (const auto* id = std::get_if<InterfaceId>(&item.what)) {
      const std::string name = model_.full_name(*id);
      if (name.empty()) {
        out.add("interface", interface(model_[*id]));
      } else {
        out.text("interface", name);
      }
    } else if (const auto* one = std::get_if<Function>(&item.what)) {
      out.add("function", function(*one));
    } else {
      out.add("type", type_def(model_[std::get<TypeId>(item.what)]));
    }
    return out.str();
  }

  std::string world(const World& world) const {
    Object out;
    out.text("name", world.name);
    add_head(out, world.docs, world.stability, std::nullopt);
    out.add("imports", array(world.imports, [this](const WorldItem& one) { return item(one); }));
    out.add("exports", array(world.exports, [this](const WorldItem& one) { return item(one); }));
    return out.str();
  }

  const Resolve& model_;
};

}  // namespace

std::string to_json(const Resolve& model) {
  const Writer writer(model);
  return "{\"packages\": " + array(model.packages, [&](const Package& package) { return writer.package(package); }) +
         "}";
}

}  // namespace ashlar::wit
