// How long a store with one instance takes from beginning to end, and what many that live at once take: by the public
// C++ API, as an embedder does it.
//   bench_instances cycle ARTIFACT EXPORT   a call of EXPORT, (i32) -> i32, in each store; nanoseconds a store
//   bench_instances live ARTIFACT EXPORT N  N stores at once; bytes each
// Each with a pool and without; one line "name value unit" a number. bench/instances.py runs it.
#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include "ashlar/ashlar.h"
#include "embedding/usage.h"

namespace {

using bench::now;
using bench::Usage;

[[noreturn]] void fail(const std::string& what) {
  std::fprintf(stderr, "bench_instances: %s\n", what.c_str());
  std::exit(1);
}

template <class T>
T need(ashlar::Result<T> result) {
  if (!result) fail(result.error().message());
  return std::move(*result);
}

/// A module whose imports are resolved once, for all stores.
struct Guest {
  ashlar::Engine engine;
  ashlar::PreparedModule module;
  std::string name;

  Guest(const char* artifact, const char* export_name, uint32_t places)
      : engine(config(places)),
        module(need(ashlar::Linker(engine).prepare(need(ashlar::Module::deserialize_file(engine, artifact))))),
        name(export_name) {}

  static ashlar::Config config(uint32_t places) {
    ashlar::Config out;
    out.tier = ashlar::Tier::Optimizing;
    out.code_cache = false;
    out.pool.memories = places;
    return out;
  }

  /// The result of the call.
  int32_t use(ashlar::Store& store) const {
    const ashlar::Instance instance = need(module.instantiate(store));
    return need(need(instance.func<int32_t(int32_t)>(name)).call(1234));
  }
};

void cycle(const char* label, const Guest& guest) {
  constexpr int kBatch = 2000;
  constexpr int kBatches = 20;
  double best = 1e9;
  int64_t sum = 0;
  for (int i = 0; i < kBatches; ++i) {
    const double begin = now();
    for (int k = 0; k < kBatch; ++k) {
      ashlar::Store store(guest.engine);
      sum += guest.use(store);
    }
    best = std::min(best, (now() - begin) / kBatch);
  }
  asm volatile("" ::"r"(sum));
  std::printf("%s %.0f ns\n", label, best * 1e9);
}

void live(const char* label, const Guest& guest, uint32_t count) {
  std::vector<ashlar::Store> stores;
  stores.reserve(count);
  const Usage before;
  const double begin = now();
  for (uint32_t i = 0; i < count; ++i) {
    guest.use(stores.emplace_back(guest.engine));
  }
  std::printf("%s.create %.3f s\n", label, now() - begin);
  before.print(label, count);
  const double end = now();
  stores.clear();
  std::printf("%s.drop %.3f s\n", label, now() - end);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 4 && std::strcmp(argv[1], "cycle") == 0) {
    cycle("pool", Guest(argv[2], argv[3], 100));
    cycle("on_demand", Guest(argv[2], argv[3], 0));
    return 0;
  }
  if (argc == 5 && std::strcmp(argv[1], "live") == 0) {
    const auto count = static_cast<uint32_t>(std::strtoul(argv[4], nullptr, 10));
    live("pool", Guest(argv[2], argv[3], count), count);
    live("on_demand", Guest(argv[2], argv[3], 0), count);
    return 0;
  }
  fail("cycle ARTIFACT EXPORT | live ARTIFACT EXPORT N");
}
