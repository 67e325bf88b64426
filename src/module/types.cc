// Text forms of module-level types.
#include "module/types.h"

namespace ashlar::module {

std::string_view to_string(ExternKind kind) {
  switch (kind) {
    case ExternKind::Func:
      return "function";
    case ExternKind::Table:
      return "table";
    case ExternKind::Memory:
      return "memory";
    case ExternKind::Global:
      return "global";
    case ExternKind::Tag:
      return "tag";
  }
  return "";
}

std::string to_string(const std::vector<ValType>& types) {
  std::string out = "[";
  for (const ValType type : types) {
    if (out.size() > 1) out += ' ';
    out += isa::to_string(type);
  }
  return out + "]";
}

std::string to_string(const FuncType& type) { return to_string(type.params) + " -> " + to_string(type.results); }

}  // namespace ashlar::module
