// Documentation of packages in binary form; see package_docs.h.
#include "componentize/package_docs.h"

#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <variant>

#include "base/json.h"
#include "base/json_value.h"
#include "wit/lexer.h"

namespace ashlar::componentize {

using base::JsonValue;

namespace {

// Version 0 has functions as texts alone, and what is exported by a world only where nothing is imported so.
constexpr uint8_t kVersion = 1;

// --- writing

/// {"a":..,"b":..}: members that have something to say.
class Object {
 public:
  void add(std::string_view name, const std::string& value) {
    if (!value.empty()) text_ += (text_.empty() ? "" : ",") + base::json_string(name) + ":" + value;
  }
  void text(std::string_view name, std::string_view value) {
    if (!value.empty()) add(name, base::json_string(value));
  }
  /// Nothing when it has no members.
  std::string str() const { return text_.empty() ? std::string() : "{" + text_ + "}"; }

 private:
  std::string text_;
};

std::string stability_text(const wit::Stability& stability) {
  Object inner;
  const bool since = stability.kind == wit::Stability::Kind::Since;
  if (stability.kind == wit::Stability::Kind::Unknown) return {};
  if (since) {
    inner.text("since", stability.since->str());
  } else {
    inner.text("feature", stability.feature);
  }
  if (stability.deprecated) inner.text("deprecated", stability.deprecated->str());
  Object out;
  out.add(since ? "stable" : "unstable", inner.str());
  return out.str();
}

Object head(const std::string& docs, const wit::Stability& stability) {
  Object out;
  out.text("docs", docs);
  out.add("stability", stability_text(stability));
  return out;
}

class Writer {
 public:
  explicit Writer(const wit::Resolve& model) : model_(model) {}

  std::string package(const wit::Package& package) const {
    Object out, worlds, interfaces;
    out.text("docs", package.docs);
    for (const wit::WorldId id : package.worlds) worlds.add(model_[id].name, world(model_[id]));
    for (const wit::InterfaceId id : package.interfaces) {
      interfaces.add(model_[id].name, interface(model_[id], model_[id].docs, model_[id].stability));
    }
    out.add("worlds", worlds.str());
    out.add("interfaces", interfaces.str());
    return out.str();
  }

 private:
  std::string interface(const wit::Interface& one, const std::string& docs, const wit::Stability& stability) const {
    Object out = head(docs, stability), funcs, types;
    for (const wit::Function& function : one.functions) {
      funcs.add(function.name, head(function.docs, function.stability).str());
    }
    for (const wit::TypeId id : one.types) types.add(model_[id].name, type(model_[id]));
    out.add("funcs", funcs.str());
    out.add("types", types.str());
    return out.str();
  }

  std::string type(const wit::TypeDef& def) const {
    Object out = head(def.docs, def.stability), items;
    const auto members = [&](const auto& list) {
      for (const auto& member : list) items.text(member.name, member.docs);
    };
    if (const auto* record = std::get_if<wit::Record>(&def.kind)) members(record->fields);
    if (const auto* flags = std::get_if<wit::Flags>(&def.kind)) members(flags->flags);
    if (const auto* variant = std::get_if<wit::Variant>(&def.kind)) members(variant->cases);
    if (const auto* enumeration = std::get_if<wit::Enum>(&def.kind)) members(enumeration->cases);
    out.add("items", items.str());
    return out.str();
  }

  std::string world(const wit::World& world) const {
    Object out = head(world.docs, world.stability), types;
    for (const bool exports : {false, true}) {
      Object interfaces, funcs, stabilities, docs;
      for (const wit::WorldItem& item : exports ? world.exports : world.imports) {
        if (const auto* id = std::get_if<wit::TypeId>(&item.what)) {
          types.add(model_[*id].name, type(model_[*id]));
        } else if (std::holds_alternative<wit::Function>(item.what)) {
          funcs.add(std::get<wit::Function>(item.what).name, head(item.docs, item.stability).str());
        } else if (const wit::Interface& one = model_[std::get<wit::InterfaceId>(item.what)]; one.name.empty()) {
          interfaces.add(item.label, interface(one, item.docs, item.stability));
        } else {
          stabilities.add(model_.extern_name(item), stability_text(item.stability));
          docs.text(model_.extern_name(item), item.docs);
        }
      }
      out.add(exports ? "interface_exports" : "interfaces", interfaces.str());
      out.add(exports ? "func_exports" : "funcs", funcs.str());
      out.add(exports ? "interface_export_stability" : "interface_import_stability", stabilities.str());
      out.add(exports ? "interface_export_docs" : "interface_import_docs", docs.str());
    }
    out.add("types", types.str());
    return out.str();
  }

