// Generated from wit/proposals/keyvalue.wit by tools/witgen.py: not to be edited.
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <tuple>
#include <variant>
#include <vector>

#include "component/typed.h"

namespace ashlar::wasi::p2::keyvalue {

using namespace ashlar::component;

namespace store {

inline constexpr char kName[] = "wasi:keyvalue/store@0.2.0-draft2";

struct Error {
  enum Case : uint32_t { kNoSuchStore, kAccessDenied, kOther };
  std::variant<Nothing, Nothing, std::string> value;
  static constexpr std::array cases{"no-such-store", "access-denied", "other"};
};
struct KeyResponse {
  std::vector<std::string> keys{};
  std::optional<std::string> cursor{};
  static constexpr auto fields =
      std::tuple(component::Field{"keys", &KeyResponse::keys}, component::Field{"cursor", &KeyResponse::cursor});
};
struct Bucket;

/// What a host does for wasi:keyvalue/store@0.2.0-draft2. Errors trap.
class Host {
 public:
  virtual ~Host() = default;
  /// The last handle was dropped.
  virtual void drop_bucket(uint32_t rep) = 0;
  virtual ashlar::Result<std::expected<std::optional<std::vector<uint8_t>>, Error>> bucket_get(Borrow<Bucket> self,
                                                                                               std::string key) = 0;
  virtual ashlar::Result<std::expected<void, Error>> bucket_set(Borrow<Bucket> self, std::string key,
                                                                std::vector<uint8_t> value) = 0;
  virtual ashlar::Result<std::expected<void, Error>> bucket_delete(Borrow<Bucket> self, std::string key) = 0;
  virtual ashlar::Result<std::expected<bool, Error>> bucket_exists(Borrow<Bucket> self, std::string key) = 0;
  virtual ashlar::Result<std::expected<KeyResponse, Error>> bucket_list_keys(Borrow<Bucket> self,
                                                                             std::optional<std::string> cursor) = 0;
  virtual ashlar::Result<std::expected<Own<Bucket>, Error>> open(std::string identifier) = 0;
};
/// `host` must stay as long as instances run.
inline void add_to(HostImports& to, Host& host) {
  to.resource(kName, "bucket", {[&host](uint32_t rep) { host.drop_bucket(rep); }, tag_of<Bucket>()});
  to.function(kName, "[method]bucket.get", typed_function([&host](Borrow<Bucket> self, std::string key) {
                return host.bucket_get(std::move(self), std::move(key));
              }));
  to.function(kName, "[method]bucket.set",
              typed_function([&host](Borrow<Bucket> self, std::string key, std::vector<uint8_t> value) {
                return host.bucket_set(std::move(self), std::move(key), std::move(value));
              }));
  to.function(kName, "[method]bucket.delete", typed_function([&host](Borrow<Bucket> self, std::string key) {
                return host.bucket_delete(std::move(self), std::move(key));
              }));
  to.function(kName, "[method]bucket.exists", typed_function([&host](Borrow<Bucket> self, std::string key) {
                return host.bucket_exists(std::move(self), std::move(key));
              }));
  to.function(kName, "[method]bucket.list-keys",
              typed_function([&host](Borrow<Bucket> self, std::optional<std::string> cursor) {
                return host.bucket_list_keys(std::move(self), std::move(cursor));
              }));
  to.function(kName, "open",
              typed_function([&host](std::string identifier) { return host.open(std::move(identifier)); }));
}

}  // namespace store

namespace atomics {

inline constexpr char kName[] = "wasi:keyvalue/atomics@0.2.0-draft2";

using Bucket = store::Bucket;
using Error = store::Error;
struct Cas;
struct CasError {
  enum Case : uint32_t { kStoreError, kCasFailed };
  std::variant<Error, Own<Cas>> value;
  static constexpr std::array cases{"store-error", "cas-failed"};
};

/// What a host does for wasi:keyvalue/atomics@0.2.0-draft2. Errors trap.
class Host {
 public:
  virtual ~Host() = default;
  /// The last handle was dropped.
  virtual void drop_cas(uint32_t rep) = 0;
  virtual ashlar::Result<std::expected<Own<Cas>, Error>> cas_new(Borrow<store::Bucket> bucket, std::string key) = 0;
  virtual ashlar::Result<std::expected<std::optional<std::vector<uint8_t>>, Error>> cas_current(Borrow<Cas> self) = 0;
  virtual ashlar::Result<std::expected<int64_t, Error>> increment(Borrow<store::Bucket> bucket, std::string key,
                                                                  int64_t delta) = 0;
  virtual ashlar::Result<std::expected<void, CasError>> swap(Own<Cas> cas, std::vector<uint8_t> value) = 0;
};
/// `host` must stay as long as instances run.
inline void add_to(HostImports& to, Host& host) {
  to.resource(kName, "cas", {[&host](uint32_t rep) { host.drop_cas(rep); }, tag_of<Cas>()});
  to.function(kName, "[static]cas.new", typed_function([&host](Borrow<store::Bucket> bucket, std::string key) {
                return host.cas_new(std::move(bucket), std::move(key));
              }));
  to.function(kName, "[method]cas.current",
              typed_function([&host](Borrow<Cas> self) { return host.cas_current(std::move(self)); }));
  to.function(kName, "increment", typed_function([&host](Borrow<store::Bucket> bucket, std::string key, int64_t delta) {
                return host.increment(std::move(bucket), std::move(key), std::move(delta));
              }));
  to.function(kName, "swap", typed_function([&host](Own<Cas> cas, std::vector<uint8_t> value) {
                return host.swap(std::move(cas), std::move(value));
              }));
}

}  // namespace atomics

namespace batch {

inline constexpr char kName[] = "wasi:keyvalue/batch@0.2.0-draft2";

using Bucket = store::Bucket;
using Error = store::Error;

/// What a host does for wasi:keyvalue/batch@0.2.0-draft2. Errors trap.
class Host {
 public:
  virtual ~Host() = default;
  virtual ashlar::Result<
      std::expected<std::vector<std::optional<std::tuple<std::string, std::vector<uint8_t>>>>, Error>>
  get_many(Borrow<store::Bucket> bucket, std::vector<std::string> keys) = 0;
  virtual ashlar::Result<std::expected<void, Error>> set_many(
      Borrow<store::Bucket> bucket, std::vector<std::tuple<std::string, std::vector<uint8_t>>> key_values) = 0;
  virtual ashlar::Result<std::expected<void, Error>> delete_many(Borrow<store::Bucket> bucket,
                                                                 std::vector<std::string> keys) = 0;
};
/// `host` must stay as long as instances run.
inline void add_to(HostImports& to, Host& host) {
  to.function(kName, "get-many", typed_function([&host](Borrow<store::Bucket> bucket, std::vector<std::string> keys) {
                return host.get_many(std::move(bucket), std::move(keys));
              }));
  to.function(kName, "set-many",
              typed_function([&host](Borrow<store::Bucket> bucket,
                                     std::vector<std::tuple<std::string, std::vector<uint8_t>>> key_values) {
                return host.set_many(std::move(bucket), std::move(key_values));
              }));
  to.function(kName, "delete-many",
              typed_function([&host](Borrow<store::Bucket> bucket, std::vector<std::string> keys) {
                return host.delete_many(std::move(bucket), std::move(keys));
              }));
}

}  // namespace batch

namespace watcher {

inline constexpr char kName[] = "wasi:keyvalue/watcher@0.2.0-draft2";

using Bucket = store::Bucket;

/// What a host does for wasi:keyvalue/watcher@0.2.0-draft2. Errors trap.
class Host {
 public:
  virtual ~Host() = default;
  virtual ashlar::Status on_set(Own<store::Bucket> bucket, std::string key, std::vector<uint8_t> value) = 0;
  virtual ashlar::Status on_delete(Own<store::Bucket> bucket, std::string key) = 0;
};
/// `host` must stay as long as instances run.
inline void add_to(HostImports& to, Host& host) {
  to.function(kName, "on-set",
              typed_function([&host](Own<store::Bucket> bucket, std::string key, std::vector<uint8_t> value) {
                return host.on_set(std::move(bucket), std::move(key), std::move(value));
              }));
  to.function(kName, "on-delete", typed_function([&host](Own<store::Bucket> bucket, std::string key) {
                return host.on_delete(std::move(bucket), std::move(key));
              }));
}

}  // namespace watcher

}  // namespace ashlar::wasi::p2::keyvalue
