// A host of a thousand plugins on one thread: each sleeps on a timer of Boost.Asio inside of its calls, and the thread
// runs the others meanwhile. One that sleeps too long is ended.
#include <ashlar/ashlar.h>
#include <ashlar/asio.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdio>
#include <memory>
#include <vector>

namespace {

namespace asio = boost::asio;

// Written as if sleeping did block.
constexpr std::string_view kPlugin = R"((module
  (import "env" "sleep" (func $sleep (param i32)))
  (func (export "count_slowly") (param $n i32) (result i32) (local $sum i32)
    (loop $more
      (call $sleep (i32.const 5))
      (local.set $sum (i32.add (local.get $sum) (local.get $n)))
      (br_if $more (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $sum))
  (func (export "oversleep") (call $sleep (i32.const 3600000)))))";

template <class T>
T must(ashlar::Result<T> result) {
  if (!result) {
    std::fprintf(stderr, "%s\n", result.error().to_string().c_str());
    std::exit(1);
  }
  return std::move(*result);
}

}  // namespace

int main() {
  asio::io_context io;
  const ashlar::Engine engine;
  ashlar::Linker linker(engine);
  linker.func("env", "sleep", [&](ashlar::Caller& caller, int32_t ms) -> ashlar::Status {
    asio::steady_timer timer(io, std::chrono::milliseconds(ms));
    auto slept = timer.async_wait(ashlar::await(caller));
    if (!slept) return std::unexpected(std::move(slept).error());
    return {};
  });
  const ashlar::Module module = must(ashlar::Module::compile(engine, kPlugin));

  std::vector<std::unique_ptr<ashlar::Store>> stores;
  int done = 0;
  int64_t sum = 0;
  for (int i = 0; i < 1000; ++i) {
    ashlar::Store& store = *stores.emplace_back(std::make_unique<ashlar::Store>(engine));
    const ashlar::Instance plugin = must(linker.instantiate(store, module));
    const auto work = must(plugin.func<int32_t(int32_t)>("count_slowly"));
    ashlar::async_call(
        io.get_executor(), work,
        [&](const ashlar::Result<int32_t>& result) {
          ++done;
          sum += result.value_or(0);
        },
        4);
  }
  io.run();
  std::printf("%d plugins have counted to %lld\n", done, static_cast<long long>(sum));

  ashlar::Store store(engine);
  const ashlar::Instance plugin = must(linker.instantiate(store, module));
  store.set_deadline(std::chrono::steady_clock::now() + std::chrono::milliseconds(20));
  ashlar::async_call(io.get_executor(), must(plugin.func<void()>("oversleep")), [](const ashlar::Status& result) {
    std::printf("one sleeps too long: %s\n", result ? "it has slept" : result.error().message().c_str());
  });
  io.restart();
  io.run();
}
