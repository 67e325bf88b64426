// Bindings of guests; see bindgen_world.h.
#include <algorithm>

#include "wit/bindgen_world.h"

namespace ashlar::wit {

namespace {

/// Core types as C++ has them.
enum class Core : uint8_t { I32, I64, F32, F64 };
constexpr std::string_view core_name(Core c) {
  constexpr std::string_view kNames[] = {"uint32_t", "uint64_t", "float", "double"};
  return kNames[static_cast<size_t>(c)];
}
constexpr size_t kMaxFlatParams = 16;
/// What is longer need not be known exactly.
constexpr size_t kMany = 64;

/// CanonicalABI.md: flatten_types.
class Flattener {
 public:
  explicit Flattener(const Resolve& model) : model_(model) {}

  void add(Type type, std::vector<Core>& out) const {
    if (out.size() > kMany) return;
    const Type behind = model_.dealias(type);
    if (behind.is_prim()) return add_prim(behind.prim(), out);
    std::visit(
        [&](const auto& k) {
          using K = std::decay_t<decltype(k)>;
          if constexpr (std::is_same_v<K, Record>) {
            for (const Field& f : k.fields) add(f.type, out);
          } else if constexpr (std::is_same_v<K, Tuple>) {
            for (const Type t : k.types) add(t, out);
          } else if constexpr (std::is_same_v<K, FixedList>) {
            for (uint32_t i = 0; i < k.length && out.size() <= kMany; ++i) add(k.element, out);
          } else if constexpr (std::is_same_v<K, List>) {
            out.insert(out.end(), 2, Core::I32);
          } else if constexpr (std::is_same_v<K, Variant>) {
            std::vector<std::optional<Type>> cases;
            for (const Case& c : k.cases) cases.push_back(c.type);
            add_cases(cases, out);
          } else if constexpr (std::is_same_v<K, Option>) {
            add_cases({k.type}, out);
          } else if constexpr (std::is_same_v<K, ResultType>) {
            add_cases({k.ok, k.error}, out);
          } else {
            out.push_back(Core::I32);  // enums, flags, handles
          }
        },
        model_[behind.id()].kind);
  }

 private:
  static void add_prim(Prim p, std::vector<Core>& out) {
    switch (p) {
      case Prim::String:
        out.insert(out.end(), 2, Core::I32);
        return;
      case Prim::S64:
      case Prim::U64:
        out.push_back(Core::I64);
        return;
      case Prim::F32:
        out.push_back(Core::F32);
        return;
      case Prim::F64:
        out.push_back(Core::F64);
        return;
      default:
        out.push_back(Core::I32);
        return;
    }
  }
  static Core join(Core a, Core b) {
    if (a == b) return a;
    const auto is_32 = [](Core c) { return c == Core::I32 || c == Core::F32; };
    return is_32(a) && is_32(b) ? Core::I32 : Core::I64;
  }
  void add_cases(const std::vector<std::optional<Type>>& cases, std::vector<Core>& out) const {
    std::vector<Core> joined;
    for (const std::optional<Type>& type : cases) {
      std::vector<Core> flat;
      if (type) add(*type, flat);
      for (size_t i = 0; i < flat.size(); ++i) {
        if (i < joined.size()) {
          joined[i] = join(joined[i], flat[i]);
        } else {
          joined.push_back(flat[i]);
        }
      }
    }
    out.push_back(Core::I32);
    out.insert(out.end(), joined.begin(), joined.end());
  }

  const Resolve& model_;
};

/// The core signature of a function.
struct CoreSignature {
  std::vector<Core> params;
  std::vector<Core> result;  ///< flat; one core value, none, or more: in memory
  bool params_in_memory = false;
  bool result_in_memory = false;
};
CoreSignature core_signature(const Resolve& model, const Function& f) {
  CoreSignature out;
  const Flattener flattener(model);
  for (const Param& p : f.params) flattener.add(p.type, out.params);
  if (f.result) flattener.add(*f.result, out.result);
  out.params_in_memory = out.params.size() > kMaxFlatParams;
  out.result_in_memory = out.result.size() > 1;
  return out;
}

/// The declarations and the code of one scope.
class GuestScope {
 public:
  GuestScope(const BoundWorld& world, const BoundScope& scope, size_t& count)
      : world_(world), model_(world.model()), scope_(scope), types_(model_, dialect()), count_(count) {}

