// wasi:config, wasi:keyvalue and wasi:logging: what a program is told, may keep and may say.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "wasi/p2/gen/config.h"
#include "wasi/p2/gen/keyvalue.h"
#include "wasi/p2/gen/logging.h"
#include "wasi/p2/key_value.h"
#include "wasi/p2/slab.h"

namespace ashlar::wasi::p2 {

using component::Borrow;
using component::Own;

class ConfigHost final : public config::store::Host {
 public:
  using Error = config::store::Error;
  using Values = std::map<std::string, std::string, std::less<>>;
  explicit ConfigHost(Values values) : values_(std::move(values)) {}
  Result<std::expected<std::optional<std::string>, Error>> get(std::string key) override;
  Result<std::expected<std::vector<std::tuple<std::string, std::string>>, Error>> get_all() override;

 private:
  Values values_;
};

class KeyValueHost final : public keyvalue::store::Host, public keyvalue::atomics::Host, public keyvalue::batch::Host {
 public:
  using Bucket = keyvalue::store::Bucket;
  using Cas = keyvalue::atomics::Cas;
  using CasError = keyvalue::atomics::CasError;
  using Error = keyvalue::store::Error;
  using Bytes = KeyValueStore::Bytes;
  using Shared = std::shared_ptr<KeyValueStore>;
  using Stores = std::map<std::string, Shared, std::less<>>;
  template <class T>
  using Outcome = Result<std::expected<T, Error>>;

  /// `waiter`: the program's, or null.
  KeyValueHost(Stores stores, Waiter* waiter);
  /// Lets go of all that a guest had; what it stored stays.
  void reset() {
    buckets_ = {};
    cas_ = {};
  }
  void drop_bucket(uint32_t rep) override { buckets_.drop(rep); }
  void drop_cas(uint32_t rep) override { cas_.drop(rep); }
  Outcome<Own<Bucket>> open(std::string identifier) override;
  Outcome<std::optional<Bytes>> bucket_get(Borrow<Bucket> self, std::string key) override;
  Outcome<void> bucket_set(Borrow<Bucket> self, std::string key, Bytes value) override;
  Outcome<void> bucket_delete(Borrow<Bucket> self, std::string key) override;
  Outcome<bool> bucket_exists(Borrow<Bucket> self, std::string key) override;
  Outcome<keyvalue::store::KeyResponse> bucket_list_keys(Borrow<Bucket> self,
                                                         std::optional<std::string> cursor) override;
  Outcome<int64_t> increment(Borrow<Bucket> bucket, std::string key, int64_t delta) override;
  Outcome<Own<Cas>> cas_new(Borrow<Bucket> bucket, std::string key) override;
  Outcome<std::optional<Bytes>> cas_current(Borrow<Cas> self) override;
  Result<std::expected<void, CasError>> swap(Own<Cas> cas, Bytes value) override;
  Outcome<std::vector<std::optional<std::tuple<std::string, Bytes>>>> get_many(Borrow<Bucket> bucket,
                                                                               std::vector<std::string> keys) override;
  Outcome<void> set_many(Borrow<Bucket> bucket, std::vector<std::tuple<std::string, Bytes>> key_values) override;
  Outcome<void> delete_many(Borrow<Bucket> bucket, std::vector<std::string> keys) override;

 private:
  struct Watched {
    Shared store;
    std::string key;
    std::optional<Bytes> value;
  };
  Stores stores_;
  Slab<Shared> buckets_;
  Slab<Watched> cas_;
};

using LogLevel = logging::logging::Level;
/// Gets what is logged.
using LogSink = std::function<void(LogLevel level, std::string_view context, std::string_view message)>;

class LoggingHost final : public logging::logging::Host {
 public:
  explicit LoggingHost(LogSink sink) : sink_(std::move(sink)) {}
  Status log(LogLevel level, std::string context, std::string message) override {
    sink_(level, context, message);
    return {};
  }

 private:
  LogSink sink_;
};

}  // namespace ashlar::wasi::p2
