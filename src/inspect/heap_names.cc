// Names for what the heap holds, gathered once from all modules.
#include "inspect/heap_names.h"

#include <set>

namespace ashlar::inspect {

namespace {

using module::ExternKind;
using module::NameMap;

std::string_view find_name(const NameMap::Names& names, uint32_t index) {
  const auto found = names.find(index);
  return found == names.end() ? std::string_view() : found->second;
}

std::string_view export_name(const module::Module& m, ExternKind kind, uint32_t index) {
  for (const module::Export& e : m.exports) {
    if (e.kind == kind && e.index == index) return e.name;
  }
  return {};
}

std::string name_or_index(std::string_view name, std::string_view kind, uint32_t index) {
  return name.empty() ? std::string(kind) + " " + std::to_string(index) : std::string(name);
}

/// Whether one of the names that are joined by '|' is `name`.
bool has_name(std::string_view joined, std::string_view name) {
  return ("|" + std::string(joined) + "|").find("|" + std::string(name) + "|") != std::string::npos;
}

}  // namespace

HeapNames::HeapNames(const runtime::Store& store) {
  std::set<const module::Module*> seen;
  for (const auto& instance : store.instances()) {
    if (seen.insert(&instance->module()).second) add_types(instance->module());
    add_instance(*instance);
  }
}

void HeapNames::add_types(const module::Module& m) {
  const NameMap& names = m.debug_names();
  for (uint32_t i = 0; i < m.canonical.size(); ++i) {
    const std::string_view name = find_name(names.types, i);
    const auto [at, fresh] = types_.try_emplace(m.canonical[i], Type{{&m, i}, std::string(name)});
    if (fresh || name.empty()) continue;
    Type& type = at->second;
    if (type.name.empty()) {
      type = {{&m, i}, std::string(name)};
    } else if (type.place.module == &m && !has_name(type.name, name)) {
      type.name += "|" + std::string(name);
    }
  }
}

void HeapNames::add_instance(const runtime::Instance& instance) {
  const module::Module& m = instance.module();
  const NameMap& names = m.debug_names();
  for (uint32_t i = 0; i < m.globals.size(); ++i) {
    std::string_view name = find_name(names.globals, i);
    if (name.empty()) name = export_name(m, ExternKind::Global, i);
    // A global instance begins with its value, which is what the context refers to.
    names_.try_emplace(instance.ctx.globals[i], name_or_index(name, "global", i));
  }
  for (uint32_t i = 0; i < m.tables.size(); ++i) {
    std::string_view name = find_name(names.tables, i);
    if (name.empty()) name = export_name(m, ExternKind::Table, i);
    names_.try_emplace(instance.ctx.tables[i], name_or_index(name, "table", i));
  }
  for (uint32_t i = 0; i < m.tags.size(); ++i) tags_.try_emplace(instance.ctx.tags[i], Place{&m, i});
}

std::string HeapNames::type(uint32_t type_id) const {
  if (type_id == runtime::kHostType) return "(host value)";
  if (type_id == runtime::kExnType) return "(exception)";
  const auto found = types_.find(type_id);
  // An object may outlive the only instance that knew its type; its canonical id says at least which are alike.
  if (found == types_.end()) return "(canonical type " + std::to_string(type_id) + ")";
  const Type& type = found->second;
  return type.name.empty() ? "(type " + std::to_string(type.place.index) + ")" : type.name;
}

std::string HeapNames::field(uint32_t type_id, uint32_t index) const {
  std::string_view name;
  if (const auto found = types_.find(type_id); found != types_.end()) {
    const NameMap::Indirect& all = found->second.place.module->debug_names().fields;
    const auto fields = all.find(found->second.place.index);
    if (fields != all.end()) name = find_name(fields->second, index);
  }
  return name.empty() ? "field" + std::to_string(index) : std::string(name);
}

std::string HeapNames::exception(const runtime::TagInstance* tag) const {
  const auto found = tags_.find(tag);
  if (found == tags_.end()) return "(exception)";
  const Place& place = found->second;
  std::string_view name = find_name(place.module->debug_names().tags, place.index);
  if (name.empty()) name = export_name(*place.module, ExternKind::Tag, place.index);
  if (name.empty()) return "(exception of tag " + std::to_string(place.index) + ")";
  return "exception " + std::string(name);
}

std::string HeapNames::global(const runtime::GlobalInstance* global) const {
  const auto found = names_.find(global->value);
  return found == names_.end() ? "(of the host)" : found->second;
}

std::string HeapNames::table(const runtime::Table* table) const {
  const auto found = names_.find(table);
  return found == names_.end() ? "(of the host)" : found->second;
}

std::string HeapNames::elem(const runtime::Instance& instance, uint32_t index) {
  return name_or_index(find_name(instance.module().debug_names().elems, index), "elem", index);
}

}  // namespace ashlar::inspect