  std::string header() const {
    std::string body = types_.definitions(scope_.types);
    for (const Function& f : scope_.functions) {
      if (f.kind == FuncKind::Method) continue;
      body += cpp_comment(f.docs, "");
      if (scope_.exported) body += "/// To be defined by the program.\n";
      body += returned(f) + " " + cpp_function_name(f, world_.resource_of(f)) + "(" + parameters(f) + ");\n";
    }
    return inside(body);
  }

  /// Code behind the header: into the scope's namespace, and into none.
  std::string source() {
    std::string out;
    for (const TypeId t : scope_.types) {
      if (std::holds_alternative<Resource>(model_[t].kind)) out += resource_source(t);
    }
    for (const Function& f : scope_.functions)
      out += scope_.exported ? "\n" + in_world(export_source(f)) : import_source(f);
    return out;
  }

 private:
  CppDialect dialect() {
    CppDialect out;
    out.field = "ashlar_guest::Field";
    out.labels = "wit_labels";
    out.nothing = "std::monostate";
    out.named = [this](TypeId id) { return world_.name_in(id, scope_); };
    out.handle = [this](TypeId id, bool borrowed) { return handle(id, borrowed); };
    out.declare_resource = [this](TypeId id) { return resource(id); };
    return out;
  }

  std::string inside(const std::string& body) const {
    if (body.empty()) return "";
    if (scope_.name_space.empty()) return "\n" + body;
    return "\nnamespace " + scope_.name_space + " {\n\n" + body + "\n}  // namespace " + scope_.name_space + "\n";
  }
  /// The scope's namespace as other code names it.
  std::string qualified(const std::string& name) const {
    return "::" + world_.name_space() + "::" + (scope_.name_space.empty() ? "" : scope_.name_space + "::") + name;
  }
  bool is_exported(TypeId resource) const { return world_.scope_of(resource, scope_).exported; }

  std::string handle(TypeId id, bool borrowed) const {
    // Full names: the source uses them, too.
    const BoundScope& owner = world_.scope_of(id, scope_);
    const std::string name = "::" + world_.name_space() +
                             "::" + (owner.name_space.empty() ? "" : owner.name_space + "::") +
                             cpp_type_name(model_[id].name);
    if (owner.exported) return borrowed ? name + "*" : "std::unique_ptr<" + name + ">";
    return borrowed ? "const " + name + "*" : name;
  }

  std::string resource(TypeId id) const {
    const std::string name = cpp_type_name(model_[id].name);
    std::string methods;
    for (const Function& f : scope_.functions) {
      if (f.kind != FuncKind::Method || model_.dealias(*f.resource) != id) continue;
      methods += cpp_comment(f.docs, "  ") + "  " + (scope_.exported ? "virtual " : "") + returned(f) + " " +
                 cpp_value_name(f.label) + "(" + parameters(f, 1) + ")" + (scope_.exported ? " = 0" : " const") + ";\n";
    }
    if (scope_.exported) {
      return "/// Objects that the program derives from this one; components hold handles of them.\nclass " + name +
             " {\n public:\n  virtual ~" + name + "() = default;\n" + methods +
             "\n  // Handles, for the bindings.\n  static uint32_t new_handle(uint32_t rep);\n"
             "  static uint32_t handle_rep(uint32_t handle);\n  static void drop_handle(uint32_t handle);\n};\n";
    }
    return "/// A handle that owns an object of whoever gives " + scope_.abi_name + ".\nclass " + name +
           " : public ashlar_guest::Imported<" + name + "> {\n public:\n  using Imported::Imported;\n" + methods +
           "\n  static void drop_handle(uint32_t handle);\n};\n";
  }

  std::string returned(const Function& f) const { return f.result ? types_.text(*f.result) : "void"; }

