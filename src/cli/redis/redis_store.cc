// Keys and values of a Redis database, by hiredis; see redis_store.h. Built where hiredis is.
#include <arpa/inet.h>
#include <hiredis/hiredis.h>
#include <poll.h>

#include <cstring>
#include <mutex>
#include <vector>

#include "cli/redis_store.h"
#include "os/clock.h"
#include "os/file_wait.h"
#include "os/name_lookup.h"
#include "wasi/host/name_lookup.h"
#include "wasi/p2/waiter.h"

namespace ashlar::cli {

namespace {

using wasi::p2::KeyValueStore;

/// Nanoseconds, for a whole call.
constexpr uint64_t kPatience = 1'000'000'000;
/// Whose first server is down may take long for an answer; nobody else waits for it.
constexpr uint64_t kLookupPatience = 10'000'000'000;
/// Connections that wait for the next call.
constexpr size_t kMostIdle = 16;
constexpr int kMostTries = 100;

struct FreeContext {
  void operator()(redisContext* context) const { redisFree(context); }
};
struct FreeReply {
  void operator()(redisReply* reply) const { freeReplyObject(reply); }
};
using Reply = std::unique_ptr<redisReply, FreeReply>;
using Words = std::vector<std::string_view>;

std::string text_of(const os::IpAddress& ip) {
  char out[INET6_ADDRSTRLEN] = {};
  ::inet_ntop(ip.v6 ? AF_INET6 : AF_INET, ip.bytes.data(), out, sizeof out);
  return out;
}

std::string_view text_of(const redisReply& reply) { return {reply.str, reply.len}; }

std::string_view view(const KeyValueStore::Bytes& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

bool is_address(const std::string& host) {
  uint8_t bytes[sizeof(in6_addr)];
  return ::inet_pton(AF_INET, host.c_str(), bytes) == 1 || ::inet_pton(AF_INET6, host.c_str(), bytes) == 1;
}

/// Where the database's host is, of all programs with that store: remembered for a while, so that many that connect at
/// the same time do not all ask.
class HostAddresses {
 public:
  using All = std::vector<os::IpAddress>;
  /// Does not block with a waiter, but where too many names are looked up already and nothing is known. Not hiredis's
  /// lookup: the command is linked statically.
  KeyValueStore::Outcome<All> find(const std::string& host, wasi::p2::Waiter* waiter) {
    if (auto known = remembered(false)) return std::move(*known);
    os::LookupResult found;
    const auto lookup = waiter == nullptr || is_address(host)
                            ? wasi::host::HostResult<wasi::host::NameLookup>(std::unexpected(wasi::host::Errno::again))
                            : wasi::host::NameLookup::start(host, nullptr);
    if (lookup) {
      const uint64_t until = os::monotonic_now() + kLookupPatience;
      while (!lookup->result()) {
        if (os::monotonic_now() >= until) return std::unexpected("the lookup of its name takes too long");
        os::WaitItem item{.fd = lookup->handle(), .read = true};
        if (const Status waited = waiter->wait(std::span(&item, 1), until); !waited) {
          return std::unexpected(waited.error().message());
        }
      }
      found = *lookup->result();
    } else if (auto old = remembered(true)) {
      return std::move(*old);
    } else {
      found = os::look_up_name(host);
    }
    if (found.addresses.empty()) return std::unexpected("its name is unknown");
    const std::lock_guard lock(mutex_);
    all_ = found.addresses;
    until_ = os::monotonic_now() + kRemembered;
    return std::move(found.addresses);
  }
  /// None of them could be connected to.
  void forget() {
    const std::lock_guard lock(mutex_);
    all_.clear();
    until_ = 0;
  }

 private:
  static constexpr uint64_t kRemembered = 10'000'000'000;
  std::optional<All> remembered(bool old) {
    const std::lock_guard lock(mutex_);
    if (all_.empty() || (!old && os::monotonic_now() >= until_)) return std::nullopt;
    return all_;
  }
  std::mutex mutex_;
  All all_;
  uint64_t until_ = 0;
};

/// A connection that a call uses alone. It never blocks: waiting is a matter of the program that calls.
class Connection {
 public:
  using Done = KeyValueStore::Outcome<void>;
  static KeyValueStore::Outcome<Connection> open(const RedisAddress& address, HostAddresses& hosts,
                                                 wasi::p2::Waiter* waiter);

  /// Errors of the connection, and those that Redis answers.
  KeyValueStore::Outcome<Reply> call(const Words& words, wasi::p2::Waiter* waiter);
  Done run(const Words& words, wasi::p2::Waiter* waiter) {
    auto reply = call(words, waiter);
    if (!reply) return std::unexpected(std::move(reply.error()));
    return {};
  }
  /// Whether nothing has happened since the last call.
  bool quiet() const {
    pollfd waiting{.fd = context_->fd, .events = POLLIN, .revents = 0};
    return ::poll(&waiting, 1, 0) == 0;
  }

 private:
  explicit Connection(redisContext* context) : context_(context) {}
  Done connected(uint64_t until, wasi::p2::Waiter* waiter);
  Done log_in(const RedisAddress& address, wasi::p2::Waiter* waiter);
  Done wait(bool read, uint64_t until, wasi::p2::Waiter* waiter) const;
  std::unexpected<std::string> failed() const { return std::unexpected(std::string(context_->errstr)); }

  std::unique_ptr<redisContext, FreeContext> context_;
};

KeyValueStore::Outcome<Connection> Connection::open(const RedisAddress& address, HostAddresses& hosts,
                                                    wasi::p2::Waiter* waiter) {
  const auto addresses = hosts.find(address.host, waiter);
  if (!addresses) return std::unexpected(addresses.error());
  std::string reason;
  for (const os::IpAddress& ip : *addresses) {
    redisContext* const made = redisConnectNonBlock(text_of(ip).c_str(), address.port);
    if (made == nullptr) return std::unexpected("out of memory");
    Connection out(made);
    Done done = made->err != 0 ? out.failed() : out.connected(os::monotonic_now() + kPatience, waiter);
    if (done) {
      done = out.log_in(address, waiter);
      if (done) return out;
      return std::unexpected(std::move(done.error()));
    }
    reason = std::move(done.error());
  }
  hosts.forget();
  return std::unexpected(std::move(reason));
}

Connection::Done Connection::connected(uint64_t until, wasi::p2::Waiter* waiter) {
  for (;;) {
    pollfd waiting{.fd = context_->fd, .events = POLLOUT, .revents = 0};
    if (::poll(&waiting, 1, 0) == 1) {
      const int error = os::take_socket_error(context_->fd);
      if (error != 0) return std::unexpected(std::string(std::strerror(error)));
      return {};
    }
    if (Done done = wait(false, until, waiter); !done) return done;
  }
}

Connection::Done Connection::log_in(const RedisAddress& address, wasi::p2::Waiter* waiter) {
  if (!address.password.empty()) {
    Words words = {"AUTH"};
    if (!address.user.empty()) words.push_back(address.user);
    words.push_back(address.password);
    if (Done done = run(words, waiter); !done) return done;
  }
  const std::string number = std::to_string(address.database);
  return run({address.database != 0 ? "SELECT" : "PING", number}, waiter);
}

Connection::Done Connection::wait(bool read, uint64_t until, wasi::p2::Waiter* waiter) const {
  const uint64_t now = os::monotonic_now();
  if (now >= until) return std::unexpected("Redis does not answer");
  os::WaitItem item{.fd = context_->fd, .read = read, .write = !read};
  if (waiter == nullptr) {
    (void)os::wait_files(std::span(&item, 1), until - now);
  } else if (const Status waited = waiter->wait(std::span(&item, 1), until); !waited) {
    return std::unexpected(waited.error().message());
  }
  return {};
}

KeyValueStore::Outcome<Reply> Connection::call(const Words& words, wasi::p2::Waiter* waiter) {
  std::vector<const char*> texts;
  std::vector<size_t> sizes;
  for (const std::string_view word : words) {
    texts.push_back(word.data() != nullptr ? word.data() : "");
    sizes.push_back(word.size());
  }
  redisContext* const c = context_.get();
  const uint64_t until = os::monotonic_now() + kPatience;
  if (redisAppendCommandArgv(c, static_cast<int>(words.size()), texts.data(), sizes.data()) != REDIS_OK)
    return failed();
  for (int written = 0; written == 0;) {
    if (redisBufferWrite(c, &written) != REDIS_OK) return failed();
    if (written != 0) break;
    if (Done done = wait(false, until, waiter); !done) return std::unexpected(std::move(done.error()));
  }
  for (;;) {
    void* got = nullptr;
    if (redisGetReply(c, &got) != REDIS_OK) return failed();
    if (got != nullptr) {
      Reply out(static_cast<redisReply*>(got));
      if (out->type == REDIS_REPLY_ERROR) return std::unexpected(std::string(text_of(*out)));
      return out;
    }
    if (Done done = wait(true, until, waiter); !done) return std::unexpected(std::move(done.error()));
    if (redisBufferRead(c) != REDIS_OK) return failed();
  }
}

/// Connections that nobody uses, of all programs with that store, and where new ones lead to.
class IdleConnections {
 public:
  /// One that is still open.
  std::optional<Connection> take() {
    const std::lock_guard lock(mutex_);
    while (!idle_.empty()) {
      Connection out = std::move(idle_.back());
      idle_.pop_back();
      if (out.quiet()) return out;
    }
    return std::nullopt;
  }
  void give(Connection connection) {
    const std::lock_guard lock(mutex_);
    if (idle_.size() < kMostIdle) idle_.push_back(std::move(connection));
  }
  HostAddresses hosts;

 private:
  std::mutex mutex_;
  std::vector<Connection> idle_;
};

class RedisStore final : public KeyValueStore {
 public:
  RedisStore(const RedisAddress& address, std::shared_ptr<IdleConnections> idle, wasi::p2::Waiter* waiter)
      : address_(address), idle_(std::move(idle)), waiter_(waiter) {}

  std::shared_ptr<KeyValueStore> with_waiter(wasi::p2::Waiter& waiter) override {
    return std::make_shared<RedisStore>(address_, idle_, &waiter);
  }

  /// Finds out whether it can be reached.
  Outcome<void> connect_once() {
    return with_connection<void>([](Connection&) -> Outcome<void> { return {}; });
  }

  Outcome<std::optional<Bytes>> get(const std::string& key) override {
    return with_connection<std::optional<Bytes>>([&](Connection& c) { return read(c, key); });
  }

  Outcome<void> set(std::span<const Pair> pairs) override {
    if (pairs.empty()) return {};
    Words words = {"MSET"};
    for (const Pair& pair : pairs) {
      words.push_back(pair.first);
      words.push_back(view(pair.second));
    }
    return with_connection<void>([&](Connection& c) { return c.run(words, waiter_); });
  }

  Outcome<void> remove(std::span<const std::string> keys) override {
    if (keys.empty()) return {};
    Words words = {"DEL"};
    words.insert(words.end(), keys.begin(), keys.end());
    return with_connection<void>([&](Connection& c) { return c.run(words, waiter_); });
  }

  // Redis has no order: a cursor is its own, and a key may come twice when others are written meanwhile.
  Outcome<Keys> keys(const std::optional<std::string>& after) override {
    return with_connection<Keys>([&](Connection& c) -> Outcome<Keys> {
      const std::string page = std::to_string(kPage);
      auto reply = c.call({"SCAN", after ? std::string_view(*after) : "0", "COUNT", page}, waiter_);
      if (!reply) return std::unexpected(reply.error());
      const redisReply& got = **reply;
      if (got.type != REDIS_REPLY_ARRAY || got.elements != 2) return std::unexpected("an unknown answer of Redis");
      Keys out;
      for (size_t i = 0; i < got.element[1]->elements; ++i) out.keys.emplace_back(text_of(*got.element[1]->element[i]));
      if (text_of(*got.element[0]) != "0") out.next = std::string(text_of(*got.element[0]));
      return out;
    });
  }

  // What others write between the reading and the writing is noticed, and it begins anew.
  Outcome<std::optional<Bytes>> update(const std::string& key, const Change& change) override {
    return with_connection<std::optional<Bytes>>([&](Connection& c) -> Outcome<std::optional<Bytes>> {
      for (int i = 0; i < kMostTries; ++i) {
        if (auto done = c.run({"WATCH", key}, waiter_); !done) return std::unexpected(done.error());
        auto now = read(c, key);
        auto made = now ? change(*now) : std::move(now);
        if (!made || !*made) {
          if (auto done = c.run({"UNWATCH"}, waiter_); !done) return std::unexpected(done.error());
          return made;
        }
        for (const Words& words : {Words{"MULTI"}, Words{"SET", key, view(**made)}}) {
          if (auto done = c.run(words, waiter_); !done) return std::unexpected(done.error());
        }
        auto written = c.call({"EXEC"}, waiter_);
        if (!written) return std::unexpected(written.error());
        if ((*written)->type != REDIS_REPLY_NIL) return made;
      }
      return std::unexpected("the value is changed by others all the time");
    });
  }

 private:
  Outcome<std::optional<Bytes>> read(Connection& c, const std::string& key) const {
    auto reply = c.call({"GET", key}, waiter_);
    if (!reply) return std::unexpected(std::move(reply.error()));
    if ((*reply)->type != REDIS_REPLY_STRING) return std::nullopt;
    const std::string_view text = text_of(**reply);
    return Bytes(text.begin(), text.end());
  }

  /// After an error the connection's state is unknown: it goes.
  template <class T, class F>
  Outcome<T> with_connection(F f) {
    std::optional<Connection> connection = idle_->take();
    if (!connection) {
      auto made = Connection::open(address_, idle_->hosts, waiter_);
      if (!made) return std::unexpected(std::move(made.error()));
      connection = std::move(*made);
    }
    Outcome<T> out = f(*connection);
    if (out) idle_->give(std::move(*connection));
    return out;
  }

  const RedisAddress address_;
  const std::shared_ptr<IdleConnections> idle_;
  wasi::p2::Waiter* const waiter_;  ///< null: calls block
};

}  // namespace

Result<std::shared_ptr<KeyValueStore>> open_redis_store(const RedisAddress& address) {
  os::use_static_name_services();
  auto out = std::make_shared<RedisStore>(address, std::make_shared<IdleConnections>(), nullptr);
  if (auto done = out->connect_once(); !done) {
    return make_error(ErrorCode::io_failed, kNoOffset, address.shown(), std::move(done.error()));
  }
  return out;
}

}  // namespace ashlar::cli
