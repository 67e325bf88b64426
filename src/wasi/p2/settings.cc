// Bodies of wasi:config and wasi:keyvalue; see settings.h.
#include "wasi/p2/settings.h"

#include <charconv>

namespace ashlar::wasi::p2 {

// ---- config

Result<std::expected<std::optional<std::string>, ConfigHost::Error>> ConfigHost::get(std::string key) {
  const auto found = values_.find(key);
  std::optional<std::string> out;
  if (found != values_.end()) out = found->second;
  return std::expected<std::optional<std::string>, Error>(std::move(out));
}

Result<std::expected<std::vector<std::tuple<std::string, std::string>>, ConfigHost::Error>> ConfigHost::get_all() {
  return std::expected<std::vector<std::tuple<std::string, std::string>>, Error>(
      std::vector<std::tuple<std::string, std::string>>(values_.begin(), values_.end()));
}

// ---- keyvalue

namespace {

using Host = KeyValueHost;
using Bytes = KeyValueStore::Bytes;

Host::Error other(std::string text) {
  Host::Error out;
  out.value.emplace<Host::Error::kOther>(std::move(text));
  return out;
}

template <class T>
Host::Outcome<T> outcome(KeyValueStore::Outcome<T> result) {
  if (!result) return std::expected<T, Host::Error>(std::unexpected(other(std::move(result.error()))));
  if constexpr (std::is_void_v<T>) {
    return std::expected<T, Host::Error>();
  } else {
    return std::expected<T, Host::Error>(std::move(*result));
  }
}

/// What one get-many may give: a list may name one large value again and again.
constexpr size_t kMostAtOnce = size_t{64} << 20;

/// A counter is its decimal text, which programs that read and write the value understand; a missing one is 0.
std::optional<int64_t> counter_of(const std::optional<Bytes>& value) {
  if (!value) return 0;
  const auto* text = reinterpret_cast<const char*>(value->data());
  int64_t out = 0;
  const auto [end, error] = std::from_chars(text, text + value->size(), out);
  if (value->empty() || error != std::errc{} || end != text + value->size()) return std::nullopt;
  return out;
}

}  // namespace

Host::KeyValueHost(Stores stores, Waiter* waiter) : stores_(std::move(stores)) {
  if (waiter == nullptr) return;
  for (auto& [name, store] : stores_) {
    if (Shared own = store->with_waiter(*waiter)) store = std::move(own);
  }
}

Host::Outcome<Own<Host::Bucket>> Host::open(std::string identifier) {
  using Out = std::expected<Own<Bucket>, Error>;
  const auto found = stores_.find(identifier);
  if (found == stores_.end()) {
    Error none;
    none.value.emplace<Error::kNoSuchStore>();
    return Out(std::unexpected(std::move(none)));
  }
  return Out(Own<Bucket>{buckets_.add(found->second)});
}

Host::Outcome<std::optional<Bytes>> Host::bucket_get(Borrow<Bucket> self, std::string key) {
  return outcome(buckets_[self.rep]->get(key));
}

Host::Outcome<void> Host::bucket_set(Borrow<Bucket> self, std::string key, Bytes value) {
  const KeyValueStore::Pair pair(std::move(key), std::move(value));
  return outcome(buckets_[self.rep]->set(std::span(&pair, 1)));
}

Host::Outcome<void> Host::bucket_delete(Borrow<Bucket> self, std::string key) {
  return outcome(buckets_[self.rep]->remove(std::span(&key, 1)));
}

Host::Outcome<bool> Host::bucket_exists(Borrow<Bucket> self, std::string key) {
  auto got = buckets_[self.rep]->get(key);
  if (!got) return outcome<bool>(std::unexpected(std::move(got.error())));
  return outcome<bool>(got->has_value());
}

Host::Outcome<keyvalue::store::KeyResponse> Host::bucket_list_keys(Borrow<Bucket> self,
                                                                   std::optional<std::string> cursor) {
  auto got = buckets_[self.rep]->keys(cursor);
  if (!got) return outcome<keyvalue::store::KeyResponse>(std::unexpected(std::move(got.error())));
  return outcome<keyvalue::store::KeyResponse>(
      keyvalue::store::KeyResponse{std::move(got->keys), std::move(got->next)});
}

Host::Outcome<int64_t> Host::increment(Borrow<Bucket> bucket, std::string key, int64_t delta) {
  int64_t sum = 0;
  auto done = buckets_[bucket.rep]->update(
      key, [&](const std::optional<Bytes>& value) -> KeyValueStore::Outcome<std::optional<Bytes>> {
        const auto number = counter_of(value);
        if (!number) return std::unexpected("the value is not a decimal number");
        if (__builtin_add_overflow(*number, delta, &sum)) return std::unexpected("the sum has more than 64 bits");
        const std::string text = std::to_string(sum);
        return Bytes(text.begin(), text.end());
      });
  if (!done) return outcome<int64_t>(std::unexpected(std::move(done.error())));
  return outcome<int64_t>(sum);
}

Host::Outcome<Own<Host::Cas>> Host::cas_new(Borrow<Bucket> bucket, std::string key) {
  const Shared store = buckets_[bucket.rep];
  auto value = store->get(key);
  if (!value) return outcome<Own<Cas>>(std::unexpected(std::move(value.error())));
  return outcome<Own<Cas>>(Own<Cas>{cas_.add({store, std::move(key), std::move(*value)})});
}

Host::Outcome<std::optional<Bytes>> Host::cas_current(Borrow<Cas> self) {
  return outcome<std::optional<Bytes>>(cas_[self.rep].value);
}

Result<std::expected<void, Host::CasError>> Host::swap(Own<Cas> cas, Bytes value) {
  using Out = std::expected<void, CasError>;
  Watched watched = std::move(cas_[cas.rep]);
  cas_.drop(cas.rep);
  bool same = false;
  auto done = watched.store->update(
      watched.key, [&](const std::optional<Bytes>& now) -> KeyValueStore::Outcome<std::optional<Bytes>> {
        same = now == watched.value;
        if (same) return std::move(value);
        watched.value = now;
        return std::nullopt;
      });
  CasError error;
  if (!done) {
    error.value.emplace<CasError::kStoreError>(other(std::move(done.error())));
    return Out(std::unexpected(std::move(error)));
  }
  if (same) return Out();
  // The caller may try again, with what is there now.
  error.value.emplace<CasError::kCasFailed>(Own<Cas>{cas_.add(std::move(watched))});
  return Out(std::unexpected(std::move(error)));
}

Host::Outcome<std::vector<std::optional<std::tuple<std::string, Bytes>>>> Host::get_many(
    Borrow<Bucket> bucket, std::vector<std::string> keys) {
  using Out = std::vector<std::optional<std::tuple<std::string, Bytes>>>;
  Out out;
  size_t size = 0;
  for (std::string& key : keys) {
    auto value = buckets_[bucket.rep]->get(key);
    if (!value) return outcome<Out>(std::unexpected(std::move(value.error())));
    if (*value) {
      size += (*value)->size();
      if (size > kMostAtOnce)
        return outcome<Out>(std::unexpected("the values are more than 64 MiB: ask for fewer at once"));
      out.emplace_back(std::tuple(std::move(key), std::move(**value)));
    } else {
      out.emplace_back();
    }
  }
  return outcome<Out>(std::move(out));
}

Host::Outcome<void> Host::set_many(Borrow<Bucket> bucket, std::vector<std::tuple<std::string, Bytes>> key_values) {
  std::vector<KeyValueStore::Pair> pairs;
  for (auto& [key, value] : key_values) pairs.emplace_back(std::move(key), std::move(value));
  return outcome(buckets_[bucket.rep]->set(pairs));
}

Host::Outcome<void> Host::delete_many(Borrow<Bucket> bucket, std::vector<std::string> keys) {
  return outcome(buckets_[bucket.rep]->remove(keys));
}

}  // namespace ashlar::wasi::p2
