// Types and signatures as WIT text; see print.h and type_text.h.
#include "wit/type_text.h"

#include <cstdio>

#include "wit/print.h"

namespace ashlar::wit {
namespace {

std::string optional_text(const Resolve& model, std::optional<Type> type) {
  return type ? "<" + print_type(model, *type) + ">" : std::string();
}

std::string result_text(const Resolve& model, const ResultType& result) {
  if (!result.error) return "result" + optional_text(model, result.ok);
  return "result<" + (result.ok ? print_type(model, *result.ok) : "_") + ", " + print_type(model, *result.error) + ">";
}

std::string anonymous_text(const Resolve& model, const TypeDef& def) {
  if (const auto* tuple = std::get_if<Tuple>(&def.kind)) {
    std::string out;
    for (const Type type : tuple->types) out += (out.empty() ? "" : ", ") + print_type(model, type);
    return "tuple<" + out + ">";
  }
  if (const auto* list = std::get_if<List>(&def.kind)) return "list<" + print_type(model, list->element) + ">";
  if (const auto* fixed = std::get_if<FixedList>(&def.kind)) {
    return "list<" + print_type(model, fixed->element) + ", " + std::to_string(fixed->length) + ">";
  }
  if (const auto* map = std::get_if<Map>(&def.kind)) {
    return "map<" + print_type(model, map->key) + ", " + print_type(model, map->value) + ">";
  }
  if (const auto* option = std::get_if<Option>(&def.kind)) return "option<" + print_type(model, option->type) + ">";
  if (const auto* result = std::get_if<ResultType>(&def.kind)) return result_text(model, *result);
  if (const auto* future = std::get_if<Future>(&def.kind)) return "future" + optional_text(model, future->type);
  if (const auto* stream = std::get_if<Stream>(&def.kind)) return "stream" + optional_text(model, stream->type);
  const auto* handle = std::get_if<Handle>(&def.kind);
  if (handle == nullptr) return "_";  // everything else has a name
  const std::string name = print_label(model[handle->resource].name);
  return handle->borrowed ? "borrow<" + name + ">" : name;
}

}  // namespace

std::string print_label(std::string_view label) { return (is_keyword(label) ? "%" : "") + std::string(label); }

std::string print_type(const Resolve& model, Type type) {
  if (type.is_prim()) return std::string(prim_name(type.prim()));
  const TypeDef& def = model[type.id()];
  return def.name.empty() ? anonymous_text(model, def) : print_label(def.name);
}

std::string print_signature(const Resolve& model, const Function& function) {
  std::string params;
  for (size_t i = function.kind == FuncKind::Method ? 1 : 0; i < function.params.size(); ++i) {
    const Param& param = function.params[i];
    params += (params.empty() ? "" : ", ") + print_label(param.name) + ": " + print_type(model, param.type);
  }
  const bool constructor = function.kind == FuncKind::Constructor;
  std::string out = (constructor ? "constructor(" : function.is_async ? "async func(" : "func(") + params + ")";
  // That of a constructor is the resource, or a result that holds it.
  const TypeDef* result = function.result ? model.definition(*function.result) : nullptr;
  const bool implied = constructor && result != nullptr && std::holds_alternative<Handle>(result->kind);
  if (function.result && !implied) out += " -> " + print_type(model, *function.result);
  return out;
}

std::string quote_string(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte >= 0x7f) {
      char buffer[4];
      std::snprintf(buffer, sizeof buffer, "\\%02x", byte);
      out += buffer;
    } else {
      out += c;
    }
  }
  return out + "\"";
}

}  // namespace ashlar::wit