  const wit::Resolve& model_;
};

// --- reading

/// Names and what is said of them; nothing for what is no object.
class Rows {
 public:
  explicit Rows(const JsonValue* object) : object_(object) {
    if (object == nullptr) return;
    for (size_t i = 0; i < object->names.size(); ++i) index_.emplace(object->names[i], i);
  }
  const JsonValue* find(std::string_view name) const {
    const auto found = index_.find(name);
    return found == index_.end() ? nullptr : &object_->elements[found->second];
  }

 private:
  const JsonValue* object_;
  std::unordered_map<std::string_view, size_t> index_;
};

class Reader {
 public:
  Reader(uint64_t offset, wit::Resolve& model) : offset_(offset), model_(model) {}

  Status package(const JsonValue& said, wit::PackageId id) {
    version_ = model_[id].name.version;
    const Rows worlds(said.find("worlds")), interfaces(said.find("interfaces"));
    TRY(docs(said.find("docs"), model_[id].docs));
    for (const wit::InterfaceId one : model_[id].interfaces) {
      const JsonValue* about = interfaces.find(model_[one].name);
      if (about == nullptr) continue;
      TRY(head(*about, model_[one].docs, model_[one].stability));
      TRY(interface(*about, model_[one]));
    }
    for (const wit::WorldId one : model_[id].worlds) {
      if (const JsonValue* about = worlds.find(model_[one].name)) TRY(world(*about, model_[one]));
    }
    return {};
  }

  std::unexpected<Error> malformed(std::string why) const {
    return make_error(ErrorCode::world_section, offset_, std::string(kDocsSection), std::move(why));
  }

 private:
  /// As the parser of WIT makes it of the text, so that it prints as text that reads as the same.
  Status docs(const JsonValue* said, std::string& out) {
    if (said == nullptr || said->is(JsonValue::Kind::Null)) return {};
    if (!said->is(JsonValue::Kind::String)) return malformed("documentation is no text");
    std::string comment;
    for (size_t at = 0; at <= said->text.size();) {
      const size_t end = std::min(said->text.find('\n', at), said->text.size());
      comment += "///" + (end > at ? " " + said->text.substr(at, end - at) : std::string()) + "\n";
      at = end + 1;
    }
    if (!wit::Lexer::check({"", comment})) return malformed("documentation has a character that WIT forbids");
    out = wit::documentation(comment);
    return {};
  }

  Status version(const JsonValue* said, std::optional<wit::Version>& out) {
    if (said == nullptr || said->is(JsonValue::Kind::Null)) return {};
    out = wit::parse_version(said->text);
    if (!said->is(JsonValue::Kind::String) || !out) return malformed("'" + said->text + "' is no version");
    return {};
  }

  /// "unknown", {"stable": {"since": ..}} or {"unstable": {"feature": ..}}.
  Status stability(const JsonValue* said, wit::Stability& out) {
    if (said == nullptr || !said->is(JsonValue::Kind::Object)) return {};
    wit::Stability made;
    const JsonValue* stable = said->find("stable");
    const JsonValue* unstable = said->find("unstable");
    if (stable != nullptr) {
      made.kind = wit::Stability::Kind::Since;
      TRY(version(stable->find("since"), made.since));
      if (!made.since) return malformed("an item is stable since no version");
      TRY(version(stable->find("deprecated"), made.deprecated));
      // What WIT does not let a package say.
      if (!version_ || wit::precedence(*made.since, *version_) > 0) return {};
    } else if (unstable != nullptr) {
      made.kind = wit::Stability::Kind::Unstable;
      const JsonValue* feature = unstable->find("feature");
      if (feature == nullptr || wit::label_problem(feature->text) != nullptr) {
        return malformed("an unstable item without a feature's name");
      }
      made.feature = feature->text;
      TRY(version(unstable->find("deprecated"), made.deprecated));
    }
    out = std::move(made);
    return {};
  }

  Status head(const JsonValue& said, std::string& docs_out, wit::Stability& stability_out) {
    // Functions in version 0.
    if (said.is(JsonValue::Kind::String)) return docs(&said, docs_out);
    TRY(docs(said.find("docs"), docs_out));
    return stability(said.find("stability"), stability_out);
  }

