// What a call of a component's function costs the host, and an instance: by the public C++ API.
//   bench_component_calls COMPONENT N
// One line "case|engine|nanoseconds" a number; the least of several rounds. bench/components.py runs it.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <string>

#include "ashlar/ashlar.h"
#include "ashlar/component.h"
#include "embedding/usage.h"

namespace {

[[noreturn]] void fail(const std::string& what) {
  std::fprintf(stderr, "bench_component_calls: %s\n", what.c_str());
  std::exit(1);
}

template <class T>
T need(ashlar::Result<T> result) {
  if (!result) fail(result.error().to_string());
  return std::move(*result);
}

template <class F>
void measure(const char* name, uint64_t count, F f) {
  constexpr int kRounds = 5;
  double least = std::numeric_limits<double>::infinity();
  for (int round = 0; round < kRounds; ++round) {
    const double before = bench::now();
    for (uint64_t i = 0; i < count; ++i) f(static_cast<uint32_t>(i));
    least = std::min(least, bench::now() - before);
  }
  constexpr double kNanoseconds = 1e9;
  std::printf("%s|ashlar|%.1f\n", name, least / static_cast<double>(count) * kNanoseconds);
}

ashlar::Config config() {
  ashlar::Config out;
  out.tier = ashlar::Tier::Optimizing;
  out.code_cache = false;
  out.pool.memories = 16;
  return out;
}

void measure_calls(const ashlar::ComponentInstance& instance, uint64_t count) {
  const auto add = need(instance.func<uint32_t(uint32_t, uint32_t)>("add"));
  measure("host-add", count, [&](uint32_t i) {
    if (need(add.call(i, 1)) != i + 1) fail("add");
  });
  const auto untyped = need(instance.func("add"));
  measure("host-add-values", count / 4, [&](uint32_t i) {
    if (need(untyped.call({ashlar::Val::u32(i), ashlar::Val::u32(1)}))->as_unsigned() != i + 1) fail("add");
  });
  const std::string text(1024, 'x');
  const auto length = need(instance.func<uint32_t(std::string_view)>("length"));
  measure("host-length", count / 4, [&](uint32_t) {
    if (need(length.call(text)) != text.size()) fail("length");
  });
  const auto echo = need(instance.func<std::string(std::string_view)>("echo"));
  measure("host-echo", count / 4, [&](uint32_t) {
    if (need(echo.call(text)).size() != text.size()) fail("echo");
  });
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) fail("COMPONENT N");
  const uint64_t count = std::max<uint64_t>(std::strtoull(argv[2], nullptr, 10), 100);
  const ashlar::Engine engine(config());
  const auto component = need(ashlar::Component::from_file(engine, argv[1]));
  const ashlar::ComponentLinker linker;
  ashlar::Store store(engine);
  measure_calls(need(linker.instantiate(store, component)), count);
  ashlar::ComponentLinker with_wasi;
  with_wasi.define_wasi();
  measure("host-instantiate", count / 100, [&](uint32_t) {
    ashlar::Store own(engine);
    (void)need(with_wasi.instantiate(own, component));
  });
  const auto prepared = need(with_wasi.prepare(component));
  measure("host-instantiate-prepared", count / 100, [&](uint32_t) {
    ashlar::Store own(engine);
    (void)need(prepared.instantiate(own));
  });
  return 0;
}
