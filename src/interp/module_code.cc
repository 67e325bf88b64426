// Lazy lowering and the process-wide map from code addresses to functions.
#include "interp/module_code.h"

#include <algorithm>
#include <map>
#include <new>
#include <shared_mutex>
#include <type_traits>

#include "interp/lower.h"
#include "interp/profile.h"
#include "native/image.h"

namespace ashlar::interp {

Handler stub_handler();
Handler native_handler();
Handler loop_handler();

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
  static_assert(std::is_trivially_destructible_v<Entry>);
  const size_t n = m.funcs.size() - m.imported_funcs;
  entries_.reset(static_cast<Entry*>(std::calloc(n + 1, sizeof(Entry))));
  if (entries_ == nullptr) throw std::bad_alloc();
#if ASHLAR_PROFILE
  profile::add(*this);
#endif
}

ModuleCode::~ModuleCode() {
#if ASHLAR_PROFILE
  profile::finish(*this);
#endif
  CodeMap& map = code_map();
  std::unique_lock lock(map.mutex);
  for (const auto& f : codes_) map.by_end.erase(f->end());
}

// A few at a time: they lie in the same page, and where a large table is filled the lock is taken less often.
void ModuleCode::make_entries(module::FuncIdx f) {
  constexpr uint32_t kBatch = 64;
  const auto count = static_cast<uint32_t>(m_.funcs.size() - m_.imported_funcs);
  const uint32_t first = (f - m_.imported_funcs) / kBatch * kBatch;
  std::lock_guard lock(make_mutex_);
  made_any_ = true;
  const native::Image* image = image_.load(std::memory_order_relaxed);
  for (uint32_t i = first; i < std::min(first + kBatch, count); ++i) {
    Entry& e = entries_[i];
    if (e.code.load(std::memory_order_relaxed) != nullptr) continue;
    const void* machine_code = image != nullptr ? image->entry(i) : nullptr;
    e.native.store(machine_code, std::memory_order_relaxed);
    e.stub = machine_code != nullptr ? native_handler() : stub_handler();
    e.index = i + m_.imported_funcs;
    e.code.store(reinterpret_cast<const Code*>(&e.stub), std::memory_order_release);
  }
}

const void* ModuleCode::native_entry(module::FuncIdx f) {
  // Entries are not even read where the image answers: there may be many pages of them.
  if (set_any_.load(std::memory_order_acquire)) return entry_of(f)->native.load(std::memory_order_acquire);
  const native::Image* image = image_.load(std::memory_order_acquire);
  return image != nullptr ? image->entry(f - m_.imported_funcs) : nullptr;
}

bool ModuleCode::use_image(const native::Image& image) {
  {
    std::lock_guard lock(make_mutex_);
    if (image_.load(std::memory_order_relaxed) != nullptr) return false;
    image_.store(&image, std::memory_order_release);
    if (!made_any_) return true;
  }
  for (uint32_t i = 0; i < image.entry_count(); ++i) {
    const void* machine_code = image.entry(i);
    // What is not made yet finds the image.
    if (machine_code == nullptr || entries_[i].code.load(std::memory_order_acquire) == nullptr) continue;
    set_native(m_.imported_funcs + i, machine_code);
  }
  return true;
}

Result<const Code*> ModuleCode::lower_now(module::FuncIdx f) {
  Entry& e = *entry_of(f);
  const Code* stub = reinterpret_cast<const Code*>(&e.stub);
  std::lock_guard lock(mutex_);
  if (const Code* done = e.code.load(std::memory_order_acquire); done != stub) return done;
  if (e.native.load(std::memory_order_acquire) != nullptr) return stub;
  TRY_ASSIGN(std::unique_ptr<FuncCode> code, lower(*this, f, nullptr));
  const Code* begin = code->begin();
  // Owned first: what the map refers to must not go, should there be no memory for one of the two.
  const FuncCode* const owned = codes_.emplace_back(std::move(code)).get();
  {
    CodeMap& map = code_map();
    std::unique_lock map_lock(map.mutex);
    map.by_end[owned->end()] = {owned, this};
  }
  e.code.store(begin, std::memory_order_release);
  return begin;
}

void ModuleCode::set_native(module::FuncIdx f, const void* code) {
  Entry& e = *entry_of(f);
  std::lock_guard lock(mutex_);
  e.native.store(code, std::memory_order_release);
  set_any_.store(true, std::memory_order_release);
  // A thread that is about to run the stub sees either handler; both do.
  __atomic_store_n(&e.stub, native_handler(), __ATOMIC_RELEASE);
  e.code.store(reinterpret_cast<const Code*>(&e.stub), std::memory_order_release);
}

void ModuleCode::set_loop(module::FuncIdx f, uint32_t wasm, const void* entry) {
  std::lock_guard lock(mutex_);
  for (const auto& code : codes_) {
    if (code->index != f) continue;
    for (LoopHead& loop : code->loops) {
      if (loop.wasm != wasm || loop.entry != nullptr) continue;
      loop.entry = entry;
      // Heads are instructions; what runs there sees either handler.
      uint64_t* head = code->words.get() + loop.code / sizeof(uint64_t);
      __atomic_store_n(head, reinterpret_cast<uint64_t>(loop_handler()), __ATOMIC_RELEASE);
    }
  }
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
