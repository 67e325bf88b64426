// Types and names; see cpp_types.h.
#include "wit/cpp_types.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace ashlar::wit {

namespace {

constexpr std::array kReserved = {"alignas",      "alignof",   "and",           "and_eq",
                                  "asm",          "assert",    "auto",          "bitand",
                                  "bitor",        "bool",      "break",         "case",
                                  "catch",        "char",      "char16_t",      "char32_t",
                                  "char8_t",      "class",     "co_await",      "co_return",
                                  "co_yield",     "compl",     "concept",       "const",
                                  "const_cast",   "consteval", "constexpr",     "constinit",
                                  "continue",     "decltype",  "default",       "delete",
                                  "do",           "double",    "dynamic_cast",  "else",
                                  "enum",         "errno",     "explicit",      "export",
                                  "extern",       "false",     "final",         "interface",
                                  "float",        "for",       "friend",        "goto",
                                  "if",           "inline",    "int",           "long",
                                  "main",         "mutable",   "namespace",     "new",
                                  "noexcept",     "not",       "not_eq",        "nullptr",
                                  "operator",     "or",        "or_eq",         "private",
                                  "protected",    "public",    "register",      "reinterpret_cast",
                                  "requires",     "return",    "short",         "signed",
                                  "sizeof",       "static",    "static_assert", "static_cast",
                                  "std",          "stderr",    "stdin",         "stdout",
                                  "struct",       "switch",    "template",      "this",
                                  "thread_local", "throw",     "true",          "try",
                                  "typedef",      "typeid",    "typename",      "union",
                                  "unsigned",     "using",     "virtual",       "void",
                                  "volatile",     "wchar_t",   "while",         "xor",
                                  "xor_eq"};

std::string prim_text(Prim p) {
  constexpr std::array kNames = {"bool",    "int8_t",   "uint8_t",     "int16_t",     "uint16_t",
                                 "int32_t", "uint32_t", "int64_t",     "uint64_t",    "float",
                                 "double",  "char32_t", "std::string", "ErrorContext"};
  return kNames[static_cast<size_t>(p)];
}

template <class Items>
std::string label_list(const Items& items) {
  std::string out;
  for (const auto& item : items) out += (out.empty() ? "" : ", ") + cpp_quoted(item.name);
  return out;
}

bool is_struct(const TypeKind& kind) {
  return std::holds_alternative<Record>(kind) || std::holds_alternative<Variant>(kind) ||
         std::holds_alternative<Flags>(kind);
}

}  // namespace

std::string cpp_quoted(std::string_view text) { return "\"" + std::string(text) + "\""; }

std::string CppTypes::text(Type type) const {
  if (type.is_prim()) return prim_text(type.prim());
  const TypeDef& t = model_[type.id()];
  if (t.name.empty()) return unnamed(t);
  return std::holds_alternative<Resource>(t.kind) ? dialect_.handle(type.id(), false) : dialect_.named(type.id());
}

std::string CppTypes::unnamed(const TypeDef& t) const {
  return std::visit(
      [&](const auto& k) -> std::string {
        using K = std::decay_t<decltype(k)>;
        if constexpr (std::is_same_v<K, Tuple>) {
          std::string out = "std::tuple<";
          for (size_t i = 0; i < k.types.size(); ++i) out += (i ? ", " : "") + text(k.types[i]);
          return out + ">";
        } else if constexpr (std::is_same_v<K, List>) {
          return "std::vector<" + text(k.element) + ">";
        } else if constexpr (std::is_same_v<K, FixedList>) {
          return "std::array<" + text(k.element) + ", " + std::to_string(k.length) + ">";
        } else if constexpr (std::is_same_v<K, Option>) {
          return "std::optional<" + text(k.type) + ">";
        } else if constexpr (std::is_same_v<K, ResultType>) {
          return "std::expected<" + (k.ok ? text(*k.ok) : std::string("void")) + ", " + payload(k.error) + ">";
        } else if constexpr (std::is_same_v<K, Handle>) {
          return dialect_.handle(model_.dealias(k.resource), k.borrowed);
        } else {
          return "Unsupported";
        }
      },
      t.kind);
}

std::string CppTypes::kind(const std::string& name, const Record& k) const {
  std::string fields, out = "struct " + name + " {\n";
  for (const Field& f : k.fields) {
    // `fields` is what says how they are called.
    const std::string member = f.name == "fields" ? "fields_" : cpp_value_name(f.name);
    out += "  " + text(f.type) + " " + member + "{};\n";
    fields +=
        (fields.empty() ? "" : ", ") + dialect_.field + "{" + cpp_quoted(f.name) + ", &" + name + "::" + member + "}";
  }
  return out + "  static constexpr auto fields = std::tuple(" + fields + ");\n};\n";
}

std::string CppTypes::kind(const std::string& name, const Variant& k) const {
  std::string payloads, indices;
  for (const Case& c : k.cases) {
    payloads += (payloads.empty() ? "" : ", ") + payload(c.type);
    indices += (indices.empty() ? "" : ", ") + ("k" + cpp_type_name(c.name));
  }
  // A member cannot have the name of its class.
  const std::string cases = name == "Case" ? "Cases" : "Case";
  return "struct " + name + " {\n  enum " + cases + " : uint32_t { " + indices + " };\n  std::variant<" + payloads +
         "> value;\n  static constexpr std::array cases{" + label_list(k.cases) + "};\n};\n";
}

