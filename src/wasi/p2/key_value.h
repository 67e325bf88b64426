// Where wasi:keyvalue keeps what programs store.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "wasi/p2/waiter.h"

namespace ashlar::wasi::p2 {

/// One store of keys and values. Several programs may use one, on several threads. What fails says why, to the guest.
class KeyValueStore {
 public:
  using Bytes = std::vector<uint8_t>;
  template <class T>
  using Outcome = std::expected<T, std::string>;
  using Pair = std::pair<std::string, Bytes>;
  struct Keys {
    std::vector<std::string> keys;
    std::optional<std::string> next;  ///< the cursor of the next page
  };
  static constexpr size_t kPage = 1000;

  virtual ~KeyValueStore() = default;
  /// The same store for one program on an event loop: its calls wait by `waiter`, which must stay longer. Null: calls
  /// never wait for long, and all use this one.
  virtual std::shared_ptr<KeyValueStore> with_waiter(Waiter& waiter);
  virtual Outcome<std::optional<Bytes>> get(const std::string& key) = 0;
  virtual Outcome<void> set(std::span<const Pair> pairs) = 0;           ///< all or none
  virtual Outcome<void> remove(std::span<const std::string> keys) = 0;  ///< all or none
  /// In the order of their bytes, at most kPage behind `after`.
  virtual Outcome<Keys> keys(const std::optional<std::string>& after) = 0;
  /// Replaces a value by what `change` makes of it, with nobody else between; nothing: it stays. What `change` says
  /// is given back.
  using Change = std::function<Outcome<std::optional<Bytes>>(const std::optional<Bytes>&)>;
  virtual Outcome<std::optional<Bytes>> update(const std::string& key, const Change& change) = 0;
};

/// Forgotten with the object. Holds at most `limit` bytes of keys and values.
class MemoryKeyValueStore final : public KeyValueStore {
 public:
  explicit MemoryKeyValueStore(size_t limit = size_t{256} << 20) : limit_(limit) {}
  Outcome<std::optional<Bytes>> get(const std::string& key) override;
  Outcome<void> set(std::span<const Pair> pairs) override;
  Outcome<void> remove(std::span<const std::string> keys) override;
  Outcome<Keys> keys(const std::optional<std::string>& after) override;
  Outcome<std::optional<Bytes>> update(const std::string& key, const Change& change) override;

 private:
  Outcome<void> put(const std::string& key, Bytes value);
  std::mutex mutex_;
  size_t limit_;
  size_t used_ = 0;
  std::map<std::string, Bytes> values_;
};

}  // namespace ashlar::wasi::p2
