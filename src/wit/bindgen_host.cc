// Bindings of hosts over the public interface; see bindgen_world.h.
#include "wit/bindgen_world.h"

namespace ashlar::wit {

namespace {

/// Declarations of one scope.
class HostScope {
 public:
  HostScope(const BoundWorld& world, const BoundScope& scope)
      : world_(world), model_(world.model()), scope_(scope), types_(model_, dialect()) {}

  std::string text() {
    std::string out = "\n";
    if (!scope_.name_space.empty()) out += "namespace " + scope_.name_space + " {\n\n";
    out += "/// As components call it.\ninline constexpr char kName[] = " + cpp_quoted(scope_.abi_name) + ";\n\n";
    out += types_.definitions(scope_.types);
    if (!scope_.functions.empty()) {
      out += scope_.exported ? exports() : imports();
    }
    if (!scope_.name_space.empty()) out += "\n}  // namespace " + scope_.name_space + "\n";
    return out;
  }

 private:
  CppDialect dialect() {
    CppDialect out;
    out.field = "::ashlar::WitField";
    out.labels = "wit_labels";
    out.nothing = "std::monostate";
    out.named = [this](TypeId id) { return world_.name_in(id, scope_); };
    out.handle = [this](TypeId id, bool borrowed) { return handle(id, borrowed); };
    out.declare_resource = [this](TypeId id) { return resource(id); };
    if (scope_.exported) out.resource_key = "struct";
    return out;
  }

  std::string handle(TypeId id, bool borrowed) const {
    const std::string name = world_.name_in(id, scope_);
    if (world_.scope_of(id, scope_).exported) return borrowed ? "const " + name + "*" : name;
    return borrowed ? name + "*" : "std::unique_ptr<" + name + ">";
  }

  std::string resource(TypeId id) {
    const std::string name = cpp_type_name(model_[id].name);
    if (scope_.exported) {
      return "/// A handle that owns a resource of the component.\nstruct " + name + " : ::ashlar::OwnedResource {};\n";
    }
    std::string out = "/// An object of the host that components hold.\nclass " + name + " {\n public:\n  virtual ~" +
                      name + "() = default;\n";
    for (const Function& f : scope_.functions) {
      if (f.kind != FuncKind::Method || model_.dealias(*f.resource) != id) continue;
      out += cpp_comment(f.docs, "  ") + "  virtual " + returned(f) + " " + cpp_value_name(f.label) + "(" +
             parameters(f, 1) + ") = 0;\n";
    }
    return out + "};\n";
  }

  std::string returned(const Function& f) const {
    return f.result ? "::ashlar::Result<" + types_.text(*f.result) + ">" : "::ashlar::Status";
  }

  /// Views where that is enough; borrowed resources are references.
  std::string parameter(Type type) const {
    if (const std::optional<Handle> h = world_.handle(type); h && h->borrowed) {
      const std::string name = world_.name_in(h->resource, scope_);
      return (world_.scope_of(h->resource, scope_).exported ? "const " : "") + name + "&";
    }
    return world_.view(type, types_);
  }
  std::string parameters(const Function& f, size_t from = 0, bool names = true) const {
    std::string out;
    for (size_t i = from; i < f.params.size(); ++i) {
      out += (i > from ? ", " : "") + parameter(f.params[i].type);
      if (names) out += " " + cpp_value_name(f.params[i].name);
    }
    return out;
  }
  /// As they are passed on.
  std::string arguments(const Function& f, size_t from = 0) const {
    std::string out;
    for (size_t i = from; i < f.params.size(); ++i) {
      const std::string name = cpp_value_name(f.params[i].name);
      const bool moves = world_.has_handle(f.params[i].type) && !parameter(f.params[i].type).ends_with('&');
      out += (i > from ? ", " : "") + (moves ? "std::move(" + name + ")" : name);
    }
    return out;
  }

