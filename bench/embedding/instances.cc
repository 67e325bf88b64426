// How long a store with one instance takes from beginning to end, and what many that live at once take.
//   bench_instances cycle ARTIFACT EXPORT   a call of EXPORT, (i32) -> i32, in each store; nanoseconds a store
//   bench_instances live ARTIFACT EXPORT N  N stores at once; bytes each
// Each with a pool and without; one line "name value unit" a number. bench/instances.py runs it.
#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "runtime/store.h"
#include "tiering/attach.h"
#include "tiering/load.h"

namespace {

using namespace ashlar;  // a program of one file

[[noreturn]] void fail(const std::string& what) {
  std::fprintf(stderr, "bench_instances: %s\n", what.c_str());
  std::exit(1);
}

template <class T>
T need(Result<T> result) {
  if (!result) fail(result.error().message());
  return std::move(*result);
}

struct Guest {
  std::shared_ptr<runtime::Engine> engine;
  std::shared_ptr<runtime::CompiledModule> module;
  std::string name;

  Guest(const char* artifact, const char* export_name, uint32_t places) : name(export_name) {
    runtime::Config config;
    config.pool.memories = places;
    engine = std::make_shared<runtime::Engine>(config, tiering::tier());
    module = need(tiering::load_image(engine, need(tiering::open_artifact(artifact, false))));
  }

  /// The result of the call.
  uint64_t use(runtime::Store& store) const {
    runtime::Instance* instance = need(store.instantiate(module, {}));
    runtime::Extern found{};
    if (!instance->find_export(name, &found) || found.kind != module::ExternKind::Func) fail("no function " + name);
    runtime::Slot slots[2] = {1234, 0};
    if (Status done = store.invoke(*found.func, slots); !done) fail(done.error().message());
    return slots[0];
  }
};

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

void cycle(const char* label, const Guest& guest) {
  constexpr int kBatch = 2000;
  constexpr int kBatches = 20;
  double best = 1e9;
  uint64_t sum = 0;
  for (int i = 0; i < kBatches; ++i) {
    const double begin = now();
    for (int k = 0; k < kBatch; ++k) {
      runtime::Store store(guest.engine);
      sum += guest.use(store);
    }
    best = std::min(best, (now() - begin) / kBatch);
  }
  asm volatile("" ::"r"(sum));
  std::printf("%s %.0f ns\n", label, best * 1e9);
}

/// A line of a file in /proc: "Pss:   123 kB".
uint64_t proc_bytes(const char* file, const char* key) {
  std::FILE* in = std::fopen(file, "re");
  if (in == nullptr) return 0;
  char line[256];
  uint64_t found = 0;
  while (std::fgets(line, sizeof line, in) != nullptr) {
    if (std::strncmp(line, key, std::strlen(key)) == 0) found = std::strtoull(line + std::strlen(key), nullptr, 10);
  }
  std::fclose(in);
  return found << 10;
}

uint64_t mappings() {
  std::FILE* in = std::fopen("/proc/self/maps", "re");
  if (in == nullptr) return 0;
  uint64_t lines = 0;
  for (int c = std::fgetc(in); c != EOF; c = std::fgetc(in)) lines += c == '\n' ? 1 : 0;
  std::fclose(in);
  return lines;
}

void live(const char* label, const Guest& guest, uint32_t count) {
  constexpr const char* kRollup = "/proc/self/smaps_rollup";
  std::vector<std::unique_ptr<runtime::Store>> stores;
  stores.reserve(count);
  const uint64_t pss = proc_bytes(kRollup, "Pss:");
  const uint64_t rss = proc_bytes(kRollup, "Rss:");
  const uint64_t tables = proc_bytes("/proc/self/status", "VmPTE:");
  const uint64_t before = mappings();
  const double begin = now();
  for (uint32_t i = 0; i < count; ++i) {
    stores.push_back(std::make_unique<runtime::Store>(guest.engine));
    guest.use(*stores.back());
  }
  const double made = now() - begin;
  const auto each = [&](uint64_t after, uint64_t from) { return static_cast<double>(after - from) / count; };
  std::printf("%s.create %.3f s\n", label, made);
  std::printf("%s.pss %.0f bytes\n", label, each(proc_bytes(kRollup, "Pss:"), pss));
  std::printf("%s.rss %.0f bytes\n", label, each(proc_bytes(kRollup, "Rss:"), rss));
  std::printf("%s.page_tables %.0f bytes\n", label, each(proc_bytes("/proc/self/status", "VmPTE:"), tables));
  std::printf("%s.mappings %.2f each\n", label, each(mappings(), before));
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