  /// Imports take views where that is enough; what an export is given is its own.
  std::string parameter(Type type) const {
    if (const std::optional<Handle> h = world_.handle(type); h && h->borrowed) {
      std::string name = handle(h->resource, true);
      name.back() = '&';
      return name;
    }
    return scope_.exported ? types_.text(type) : world_.view(type, types_);
  }
  std::string parameters(const Function& f, size_t from = 0) const {
    std::string out;
    for (size_t i = from; i < f.params.size(); ++i) {
      out += (i > from ? ", " : "") + parameter(f.params[i].type) + " " + cpp_value_name(f.params[i].name);
    }
    return out;
  }
  /// The type whose Abi lowers a parameter, and what is lowered.
  struct Lowered {
    std::string type, argument;
    std::string abi() const { return "ashlar_guest::Abi<" + type + ">"; }
  };
  Lowered lowered(const Param& p, bool is_self) const {
    const std::string name = is_self ? "(*this)" : cpp_value_name(p.name);
    const std::optional<Handle> h = world_.handle(p.type);
    if (h && h->borrowed) return {handle(h->resource, true), "&" + name};
    std::string type = parameter(p.type);
    if (type.ends_with('&')) type = types_.text(p.type);
    return {std::move(type), name};
  }

  std::string core_params(const CoreSignature& s, bool imported) const {
    std::string out;
    const auto add = [&](std::string_view type) {
      if (!out.empty()) out += ", ";
      out += type;
      if (!imported) out += " p" + std::to_string(std::ranges::count(out, ','));
    };
    if (s.params_in_memory) {
      add("uint32_t");
    } else {
      for (const Core c : s.params) add(core_name(c));
    }
    if (imported && s.result_in_memory) add("uint8_t*");
    return out;
  }
  static std::string core_result(const CoreSignature& s) {
    return s.result.size() == 1 ? std::string(core_name(s.result[0])) : "void";
  }

  std::string declare_import(const std::string& result, const std::string& params, const std::string& name,
                             const std::string& module_name) {
    const std::string symbol = "ashlar_import_" + std::to_string(count_++);
    declared_ = symbol;
    return "\nextern \"C\" __attribute__((__import_module__(" + cpp_quoted(module_name) + "), __import_name__(" +
           cpp_quoted(name) + "))) " + result + " " + symbol + "(" + params + ");\n";
  }
  std::string module_name() const { return scope_.abi_name.empty() ? "$root" : scope_.abi_name; }

  std::string import_source(const Function& f) {
    const CoreSignature s = core_signature(model_, f);
    std::string out = declare_import(core_result(s), core_params(s, true), f.name, module_name());
    const bool method = f.kind == FuncKind::Method;
    const std::string resource = world_.resource_of(f);
    const std::string name =
        method ? cpp_type_name(resource) + "::" + cpp_value_name(f.label) : cpp_function_name(f, resource);
    // Locals end in '_', which no parameter does but those that keywords would be.
    std::string body =
        returned(f) + " " + name + "(" + parameters(f, method ? 1 : 0) + ")" + (method ? " const" : "") + " {\n";
    if (!f.params.empty()) body += "  [[maybe_unused]] ashlar_guest::Arena arena_;\n";
    std::string arguments;
    if (s.params_in_memory) {
      std::string all, stores;
      for (size_t i = 0; i < f.params.size(); ++i) {
        const Lowered p = lowered(f.params[i], method && i == 0);
        all += (i ? ", " : "") + p.type;
        stores += "  " + p.abi() + "::store(arena_, area_ + Params::kOffsets[" + std::to_string(i) + "], " +
                  p.argument + ");\n";
      }
      body += "  using Params = ashlar_guest::Abi<std::tuple<" + all +
              ">>;\n  alignas(8) uint8_t area_[Params::kSize];\n" + stores;
      arguments = "ashlar_guest::address(area_)";
    } else if (!s.params.empty()) {
      body += "  uint64_t slots_[" + std::to_string(s.params.size()) + "];\n  uint64_t* at_ = slots_;\n";
      for (size_t i = 0; i < f.params.size(); ++i) {
        const Lowered p = lowered(f.params[i], method && i == 0);
        body += "  " + p.abi() + "::lower(arena_, at_, " + p.argument + ");\n";
      }
      for (size_t i = 0; i < s.params.size(); ++i) {
        arguments += (i ? ", " : "") + ("ashlar_guest::from_slot<" + std::string(core_name(s.params[i]))) +
                     ">(slots_[" + std::to_string(i) + "])";
      }
    }
    const std::string result = f.result ? "ashlar_guest::Abi<" + types_.text(*f.result) + ">" : "";
    if (s.result_in_memory) {
      body += "  alignas(8) uint8_t result_[" + result + "::kSize];\n  " + declared_ + "(" + arguments +
              (arguments.empty() ? "" : ", ") + "result_);\n  return " + result + "::load(result_);\n";
    } else if (s.result.size() == 1) {
      body += "  const uint64_t result_ = ashlar_guest::to_slot(" + declared_ + "(" + arguments +
              "));\n  const uint64_t* from_ = &result_;\n  return " + result + "::lift(from_);\n";
    } else {
      body += "  " + declared_ + "(" + arguments + ");\n";
      if (f.result) body += "  return {};\n";
    }
    return out + in_world(body + "}\n");
  }

