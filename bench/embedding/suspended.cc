// How long many stores take to be made, each of which is then in a call that waits in a host function, what they take
// while they wait, and how long until all have gone on and ended:
//   bench_suspended MODULE N
// One line "name value unit" a number. bench/instances.py runs it.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "ashlar/ashlar.h"
#include "embedding/usage.h"

namespace {

using namespace ashlar;  // a program of one file

[[noreturn]] void fail(const std::string& what) {
  std::fprintf(stderr, "bench_suspended: %s\n", what.c_str());
  std::exit(1);
}

template <class T>
T need(Result<T> result) {
  if (!result) fail(result.error().to_string());
  return std::move(*result);
}

/// Each runs `hash`, which asks the host function env.wait for something between its two writes.
void suspended(const char* file, uint32_t count) {
  Config config;
  config.tier = Tier::Optimizing;
  config.code_cache = false;
  config.pool.memories = count;
  const Engine engine(config);
  std::vector<Completion<int32_t>> waiting;
  std::vector<std::unique_ptr<Store>> stores;
  std::vector<AsyncCall<int32_t>> calls;
  waiting.reserve(count);
  stores.reserve(count);
  calls.reserve(count);
  Linker linker(engine);
  linker.func("env", "wait", [&](Caller& caller, int32_t) {
    return suspend<int32_t>(caller, [&](Completion<int32_t> done) { waiting.push_back(std::move(done)); });
  });
  const PreparedModule prepared = need(linker.prepare(need(Module::from_file(engine, file))));
  const bench::Usage before;
  const double begin = bench::now();
  for (uint32_t i = 0; i < count; ++i) {
    Store& store = *stores.emplace_back(std::make_unique<Store>(engine));
    calls.push_back(need(need(prepared.instantiate(store)).func<int32_t(int32_t)>("hash")).call_async(1234));
  }
  std::printf("pool.create %.3f s\n", bench::now() - begin);
  before.print("pool", count);
  const double resume = bench::now();
  for (Completion<int32_t>& done : waiting) done.complete(1);
  for (AsyncCall<int32_t>& call : calls) {
    if (!call.poll()) fail("a call has not ended");
    need(call.take());
  }
  std::printf("pool.resume %.3f s\n", bench::now() - resume);
  const double end = bench::now();
  stores.clear();
  std::printf("pool.drop %.3f s\n", bench::now() - end);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) fail("MODULE N");
  suspended(argv[1], static_cast<uint32_t>(std::strtoul(argv[2], nullptr, 10)));
}
