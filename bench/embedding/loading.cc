// How long loading a serialized module takes: by the public C++ API, from a file that is in the page cache.
//   bench_loading ARTIFACT [LOADS]
// One line "name value unit" a number, medians: "load" until the Module is there, "declarations" the first question for
// its imports, "drop" until it is gone again, "verify" loading with all of it verified. bench/loading.py runs it.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include "ashlar/ashlar.h"
#include "embedding/usage.h"

namespace {

using bench::now;

[[noreturn]] void fail(const std::string& what) {
  std::fprintf(stderr, "bench_loading: %s\n", what.c_str());
  std::exit(1);
}

ashlar::Module need(ashlar::Result<ashlar::Module> result) {
  if (!result) fail(result.error().message());
  return std::move(*result);
}

double median(std::vector<double> times) {
  const auto middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
  std::ranges::nth_element(times, middle);
  return *middle;
}

void print(const char* name, std::vector<double> times) {
  std::printf("%s %.0f ns\n", name, median(std::move(times)) * 1e9);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2 && argc != 3) fail("ARTIFACT [LOADS]");
  const int loads = argc == 3 ? std::atoi(argv[2]) : 500;
  ashlar::Config config;
  config.tier = ashlar::Tier::Optimizing;
  config.code_cache = false;
  const ashlar::Engine engine(config);
  const std::string file = argv[1];
  std::vector<double> load, drop, declarations, verify;
  const auto known = [&] { return need(ashlar::Module::deserialize_file(engine, file, ashlar::Trust::Known)); };
  for (int i = 0; i < loads; ++i) {
    const double begin = now();
    const ashlar::Module module = known();
    load.push_back(now() - begin);
  }
  // Apart from those, since the next load tidies up what thousands of declarations leave in the heap.
  for (int i = 0; i < loads; ++i) {
    std::optional<ashlar::Module> module = known();
    const double loaded = now();
    const size_t count = module->imports().size();
    const double asked = now();
    asm volatile("" ::"r"(count));
    module.reset();
    declarations.push_back(asked - loaded);
    drop.push_back(now() - asked);
  }
  for (int i = 0; i < std::min(loads, 20); ++i) {
    const double begin = now();
    const ashlar::Module module = need(ashlar::Module::deserialize_file(engine, file, ashlar::Trust::Verify));
    verify.push_back(now() - begin);
  }
  print("load", std::move(load));
  print("declarations", std::move(declarations));
  print("drop", std::move(drop));
  print("verify", std::move(verify));
  return 0;
}