std::string CppTypes::kind(const std::string& name, const Enum& k) const {
  std::string cases;
  for (const Label& c : k.cases) cases += (cases.empty() ? "" : ", ") + cpp_value_name(c.name);
  return "enum class " + name + " : uint32_t { " + cases + " };\nconstexpr auto " + dialect_.labels + "(" + name +
         ") { return std::array{" + label_list(k.cases) + "}; }\n";
}

std::string CppTypes::kind(const std::string& name, const Flags& k) const {
  const std::string bits = name == "Bit" ? "Bits" : "Bit";
  std::string out = "struct " + name + " {\n  enum " + bits + " : uint32_t {";
  for (size_t i = 0; i < k.flags.size(); ++i) {
    out += (i ? ", k" : " k") + cpp_type_name(k.flags[i].name) + " = 1u << " + std::to_string(i);
  }
  return out + " };\n  uint32_t bits = 0;\n  bool has(" + bits +
         " bit) const { return (bits & bit) != 0; }\n"
         "  static constexpr std::array labels{" +
         label_list(k.flags) + "};\n};\n";
}

std::string CppTypes::definition(TypeId id) const {
  const TypeDef& t = model_[id];
  const std::string name = cpp_type_name(t.name);
  const std::string body = std::visit(
      [&](const auto& k) -> std::string {
        using K = std::decay_t<decltype(k)>;
        if constexpr (std::is_same_v<K, Record> || std::is_same_v<K, Variant> || std::is_same_v<K, Enum> ||
                      std::is_same_v<K, Flags>) {
          return kind(name, k);
        } else if constexpr (std::is_same_v<K, Resource>) {
          return dialect_.declare_resource(id);
        } else if constexpr (std::is_same_v<K, Used>) {
          return "using " + name + " = " + dialect_.named(k.type) + ";\n";
        } else if constexpr (std::is_same_v<K, Alias>) {
          const Type behind = model_.dealias(Type(id));
          const bool resource = !behind.is_prim() && std::holds_alternative<Resource>(model_[behind.id()].kind);
          return "using " + name + " = " + (resource ? dialect_.named(behind.id()) : text(k.type)) + ";\n";
        } else {
          return "using " + name + " = " + unnamed(t) + ";\n";
        }
      },
      t.kind);
  return cpp_comment(t.docs, "") + body;
}

std::string CppTypes::forward(TypeId id) const {
  const std::string name = cpp_type_name(model_[id].name);
  const TypeKind& kind = model_[id].kind;
  if (std::holds_alternative<Resource>(kind)) return dialect_.resource_key + " " + name + ";\n";
  if (std::holds_alternative<Enum>(kind)) return "enum class " + name + " : uint32_t;\n";
  return is_struct(kind) ? "struct " + name + ";\n" : "";
}

std::string CppTypes::definitions(std::span<const TypeId> types) const {
  const auto is_resource = [&](TypeId id) { return std::holds_alternative<Resource>(model_[id].kind); };
  const auto is_complete = [&](TypeId id) {
    return is_struct(model_[id].kind) || std::holds_alternative<Enum>(model_[id].kind);
  };
  std::string out;
  if (types.size() < 2 || std::ranges::none_of(types, is_resource)) {
    for (const TypeId id : types) out += definition(id) + "\n";
    return out;
  }
  // Methods need names alone, records whole types: names, other names for them, resources, all else.
  for (const TypeId id : types) out += forward(id);
  out += "\n";
  for (const TypeId id : types) {
    if (!is_resource(id) && !is_complete(id)) out += definition(id) + "\n";
  }
  for (const TypeId id : types) {
    if (is_resource(id)) out += definition(id) + "\n";
  }
  for (const TypeId id : types) {
    if (is_complete(id)) out += definition(id) + "\n";
  }
  return out;
}

std::string cpp_comment(const std::string& docs, const std::string& indent) {
  if (docs.empty()) return "";
  std::string out = indent + "/// ";
  for (char c : docs) {
    out += c;
    if (c == '\n') out += indent + "/// ";
  }
  return out + "\n";
}

std::string cpp_function_name(const Function& f, const std::string& resource) {
  switch (f.kind) {
    case FuncKind::Free:
      return cpp_value_name(f.label);
    case FuncKind::Constructor:
      return "new_" + cpp_value_name(resource);
    case FuncKind::Method:
    case FuncKind::Static:
      break;
  }
  return cpp_value_name(resource + "-" + f.label);
}

std::string cpp_value_name(std::string_view label) {
  std::string out;
  for (char c : label) out += c == '-' ? '_' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  if (std::ranges::find(kReserved, out) != kReserved.end()) out += '_';
  return out;
}

std::string cpp_type_name(std::string_view label) {
  std::string out;
  bool upper = true;
  for (char c : label) {
    if (c == '-') {
      upper = true;
      continue;
    }
    out += static_cast<char>(upper ? std::toupper(static_cast<unsigned char>(c)) : c);
    upper = false;
  }
  return out;
}

}  // namespace ashlar::wit
