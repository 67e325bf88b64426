// Sorts and their index spaces; see scope.h.
#include "component/text/scope.h"

namespace ashlar::component {
namespace {

constexpr std::string_view kNames[kSpaceCount] = {
    "core func",     "core table", "core memory", "core global", "core tag",  "core type", "core module",
    "core instance", "func",       "value",       "type",        "component", "instance"};

}  // namespace

size_t space_index(const AnySort& sort) {
  switch (sort.sort) {
    case Sort::Core:
      switch (sort.core) {
        case CoreSort::Func:
          return 0;
        case CoreSort::Table:
          return 1;
        case CoreSort::Memory:
          return 2;
        case CoreSort::Global:
          return 3;
        case CoreSort::Tag:
          return 4;
        case CoreSort::Type:
          return 5;
        case CoreSort::Module:
          return 6;
        case CoreSort::Instance:
          return 7;
      }
      break;
    case Sort::Func:
      return 8;
    case Sort::Value:
      return 9;
    case Sort::Type:
      return 10;
    case Sort::Component:
      return 11;
    case Sort::Instance:
      return 12;
  }
  return 0;
}

std::string_view sort_text(const AnySort& sort) { return kNames[space_index(sort)]; }

TextScope::TextScope(Kind kind, TextScope* parent, std::string_view id) : kind(kind), parent(parent), id(id) {
  for (size_t i = 0; i < kSpaceCount; ++i) spaces[i].what = kNames[i];
}

}  // namespace ashlar::component
