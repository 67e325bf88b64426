// The store in memory; see key_value.h.
#include "wasi/p2/key_value.h"

namespace ashlar::wasi::p2 {

namespace {

/// What an entry takes beside its bytes.
constexpr size_t kEntry = 128;

}  // namespace

KeyValueStore::Outcome<std::optional<KeyValueStore::Bytes>> MemoryKeyValueStore::get(const std::string& key) {
  const std::lock_guard lock(mutex_);
  const auto found = values_.find(key);
  if (found == values_.end()) return std::nullopt;
  return found->second;
}

KeyValueStore::Outcome<void> MemoryKeyValueStore::put(const std::string& key, Bytes value) {
  const auto found = values_.find(key);
  const size_t before = found == values_.end() ? 0 : kEntry + key.size() + found->second.size();
  const size_t after = kEntry + key.size() + value.size();
  if (used_ - before + after > limit_) return std::unexpected("the store is full");
  used_ += after - before;
  values_.insert_or_assign(key, std::move(value));
  return {};
}

KeyValueStore::Outcome<void> MemoryKeyValueStore::set(std::span<const Pair> pairs) {
  const std::lock_guard lock(mutex_);
  std::vector<std::pair<const Pair*, std::optional<Bytes>>> undo;
  for (const Pair& p : pairs) {
    const auto found = values_.find(p.first);
    undo.emplace_back(&p, found == values_.end() ? std::nullopt : std::optional(found->second));
    auto done = put(p.first, p.second);
    if (done) continue;
    undo.pop_back();
    for (; !undo.empty(); undo.pop_back()) {
      auto& [pair, old] = undo.back();
      used_ -= kEntry + pair->first.size() + values_[pair->first].size();
      values_.erase(pair->first);
      if (old) (void)put(pair->first, std::move(*old));  // it was there before
    }
    return done;
  }
  return {};
}

KeyValueStore::Outcome<void> MemoryKeyValueStore::remove(std::span<const std::string> keys) {
  const std::lock_guard lock(mutex_);
  for (const std::string& key : keys) {
    const auto found = values_.find(key);
    if (found == values_.end()) continue;
    used_ -= kEntry + key.size() + found->second.size();
    values_.erase(found);
  }
  return {};
}

std::shared_ptr<KeyValueStore> KeyValueStore::with_waiter(Waiter&) { return nullptr; }

KeyValueStore::Outcome<KeyValueStore::Keys> MemoryKeyValueStore::keys(const std::optional<std::string>& after) {
  const std::lock_guard lock(mutex_);
  Keys out;
  for (auto at = after ? values_.upper_bound(*after) : values_.begin(); at != values_.end(); ++at) {
    if (out.keys.size() == kPage) {
      out.next = out.keys.back();
      break;
    }
    out.keys.push_back(at->first);
  }
  return out;
}

KeyValueStore::Outcome<std::optional<KeyValueStore::Bytes>> MemoryKeyValueStore::update(const std::string& key,
                                                                                        const Change& change) {
  const std::lock_guard lock(mutex_);
  const auto found = values_.find(key);
  auto made = change(found == values_.end() ? std::nullopt : std::optional(found->second));
  if (made && *made) {
    if (auto done = put(key, **made); !done) return std::unexpected(done.error());
  }
  return made;
}

}  // namespace ashlar::wasi::p2
