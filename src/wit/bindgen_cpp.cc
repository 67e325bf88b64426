// C++ bindings of hosts; see bindgen_cpp.h.
#include "wit/bindgen_cpp.h"

#include <algorithm>
#include <set>

namespace ashlar::wit {

namespace {

class Generator {
 public:
  Generator(const Resolve& model, PackageId package, const CppOptions& options)
      : model_(model), package_(package), options_(options), types_(model, dialect()) {}

  std::string run(const std::string& folder) {
    std::string body;
    for (InterfaceId id : interfaces_in_order()) body += interface_text(id);
    const std::string name_space = options_.name_space + "::" + cpp_value_name(model_[package_].name.name);
    std::string out =
        "// Generated from " + options_.source + " by tools/witgen.py: not to be edited.\n#pragma once\n\n";
    out +=
        "#include <array>\n#include <cstdint>\n#include <expected>\n#include <optional>\n#include <string>\n#include "
        "<tuple>\n#include <variant>\n#include <vector>\n\n";
    std::set<std::string> headers = {cpp_quoted(options_.include)};
    for (const std::string& needed : packages_) headers.insert(cpp_quoted(folder + "/" + needed + ".h"));
    for (const std::string& header : headers) out += "#include " + header + "\n";
    return out + "\nnamespace " + name_space + " {\n\nusing namespace ashlar::component;\n" + body +
           "\n}  // namespace " + name_space + "\n";
  }

 private:
  /// Of the package, each behind those whose types it uses. WIT knows no cycles.
  std::vector<InterfaceId> interfaces_in_order() const {
    std::vector<InterfaceId> out;
    for (InterfaceId id : model_[package_].interfaces) add_in_order(id, out);
    return out;
  }
  void add_in_order(InterfaceId id, std::vector<InterfaceId>& out) const {
    if (std::ranges::find(out, id) != out.end()) return;
    for (TypeId t : model_[id].types) {
      const auto* used = std::get_if<Used>(&model_[t].kind);
      const auto* owner = used != nullptr ? std::get_if<InterfaceId>(&model_[used->type].owner) : nullptr;
      if (owner != nullptr && model_[*owner].package == package_) add_in_order(*owner, out);
    }
    out.push_back(id);
  }

  std::string name_space_of(InterfaceId id) {
    const Interface& i = model_[id];
    const std::string own = cpp_value_name(i.name);
    if (i.package == package_) return own;
    const std::string package = cpp_value_name(model_[i.package].name.name);
    packages_.insert(package);
    return "::" + options_.name_space + "::" + package + "::" + own;
  }

  CppDialect dialect() {
    CppDialect out;
    out.field = "component::Field";
    out.labels = "abi_labels";
    out.nothing = "Nothing";
    out.named = [this](TypeId id) { return named(id); };
    out.handle = [this](TypeId id, bool borrowed) { return (borrowed ? "Borrow<" : "Own<") + named(id) + ">"; };
    out.declare_resource = [this](TypeId id) { return "struct " + cpp_type_name(model_[id].name) + ";\n"; };
    return out;
  }

  /// A named type as it is called inside `current_`.
  std::string named(TypeId id) {
    const TypeDef& t = model_[id];
    const auto* owner = std::get_if<InterfaceId>(&t.owner);
    const std::string name = cpp_type_name(t.name);
    return owner == nullptr || *owner == current_ ? name : name_space_of(*owner) + "::" + name;
  }

  std::string result_text(const Function& f) {
    return f.result ? "ashlar::Result<" + types_.text(*f.result) + ">" : "ashlar::Status";
  }

  std::string interface_text(InterfaceId id) {
    const Interface& i = model_[id];
    current_ = id;
    const std::string space = cpp_value_name(i.name);
    std::string out = "\n" + cpp_comment(i.docs, "") + "namespace " + space +
                      " {\n\ninline constexpr char kName[] = " + cpp_quoted(model_.full_name(id)) + ";\n\n";
    for (TypeId t : i.types) out += types_.definition(t);
    std::string methods, registrations;
    for (TypeId t : i.types) {
      if (!std::holds_alternative<Resource>(model_[t].kind)) continue;
      const std::string name = cpp_type_name(model_[t].name);
      const std::string drop = "drop_" + cpp_value_name(model_[t].name);
      methods += "  /// The last handle was dropped.\n  virtual void " + drop + "(uint32_t rep) = 0;\n";
      registrations += "  to.resource(kName, " + cpp_quoted(model_[t].name) + ", {[&host](uint32_t rep) { host." +
                       drop + "(rep); }, tag_of<" + name + ">()});\n";
    }
    for (const Function& f : i.functions) {
      const std::string resource = f.resource ? model_[*f.resource].name : "";
      const std::string name = cpp_function_name(f, resource);
      std::string params, names;
      for (const Param& p : f.params) {
        const std::string param = cpp_value_name(p.name);
        params += (params.empty() ? "" : ", ") + types_.text(p.type) + " " + param;
        names += (names.empty() ? "" : ", ") + ("std::move(" + param) + ")";
      }
      methods += cpp_comment(f.docs, "  ") + "  virtual " + result_text(f) + " " + name + "(" + params + ") = 0;\n";
      registrations += "  to.function(kName, " + cpp_quoted(f.name) + ", typed_function([&host](" + params +
                       ") { return host." + name + "(" + names + "); }));\n";
    }
    if (!methods.empty()) {
      out += "\n/// What a host does for " + model_.full_name(id) +
             ". Errors trap.\nclass Host {\n public:\n"
             "  virtual ~Host() = default;\n" +
             methods +
             "};\n/// `host` must stay as long as instances run.\n"
             "inline void add_to(HostImports& to, Host& host) {\n" +
             registrations + "}\n";
    }
    return out + "\n}  // namespace " + space + "\n";
  }

  const Resolve& model_;
  PackageId package_;
  const CppOptions& options_;
  InterfaceId current_{};
  CppTypes types_;
  std::set<std::string> packages_;
};

}  // namespace

std::string generate_cpp_host(const Resolve& model, PackageId package, const std::string& folder,
                              const CppOptions& options) {
  return Generator(model, package, options).run(folder);
}

}  // namespace ashlar::wit