  /// The functions and types of an interface.
  Status interface(const JsonValue& said, wit::Interface& out) {
    const Rows funcs(said.find("funcs")), types(said.find("types"));
    for (wit::Function& function : out.functions) {
      if (const JsonValue* about = funcs.find(function.name)) TRY(head(*about, function.docs, function.stability));
    }
    for (const wit::TypeId id : out.types) {
      if (const JsonValue* about = types.find(model_[id].name)) TRY(type(*about, model_[id]));
    }
    return {};
  }

  Status type(const JsonValue& said, wit::TypeDef& def) {
    TRY(head(said, def.docs, def.stability));
    const Rows items(said.find("items"));
    const auto members = [&](auto& list) -> Status {
      for (auto& member : list) TRY(docs(items.find(member.name), member.docs));
      return {};
    };
    if (auto* record = std::get_if<wit::Record>(&def.kind)) return members(record->fields);
    if (auto* flags = std::get_if<wit::Flags>(&def.kind)) return members(flags->flags);
    if (auto* variant = std::get_if<wit::Variant>(&def.kind)) return members(variant->cases);
    if (auto* enumeration = std::get_if<wit::Enum>(&def.kind)) return members(enumeration->cases);
    return {};
  }

  Status world(const JsonValue& said, wit::World& out) {
    TRY(head(said, out.docs, out.stability));
    TRY(items(said, false, out));
    return items(said, true, out);
  }

  Status items(const JsonValue& said, bool exports, wit::World& world) {
    const Rows types(said.find("types")), both_interfaces(said.find("interfaces")), both_funcs(said.find("funcs"));
    const Rows own_interfaces(said.find("interface_exports")), own_funcs(said.find("func_exports"));
    const Rows docs_of(said.find(exports ? "interface_export_docs" : "interface_import_docs"));
    const Rows stability_of(said.find(exports ? "interface_export_stability" : "interface_import_stability"));
    std::unordered_set<std::string_view> imported;
    if (exports) {
      for (const wit::WorldItem& item : world.imports) imported.insert(item.label);
    }
    for (wit::WorldItem& item : exports ? world.exports : world.imports) {
      // An export's is among the imports' where nothing is imported under that name: version 0.
      const auto find = [&](const Rows& own, const Rows& both) {
        const JsonValue* found = exports ? own.find(item.label) : nullptr;
        return found != nullptr || imported.contains(item.label) ? found : both.find(item.label);
      };
      if (const auto* id = std::get_if<wit::TypeId>(&item.what)) {
        const JsonValue* about = types.find(item.label);
        if (about == nullptr) continue;
        TRY(type(*about, model_[*id]));
        item.docs = model_[*id].docs;
        item.stability = model_[*id].stability;
      } else if (auto* function = std::get_if<wit::Function>(&item.what)) {
        const JsonValue* about = find(own_funcs, both_funcs);
        if (about == nullptr) continue;
        TRY(head(*about, item.docs, item.stability));
        function->docs = item.docs;
        function->stability = item.stability;
      } else if (wit::Interface& one = model_[std::get<wit::InterfaceId>(item.what)]; one.name.empty()) {
        const JsonValue* about = find(own_interfaces, both_interfaces);
        if (about == nullptr) continue;
        TRY(head(*about, item.docs, item.stability));
        TRY(interface(*about, one));
      } else {
        const std::string name = model_.extern_name(item);
        TRY(docs(docs_of.find(name), item.docs));
        TRY(stability(stability_of.find(name), item.stability));
      }
    }
    return {};
  }

  uint64_t offset_;
  wit::Resolve& model_;
  std::optional<wit::Version> version_;  // of the package
};

}  // namespace

std::vector<uint8_t> encode_package_docs(const wit::Resolve& model, wit::PackageId id) {
  const std::string json = Writer(model).package(model[id]);
  if (json.empty()) return {};
  std::vector<uint8_t> out = {kVersion};
  out.insert(out.end(), json.begin(), json.end());
  return out;
}

Status apply_package_docs(std::span<const uint8_t> section, uint64_t offset, wit::Resolve& model, wit::PackageId id) {
  Reader reader(offset, model);
  if (section.empty() || section[0] > kVersion) {
    return reader.malformed("version 1 of it was expected");
  }
  const std::string_view json(reinterpret_cast<const char*>(section.data()) + 1, section.size() - 1);
  std::string problem;
  const auto said = base::parse_json(json, problem);
  if (!said) return reader.malformed(problem);
  if (!said->is(JsonValue::Kind::Object)) return reader.malformed("its JSON is no object");
  return reader.package(*said, id);
}

}  // namespace ashlar::componentize