  /// Text in the scope's namespace.
  std::string in_world(const std::string& body) const {
    const std::string space = world_.name_space() + (scope_.name_space.empty() ? "" : "::" + scope_.name_space);
    return "namespace " + space + " {\n" + body + "}  // namespace " + space + "\n";
  }

  std::string resource_source(TypeId id) {
    const std::string& label = model_[id].name;
    const std::string name = cpp_type_name(label);
    const std::string from = scope_.exported ? "[export]" + module_name() : module_name();
    std::string out, body;
    const auto add = [&](const std::string& result, const char* function, const std::string& intrinsic,
                         const char* param) {
      out += declare_import(result, "uint32_t", "[" + intrinsic + "]" + label, from);
      body += result + " " + name + "::" + function + "(uint32_t " + param + ") { " +
              (result == "void" ? "" : "return ") + declared_ + "(" + param + "); }\n";
    };
    add("void", "drop_handle", "resource-drop", "handle");
    if (!scope_.exported) return out + in_world(body);
    add("uint32_t", "new_handle", "resource-new", "rep");
    add("uint32_t", "handle_rep", "resource-rep", "handle");
    const std::string symbol = "ashlar_export_" + std::to_string(count_++);
    return out + in_world(body) + "extern \"C\" __attribute__((__export_name__(" +
           cpp_quoted(export_prefix() + "[dtor]" + label) + "))) void " + symbol +
           "(uint32_t rep) { ashlar_guest::destroy<" + qualified(name) + ">(rep); }\n";
  }
  std::string export_prefix() const { return scope_.abi_name.empty() ? "" : scope_.abi_name + "#"; }

  std::string export_source(const Function& f) {
    const CoreSignature s = core_signature(model_, f);
    const std::string symbol = "ashlar_export_" + std::to_string(count_++);
    const std::string name = export_prefix() + f.name;
    const std::string core = s.result_in_memory ? "uint8_t*" : core_result(s);
    std::string out = "extern \"C\" __attribute__((__export_name__(" + cpp_quoted(name) + "))) " + core + " " + symbol +
                      "(" + core_params(s, false) + ") {\n";
    std::string types, arguments;
    const bool method = f.kind == FuncKind::Method;
    const bool lends_inside = std::ranges::any_of(f.params, [&](const Param& p) {
      const TypeDef* t = model_.definition(p.type);
      return t != nullptr && t->has_borrow && !world_.handle(p.type);
    });
    if (lends_inside) out += "  const ashlar_guest::Borrowed borrowed;\n";
    for (size_t i = 0; i < f.params.size(); ++i) {
      const std::optional<Handle> h = world_.handle(f.params[i].type);
      const bool borrowed = h && h->borrowed;
      // A borrowed handle of an import is dropped when the call ends.
      const bool is_import = borrowed && !is_exported(h->resource);
      types += (i ? ", " : "") + (is_import ? handle(h->resource, false) : types_.text(f.params[i].type));
      const std::string got = "std::get<" + std::to_string(i) + ">(params)";
      const std::string passed = !borrowed ? "std::move(" + got + ")" : is_import ? got : "*" + got;
      if (!method || i > 0) arguments += (arguments.empty() ? "" : ", ") + passed;
    }
    if (!f.params.empty()) {
      std::string from = "p0";
      if (!s.params_in_memory) {
        out += "  const uint64_t slots[] = {";
        for (size_t i = 0; i < s.params.size(); ++i) {
          out += (i ? ", " : "") + ("ashlar_guest::to_slot(p" + std::to_string(i) + ")");
        }
        out += s.params.empty() ? "0};\n" : "};\n";
        from = "slots";
      }
      out += "  [[maybe_unused]] auto params = ashlar_guest::take_parameters<" + types + ">(" + from + ");\n";
    }
    const std::string call = (method ? "std::get<0>(params)->" + cpp_value_name(f.label)
                                     : qualified(cpp_function_name(f, world_.resource_of(f)))) +
                             "(" + arguments + ")";
    if (s.result_in_memory) {
      out += "  return ashlar_guest::give<" + types_.text(*f.result) + ">(" + call + ", nullptr);\n}\n";
      return out + "extern \"C\" __attribute__((__export_name__(" + cpp_quoted("cabi_post_" + name) + "))) void " +
             symbol + "_post(uint8_t*) { ashlar_guest::post_return(); }\n";
    }
    if (s.result.size() == 1) {
      return out + "  uint64_t result = 0;\n  ashlar_guest::give<" + types_.text(*f.result) + ">(" + call +
             ", &result);\n  return ashlar_guest::from_slot<" + core + ">(result);\n}\n";
    }
    return out + "  " + call + ";\n}\n";
  }

