// A plugin that is replaced while it works: calls that are running end in the old code, those that begin meanwhile wait
// for the new one, which takes over the state. A new version that does not work is refused, and the old one stays.
#include <ashlar/ashlar.h>

#include <atomic>
#include <cstdio>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace {

// Adds up amounts. "save" says where the state lies; "migrate" makes a state of another version's, as its bytes.
constexpr std::string_view kFirst = R"((module
  (import "host" "pause" (func $pause))
  (memory (export "memory") 1)
  (func (export "add") (param $amount i32) (result i64)
    (call $pause)
    (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (local.get $amount)))
    (i64.extend_i32_s (i32.load (i32.const 0))))
  (func (export "save") (result i32 i32) (i32.const 0) (i32.const 4))))";

// The second version counts in hundredths, in 64 bits.
constexpr std::string_view kSecond = R"((module
  (import "host" "pause" (func $pause))
  (memory (export "memory") 1)
  (func (export "add") (param $amount i32) (result i64)
    (i64.store (i32.const 0)
      (i64.add (i64.load (i32.const 0)) (i64.mul (i64.extend_i32_s (local.get $amount)) (i64.const 100))))
    (i64.load (i32.const 0)))
  (func (export "save") (result i32 i32) (i32.const 0) (i32.const 8))
  (func (export "malloc") (param i32) (result i32) (i32.const 1024))
  (func (export "free") (param i32))
  (func (export "migrate") (param $old i32) (param $length i32)
    (if (i32.ne (local.get $length) (i32.const 4)) (then (unreachable)))
    (i64.store (i32.const 0) (i64.mul (i64.load32_s (local.get $old)) (i64.const 100))))))";

constexpr std::string_view kBroken = R"((module
  (import "host" "pause" (func $pause))
  (memory (export "memory") 1)
  (func (export "add") (param i32) (result i64) (i64.const 0))
  (func (export "save") (result i32 i32) (i32.const 0) (i32.const 0))
  (func (export "malloc") (param i32) (result i32) (i32.const 1024))
  (func (export "free") (param i32))
  (func (export "migrate") (param i32 i32) (unreachable))))";

/// Lets main see that a call is running, and hold it there.
struct Pause {
  std::atomic<bool> entered = false;
  std::atomic<bool> go_on = false;

  void operator()() {
    entered = true;
    entered.notify_all();
    go_on.wait(false);
  }
};

class Plugin {
 public:
  Plugin(const ashlar::Engine& engine, Pause& pause) : engine_(engine), linker_(engine) {
    linker_.func("host", "pause", [&pause] { pause(); });
  }

  ashlar::Result<int64_t> add(int32_t amount) {
    for (;;) {
      const std::shared_ptr<Version> version = current();
      const std::lock_guard lock(version->busy);
      if (version->retired) continue;  // replaced while this call waited for it
      return version->add->call(amount);
    }
  }

  /// The code is compiled while calls go on; only handing over the state waits for the one that is running.
  ashlar::Status load(std::string_view code) {
    auto made = make(code);
    if (!made) return std::unexpected(std::move(made).error());
    if (const std::shared_ptr<Version> old = current()) {
      const std::lock_guard lock(old->busy);
      if (ashlar::Status moved = hand_over(*old, **made); !moved) return moved;
      old->retired = true;
      set_current(*std::move(made));
    } else {
      set_current(*std::move(made));
    }
    return {};
  }

 private:
  struct Version {
    explicit Version(const ashlar::Engine& engine) : store(engine) {}
    ashlar::Store store;
    std::optional<ashlar::Instance> instance;
    std::optional<ashlar::TypedFunc<int64_t(int32_t)>> add;
    std::mutex busy;  ///< a store is one thread's at a time
    bool retired = false;
  };

  ashlar::Result<std::shared_ptr<Version>> make(std::string_view code) {
    auto module = ashlar::Module::compile(engine_, code);
    if (!module) return std::unexpected(std::move(module).error());
    auto prepared = linker_.prepare(*module);
    if (!prepared) return std::unexpected(std::move(prepared).error());
    auto version = std::make_shared<Version>(engine_);
    auto instance = prepared->instantiate(version->store);
    if (!instance) return std::unexpected(std::move(instance).error());
    version->instance = *instance;
    auto add = instance->func<int64_t(int32_t)>("add");
    if (!add) return std::unexpected(std::move(add).error());
    version->add = *add;
    return version;
  }

  static ashlar::Status hand_over(const Version& old, const Version& next) {
    auto save = old.instance->func<std::tuple<uint32_t, uint32_t>()>("save");
    if (!save) return std::unexpected(std::move(save).error());
    auto place = save->call();
    if (!place) return std::unexpected(std::move(place).error());
    auto state = old.instance->memory()->bytes(std::get<0>(*place), std::get<1>(*place));
    if (!state) return std::unexpected(std::move(state).error());
    auto migrate = next.instance->func<void(std::span<const uint8_t>)>("migrate");
    if (!migrate) return std::unexpected(std::move(migrate).error());
    return migrate->call(*state);
  }

  std::shared_ptr<Version> current() {
    const std::lock_guard lock(mutex_);
    return current_;
  }
  void set_current(std::shared_ptr<Version> version) {
    const std::lock_guard lock(mutex_);
    current_ = std::move(version);
  }

  ashlar::Engine engine_;
  ashlar::Linker linker_;
  std::mutex mutex_;
  std::shared_ptr<Version> current_;
};

void tell(const char* what, const ashlar::Result<int64_t>& result) {
  std::printf("%s: %s\n", what, result ? std::to_string(*result).c_str() : result.error().message().c_str());
}

}  // namespace

int main() {
  Pause pause;
  const ashlar::Engine engine;
  Plugin plugin(engine, pause);
  if (ashlar::Status loaded = plugin.load(kFirst); !loaded) {
    std::printf("%s\n", loaded.error().to_string().c_str());
    return 1;
  }

  ashlar::Result<int64_t> running = 0;
  std::thread call([&] { running = plugin.add(7); });
  pause.entered.wait(false);  // the call is inside the first version
  ashlar::Status replaced;
  std::thread reload([&] { replaced = plugin.load(kSecond); });
  pause.go_on = true;
  pause.go_on.notify_all();
  call.join();
  reload.join();
  tell("running while it was replaced", running);
  std::printf("replaced: %s\n", replaced ? "yes" : replaced.error().message().c_str());
  tell("in the new version", plugin.add(3));

  const ashlar::Status refused = plugin.load(kBroken);
  std::printf("a broken version: %s\n", refused ? "loaded" : refused.error().message().c_str());
  tell("still the second", plugin.add(1));
}