  std::string imports() const {
    std::string methods, registrations;
    for (const TypeId t : scope_.types) {
      if (!std::holds_alternative<Resource>(model_[t].kind)) continue;
      registrations +=
          "  to.resource<" + cpp_type_name(model_[t].name) + ">(kName, " + cpp_quoted(model_[t].name) + ");\n";
    }
    bool uses_host = false;
    for (const Function& f : scope_.functions) {
      std::string call;
      if (f.kind == FuncKind::Method) {
        call = "[](" + parameters(f) + ") { return " + cpp_value_name(f.params[0].name) + "." +
               cpp_value_name(f.label) + "(" + arguments(f, 1) + "); }";
      } else {
        uses_host = true;
        const std::string name = cpp_function_name(f, world_.resource_of(f));
        methods +=
            cpp_comment(f.docs, "  ") + "  virtual " + returned(f) + " " + name + "(" + parameters(f) + ") = 0;\n";
        call = "[&host_ = host](" + parameters(f) + ") { return host_." + name + "(" + arguments(f) + "); }";
      }
      registrations += "  to.func(kName, " + cpp_quoted(f.name) + ", " + call + ");\n";
    }
    return "/// What the host does for " + (scope_.abi_name.empty() ? "the world" : scope_.abi_name) +
           "; an Error stops the guest with a trap. Called on the threads of the stores.\n"
           "class Host {\n public:\n  virtual ~Host() = default;\n" +
           methods +
           "};\n/// `host` must stay as long as instances run.\n"
           "inline void add_to(::ashlar::ComponentLinker& to, " +
           (uses_host ? "Host& host" : "Host&") + ") {\n" + registrations + "}\n";
  }

  std::string exports() const {
    std::string callers, members, finds;
    for (const Function& f : scope_.functions) {
      const std::string name = cpp_function_name(f, world_.resource_of(f));
      callers += cpp_comment(f.docs, "  ") + "  " + returned(f) + " " + name + "(" + parameters(f) +
                 ") const {\n    return " + name + "_.call(" + arguments(f) + ");\n  }\n";
      const std::string signature = (f.result ? types_.text(*f.result) : "void") + "(" + parameters(f, 0, false) + ")";
      members += "  ::ashlar::TypedComponentFunc<" + signature + "> " + name + "_;\n";
      finds += "    if (auto found = instance.func<" + signature + ">(kName, " + cpp_quoted(f.name) +
               ")) {\n      out." + name +
               "_ = *found;\n    } else {\n      return std::unexpected(std::move(found).error());\n    }\n";
    }
    return "/// The functions of " + (scope_.abi_name.empty() ? "the world" : scope_.abi_name) +
           " that an instance exports. A handle into its store. Calls fail as\n"
           "/// ashlar::ComponentFunc::call does.\nclass " +
           scope_.title +
           " {\n public:\n  /// Finds them all and compares their types. Errors: Link; Usage.\n"
           "  static ::ashlar::Result<" +
           scope_.title + "> find(const ::ashlar::ComponentInstance& instance) {\n    " + scope_.title + " out;\n" +
           finds + "    return out;\n  }\n\n" + callers + "\n private:\n" + members + "};\n";
  }

  const BoundWorld& world_;
  const Resolve& model_;
  const BoundScope& scope_;
  CppTypes types_;
};

}  // namespace

std::string generate_world_host(const BoundWorld& world, const std::string& source) {
  std::string out =
      "// Made from " + source +
      " by `ashlar bindgen cpp`: not to be edited.\n#pragma once\n\n"
      "#include <array>\n#include <cstdint>\n#include <expected>\n#include <memory>\n#include <optional>\n"
      "#include <span>\n#include <string>\n#include <string_view>\n#include <tuple>\n#include <utility>\n"
      "#include <variant>\n#include <vector>\n\n#include <ashlar/ashlar.h>\n\nnamespace " +
      world.name_space() + " {\n";
  for (const BoundScope& scope : world.scopes()) {
    out += HostScope(world, scope).text();
  }
  return out + "\n}  // namespace " + world.name_space() + "\n";
}

}  // namespace ashlar::wit
