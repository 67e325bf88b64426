// Instances and their exports.
#include "api/refs.h"

namespace ashlar {
inline namespace v0 {

using detail::Access;
using detail::StoreState;

namespace {

/// The export of that name and kind; nothing when there is none.
template <class T>
std::optional<T> find(const Instance& instance, std::string_view name) {
  std::optional<Extern> found = instance.get(name);
  if (!found || !std::holds_alternative<T>(*found)) return std::nullopt;
  return std::get<T>(std::move(*found));
}

}  // namespace

Result<Func> Instance::func(std::string_view name) const try {
  if (auto found = find<Func>(*this, name)) return *found;
  return std::unexpected(Access::error(internal::Error(ErrorCode::no_such_export, kNoOffset, std::string(name))));
} catch (const std::bad_alloc&) {
  return detail::no_memory();
}

std::optional<Memory> Instance::memory(std::string_view name) const { return find<Memory>(*this, name); }
std::optional<Table> Instance::table(std::string_view name) const { return find<Table>(*this, name); }
std::optional<Global> Instance::global(std::string_view name) const { return find<Global>(*this, name); }
std::optional<Tag> Instance::tag(std::string_view name) const { return find<Tag>(*this, name); }

std::optional<Extern> Instance::get(std::string_view name) const {
  runtime::Extern found{};
  if (!Access::instance(*this)->find_export(name, &found)) return std::nullopt;
  return Access::to_public(store_, found);
}

std::vector<Export> Instance::exports() const {
  runtime::Instance& instance = *Access::instance(*this);
  const std::vector<module::Export>& all = instance.module().exports;
  std::vector<Export> out;
  out.reserve(all.size());
  for (size_t i = 0; i < all.size(); ++i) {
    out.push_back({std::string(all[i].name), Access::to_public(store_, instance.export_at(i))});
  }
  return out;
}

Module Instance::module() const { return Access::module_of(store_, *Access::instance(*this)); }

namespace detail {

Instance Access::instance(StoreState* s, runtime::Instance* i) {
  Instance out;
  out.store_ = s;
  out.instance_ = i;
  return out;
}

void Access::keep(StoreState* s, const std::shared_ptr<ModuleState>& module) {
  if (module->image || module->tier) s->modules.try_emplace(module->compiled.get(), module);
}

void Access::watch(StoreState* s, const std::shared_ptr<ModuleState>& module, runtime::Instance& instance) {
  if (!module->tier) return;
  if (!s->watch) s->watch = std::make_unique<tiering::StoreWatch>(s->store);
  s->watch->add(module->tier, instance);
}

Module Access::module_of(StoreState* s, const runtime::Instance& instance) {
  const auto found = s->modules.find(instance.compiled().get());
  if (found != s->modules.end()) return module(found->second);
  return module(std::make_shared<ModuleState>(instance.compiled(), nullptr, nullptr, s->engine));
}

namespace {

template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};

}  // namespace

runtime::Extern Access::to_runtime(const Extern& e) {
  return std::visit(Overloaded{[](const Func& x) { return runtime::Extern::of(cell(x)); },
                               [](const Memory& x) { return runtime::Extern::of(memory(x)); },
                               [](const Table& x) { return runtime::Extern::of(table(x)); },
                               [](const Global& x) { return runtime::Extern::of(global(x)); },
                               [](const Tag& x) { return runtime::Extern::of(tag(x)); }},
                    e);
}

StoreState* Access::store_of(const Extern& e) {
  return std::visit([](const auto& x) { return x.store_; }, e);
}

Extern Access::to_public(StoreState* s, const runtime::Extern& e) {
  switch (e.kind) {
    case module::ExternKind::Func:
      return func(s, e.func);
    case module::ExternKind::Memory:
      return memory(s, e.memory);
    case module::ExternKind::Table:
      return table(s, e.table);
    case module::ExternKind::Global:
      return global(s, e.global);
    case module::ExternKind::Tag:
      return tag(s, e.tag);
  }
  return Func();
}

}  // namespace detail
}  // namespace v0
}  // namespace ashlar
