// One table of keys and values; see sqlite_store.h. Built where SQLite is.
#include "cli/sqlite_store.h"

#include <sqlite3.h>

#include <algorithm>
#include <chrono>
#include <mutex>
#include <thread>

#include "os/clock.h"

namespace ashlar::cli {
namespace {

using wasi::p2::KeyValueStore;

constexpr int kBusyMilliseconds = 10'000;

struct CloseDatabase {
  void operator()(sqlite3* db) const { sqlite3_close(db); }
};
struct Finalize {
  void operator()(sqlite3_stmt* s) const { sqlite3_finalize(s); }
};
using Statement = std::unique_ptr<sqlite3_stmt, Finalize>;

/// SQLite's own waits by a sleep that each signal ends, and counts tries.
int on_busy(void* until, int tries) {
  uint64_t& end = *static_cast<uint64_t*>(until);
  const uint64_t now = os::monotonic_now();
  if (tries == 0) end = now + uint64_t{kBusyMilliseconds} * 1'000'000;
  if (now >= end) return 0;
  constexpr int kLongest = 25;
  std::this_thread::sleep_for(std::chrono::milliseconds(std::min(tries + 1, kLongest)));
  return 1;
}

class SqliteStore final : public KeyValueStore {
 public:
  static Outcome<std::shared_ptr<SqliteStore>> open(const std::string& path) {
    auto out = std::make_shared<SqliteStore>();
    sqlite3* raw = nullptr;
    const int opened =
        sqlite3_open_v2(path.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
    out->db_.reset(raw);
    if (opened != SQLITE_OK) return std::unexpected(raw != nullptr ? sqlite3_errmsg(raw) : "out of memory");
    sqlite3_busy_handler(raw, &on_busy, &out->busy_until_);
    // Readers and one writer at the same time; several programs may share the file.
    for (const char* sql :
         {"PRAGMA journal_mode = WAL", "PRAGMA synchronous = NORMAL",
          "CREATE TABLE IF NOT EXISTS keyvalue (key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID"}) {
      if (auto done = out->run(sql); !done) return std::unexpected(done.error());
    }
    return out;
  }

  Outcome<std::optional<Bytes>> get(const std::string& key) override {
    const std::lock_guard lock(mutex_);
    return read(key);
  }

  Outcome<void> set(std::span<const Pair> pairs) override {
    return in_transaction([&]() -> Outcome<void> {
      for (const Pair& p : pairs) {
        if (auto done = write(p.first, p.second); !done) return done;
      }
      return {};
    });
  }

  Outcome<void> remove(std::span<const std::string> keys) override {
    return in_transaction([&]() -> Outcome<void> {
      auto statement = prepare("DELETE FROM keyvalue WHERE key = ?1");
      if (!statement) return std::unexpected(statement.error());
      for (const std::string& key : keys) {
        bind_text(*statement, 1, key);
        if (sqlite3_step(statement->get()) != SQLITE_DONE) return failed<void>();
        sqlite3_reset(statement->get());
      }
      return {};
    });
  }

  Outcome<Keys> keys(const std::optional<std::string>& after) override {
    const std::lock_guard lock(mutex_);
    auto statement = prepare(after ? "SELECT key FROM keyvalue WHERE key > ?1 ORDER BY key LIMIT ?2"
                                   : "SELECT key FROM keyvalue ORDER BY key LIMIT ?2");
    if (!statement) return std::unexpected(statement.error());
    if (after) bind_text(*statement, 1, *after);
    sqlite3_bind_int64(statement->get(), 2, static_cast<sqlite3_int64>(kPage + 1));
    Keys out;
    int step = 0;
    while ((step = sqlite3_step(statement->get())) == SQLITE_ROW) {
      if (out.keys.size() == kPage) {
        out.next = out.keys.back();
        return out;
      }
      const auto size = static_cast<size_t>(sqlite3_column_bytes(statement->get(), 0));
      out.keys.emplace_back(static_cast<const char*>(sqlite3_column_blob(statement->get(), 0)), size);
    }
    if (step != SQLITE_DONE) return failed<Keys>();
    return out;
  }

  Outcome<std::optional<Bytes>> update(const std::string& key, const Change& change) override {
    Outcome<std::optional<Bytes>> made;
    auto done = in_transaction([&]() -> Outcome<void> {
      auto now = read(key);
      if (!now) return std::unexpected(now.error());
      made = change(*now);
      if (!made) return std::unexpected(made.error());
      if (*made) return write(key, **made);
      return {};
    });
    if (!done) return std::unexpected(done.error());
    return made;
  }

 private:
  template <class T>
  Outcome<T> failed() const {
    return std::unexpected(std::string(sqlite3_errmsg(db_.get())));
  }

  Outcome<void> run(const char* sql) {
    if (sqlite3_exec(db_.get(), sql, nullptr, nullptr, nullptr) != SQLITE_OK) return failed<void>();
    return {};
  }

  Outcome<Statement> prepare(const char* sql) {
    sqlite3_stmt* raw = nullptr;
    if (sqlite3_prepare_v2(db_.get(), sql, -1, &raw, nullptr) != SQLITE_OK) return failed<Statement>();
    return Statement(raw);
  }

  /// `text` stays until the statement has run.
  static void bind_text(const Statement& s, int at, const std::string& text) {
    sqlite3_bind_text64(s.get(), at, text.data(), text.size(), SQLITE_STATIC, SQLITE_UTF8);
  }

  Outcome<std::optional<Bytes>> read(const std::string& key) {
    auto statement = prepare("SELECT value FROM keyvalue WHERE key = ?1");
    if (!statement) return std::unexpected(statement.error());
    bind_text(*statement, 1, key);
    const int step = sqlite3_step(statement->get());
    if (step == SQLITE_DONE) return std::nullopt;
    if (step != SQLITE_ROW) return failed<std::optional<Bytes>>();
    const auto* data = static_cast<const uint8_t*>(sqlite3_column_blob(statement->get(), 0));
    return Bytes(data, data + sqlite3_column_bytes(statement->get(), 0));
  }

  Outcome<void> write(const std::string& key, const Bytes& value) {
    auto statement = prepare("INSERT INTO keyvalue VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = ?2");
    if (!statement) return std::unexpected(statement.error());
    bind_text(*statement, 1, key);
    // A null pointer would be NULL, not an empty value.
    const void* data = value.empty() ? "" : static_cast<const void*>(value.data());
    sqlite3_bind_blob64(statement->get(), 2, data, value.size(), SQLITE_STATIC);
    if (sqlite3_step(statement->get()) != SQLITE_DONE) return failed<void>();
    return {};
  }

  /// All or nothing of what `f` does. The write lock is taken at once, so that nothing changes between a reading and a
  /// writing.
  template <class F>
  Outcome<void> in_transaction(F f) {
    const std::lock_guard lock(mutex_);
    if (auto begun = run("BEGIN IMMEDIATE"); !begun) return begun;
    auto done = f();
    if (done) done = run("COMMIT");
    if (!done) (void)run("ROLLBACK");
    return done;
  }

  std::mutex mutex_;
  uint64_t busy_until_ = 0;  ///< of on_busy
  std::unique_ptr<sqlite3, CloseDatabase> db_;
};

}  // namespace

Result<std::shared_ptr<KeyValueStore>> open_sqlite_store(const std::string& path) {
  auto opened = SqliteStore::open(path);
  if (!opened) return make_error(ErrorCode::io_failed, kNoOffset, path, std::move(opened.error()));
  return std::shared_ptr<KeyValueStore>(std::move(*opened));
}

}  // namespace ashlar::cli
