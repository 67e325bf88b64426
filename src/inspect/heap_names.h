// What the modules of a store call the types, fields, tags, globals and tables that its heap has to do with.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "runtime/store.h"

namespace ashlar::inspect {

/// Names come from the name sections, else from exports of globals and tables, else they are made of the index:
/// "(type 12)". Where several modules have the type, the first that names it counts. Of two types that are the same
/// (equal recursion groups) all names are given: "A|B".
class HeapNames {
 public:
  /// Of all modules that are instantiated now.
  explicit HeapNames(const runtime::Store& store);

  /// "Point" or "(type 12)"; of exceptions, see tag(); "(host value)".
  std::string type(uint32_t type_id) const;
  /// "x", or "field0".
  std::string field(uint32_t type_id, uint32_t index) const;
  /// "exception NAME", or "(exception of tag 3)".
  std::string exception(const runtime::TagInstance* tag) const;
  /// "name", or "global 3".
  std::string global(const runtime::GlobalInstance* global) const;
  /// "name", or "table 3".
  std::string table(const runtime::Table* table) const;
  /// "name", or "elem 3".
  static std::string elem(const runtime::Instance& instance, uint32_t index);

 private:
  /// An entity of a module.
  struct Place {
    const module::Module* module;
    uint32_t index;
  };
  struct Type {
    Place place;
    std::string name;  ///< empty: none of its modules has one
  };
  void add_types(const module::Module& m);
  void add_instance(const runtime::Instance& instance);

  std::unordered_map<uint32_t, Type> types_;            ///< by canonical id
  std::unordered_map<const void*, std::string> names_;  ///< of globals and tables
  std::unordered_map<const void*, Place> tags_;
};

}  // namespace ashlar::inspect