  const BoundWorld& world_;
  const Resolve& model_;
  const BoundScope& scope_;
  CppTypes types_;
  size_t& count_;
  std::string declared_;
};

constexpr std::string_view kRealloc = R"(
extern "C" __attribute__((__export_name__("cabi_realloc"))) void* cabi_realloc(void* old, size_t, size_t align,
                                                                              size_t size) {
  // Nothing takes no room, but an address that is aligned.
  if (size == 0) return reinterpret_cast<void*>(align);
  void* const out = std::realloc(old, size);
  if (out == nullptr) std::abort();
  return out;
}

// What would write a last message and with that link the C library's streams: a component that uses no WASI shall import
// none. Weak, so that a program may have its own.
__attribute__((weak)) void std::__libcpp_verbose_abort(const char*, ...) noexcept { __builtin_trap(); }
extern "C" __attribute__((weak)) void __cxa_pure_virtual() { __builtin_trap(); }
__attribute__((weak)) void* operator new(size_t size) {
  void* const out = std::malloc(size == 0 ? 1 : size);
  if (out == nullptr) __builtin_trap();
  return out;
}
__attribute__((weak)) void operator delete(void* p) noexcept { std::free(p); }
__attribute__((weak)) void operator delete(void* p, size_t) noexcept { std::free(p); }
)";

/// The object file's custom section, from which the linker makes the module's.
std::string component_type_section(const std::string& name, std::span<const uint8_t> bytes) {
  // In C++ a custom section can only be written like this.
  std::string out = "\n// What the world is, for `ashlar component new`.\n__asm__(\n    ";
  out += R"(".section \".custom_section.component-type:)" + name + R"(\",\"\",@\n")";
  constexpr size_t kBytesALine = 24;
  for (size_t i = 0; i < bytes.size(); ++i) {
    const bool first = i % kBytesALine == 0;
    out += (first ? "\n    \".byte " : ",") + std::to_string(bytes[i]);
    if (i % kBytesALine == kBytesALine - 1 || i + 1 == bytes.size()) out += R"(\n")";
  }
  return out + "\n    " + R"(".text\n");)" + "\n";
}

}  // namespace

GuestFiles generate_world_guest(const BoundWorld& world, const std::string& name, const std::string& source,
                                std::span<const uint8_t> component_type) {
  GuestFiles out;
  const std::string first = "// Made from " + source + " by `ashlar bindgen cpp --guest`: not to be edited.\n";
  const std::string space = world.name_space();
  out.header = first + "#pragma once\n\n#include \"ashlar_guest.h\"\n\nnamespace " + space + " {\n";
  out.source =
      first + "#include \"" + name + ".h\"\n\n#include <__verbose_abort>\n#include <new>\n" + std::string(kRealloc);
  size_t count = 0;
  for (const BoundScope& scope : world.scopes()) {
    GuestScope made(world, scope, count);
    out.header += made.header();
    out.source += made.source();
  }
  out.header += "\n}  // namespace " + space + "\n";
  out.source += component_type_section(name, component_type);
  return out;
}

std::string_view guest_support() {
  static constexpr char kText[] = {
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wc23-extensions"
#embed "guest/ashlar_guest.h"
#pragma clang diagnostic pop
  };
  return {kText, sizeof kText};
}

}  // namespace ashlar::wit
