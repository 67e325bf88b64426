// Lazy lowering and the process-wide map from code addresses to functions.
#include "interp/module_code.h"

#include <algorithm>
#include <map>
#include <shared_mutex>

#include "interp/lower.h"
#include "interp/profile.h"

namespace ashlar::interp {

Handler stub_handler();
Handler native_handler();

namespace {
/// By end address, so that lower_bound finds the owner of an address.
struct CodeMap {
  std::shared_mutex mutex;
  std::map<const Code*, CodeOwner> by_end;
};
CodeMap& code_map() {
  static CodeMap* const map = new CodeMap;  // outlives every module
  return *map;
}
}  // namespace

CodeOwner find_code(const Code* at) {
  CodeMap& map = code_map();
  std::shared_lock lock(map.mutex);
  auto it = map.by_end.upper_bound(at);
  if (it == map.by_end.end() || at < it->second.func->begin()) return {};
  return it->second;
}

ModuleCode::ModuleCode(const module::Module& m, const runtime::Config& config) : m_(m), config_(config) {
  size_t n = m.funcs.size() - m.imported_funcs;
  entries_ = std::make_unique<Entry[]>(n);
  for (size_t i = 0; i < n; ++i) {
    Entry& e = entries_[i];
    e.stub = stub_handler();
    e.index = i + m.imported_funcs;
    e.code.store(reinterpret_cast<const Code*>(&e.stub), std::memory_order_relaxed);
  }
}

ModuleCode::~ModuleCode() {
#if ASHLAR_PROFILE
  for (const auto& f : codes_) profile::dump(*this, *f);
#endif
  CodeMap& map = code_map();
  std::unique_lock lock(map.mutex);
  for (const auto& f : codes_) map.by_end.erase(f->end());
}

Result<const Code*> ModuleCode::lower_now(module::FuncIdx f) {
  Entry& e = *entry_of(f);
  const Code* stub = reinterpret_cast<const Code*>(&e.stub);
  std::lock_guard lock(mutex_);
  if (const Code* done = e.code.load(std::memory_order_acquire); done != stub) return done;
  if (e.native.load(std::memory_order_acquire) != nullptr) return stub;
  TRY_ASSIGN(std::unique_ptr<FuncCode> code, lower(*this, f, nullptr));
  const Code* begin = code->begin();
  {
    CodeMap& map = code_map();
    std::unique_lock map_lock(map.mutex);
    map.by_end[code->end()] = {code.get(), this};
  }
  codes_.push_back(std::move(code));
  e.code.store(begin, std::memory_order_release);
  return begin;
}

void ModuleCode::set_native(module::FuncIdx f, const void* code) {
  Entry& e = *entry_of(f);
  std::lock_guard lock(mutex_);
  e.native.store(code, std::memory_order_release);
  // A thread that is about to run the stub sees either handler; both do.
  __atomic_store_n(&e.stub, native_handler(), __ATOMIC_RELEASE);
  e.code.store(reinterpret_cast<const Code*>(&e.stub), std::memory_order_release);
}

void ModuleCode::keep_native(std::shared_ptr<const void> owner, const uint8_t* image) {
  std::lock_guard lock(mutex_);
  native_owners_.push_back(std::move(owner));
  if (native_image_ == nullptr) native_image_ = image;
}

uint32_t ModuleCode::wasm_offset(const FuncCode& f, const Code* at) const {
  std::vector<OffsetPair> pairs;
  auto again = lower(const_cast<ModuleCode&>(*this), f.index, &pairs);
  if (!again || pairs.empty()) return m_.funcs[f.index].body_offset;
  uint32_t offset = static_cast<uint32_t>(at - f.begin());
  auto it =
      std::upper_bound(pairs.begin(), pairs.end(), offset, [](uint32_t o, const OffsetPair& p) { return o < p.code; });
  return it == pairs.begin() ? pairs.front().wasm : std::prev(it)->wasm;
}

}  // namespace ashlar::interp
