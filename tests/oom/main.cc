// Runs scenarios again and again, each time with another allocation that fails: an error or a success each time, with
// nothing left behind.
//   oom [--first N] [--most N] [--every N] [--later] [--stop N] [--artifact FILE] [--list] [--guest] [SCENARIO...]
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string>
#include <string_view>
#include <vector>

#include "guests.h"
#include "injector.h"
#include "scenario.h"

namespace oom {

void Run::on() { turn_on(); }
void Run::off() { turn_off(); }

void Run::expect(bool right, const char* what) {
  if (right) return;
  turn_off();
  std::fprintf(stderr, "  wrong: %s\n", what);
  good_ = false;
}

void Run::note(std::string_view id, const char* what) {
  // Out of memory has several names: address space, a pool without room, a heap, a guest's own allocator, a callback.
  constexpr std::string_view kIds[] = {"out_of_memory", "gc_heap_exhausted", "call_stack_exhausted", "pool_exhausted",
                                       "io_failed"};
  if (failures() != 0 && std::ranges::find(kIds, id) != std::end(kIds)) return;
  turn_off();
  std::fprintf(stderr, "  wrong error: %s: %.*s\n", what, static_cast<int>(id.size()), id.data());
  good_ = false;
}

namespace {

struct Options {
  uint64_t first = 1;
  uint64_t most = 10'000;  ///< the last allocation that fails
  uint64_t every = 1;
  bool later = false;
  uint64_t stop = 0;
  std::vector<std::string_view> names;
};

/// Returns whether all is well. *allocations: how many there were.
bool run_once(const Scenario& scenario, const Plan& plan, uint64_t* allocations) {
  const int64_t blocks = live_blocks();
  const int64_t mapped = mapped_bytes();
  Run run;
  begin(plan);
  try {
    scenario.run(run);
  } catch (const std::bad_alloc&) {
    turn_off();
    run.expect(failures() != 0, "bad_alloc, and nothing failed");
  }
  turn_off();
  *allocations = count();
  const int64_t more_blocks = live_blocks() - blocks;
  const int64_t more_mapped = mapped_bytes() - mapped;
  bool good = run.good();
  if (more_blocks > 0 || more_mapped > 0) {
    // What is made once a process may be made late; what leaks does so again.
    Run again;
    const int64_t then = live_blocks();
    const int64_t mapped_then = mapped_bytes();
    begin(plan);
    try {
      scenario.run(again);
    } catch (const std::bad_alloc&) {
    }
    turn_off();
    if (live_blocks() > then || mapped_bytes() > mapped_then) {
      std::fprintf(stderr, "  leaks %lld blocks (allocation %llu) and %lld bytes of mappings\n",
                   static_cast<long long>(more_blocks), static_cast<unsigned long long>(oldest_block()),
                   static_cast<long long>(more_mapped));
      good = false;
    }
  }
  if (!good) {
    std::fprintf(stderr, "%s: allocation %llu%s of %llu\n", scenario.name, static_cast<unsigned long long>(plan.at),
                 plan.and_later ? " and later" : "", static_cast<unsigned long long>(*allocations));
  }
  return good;
}

bool run_all(const Scenario& scenario, const Options& options) {
  uint64_t allocations = 0;
  // Twice: what is made once a process is made then.
  bool good = run_once(scenario, {}, &allocations) && run_once(scenario, {}, &allocations);
  const uint64_t whole = allocations;
  uint64_t runs = 0;
  uint64_t bad = good ? 0 : 1;
  // One that failed may be followed by others that would not have been: the end is where none fails.
  for (uint64_t at = options.first; at <= options.most && bad < 10; at += options.every) {
    const bool verbose = std::getenv("OOM_VERBOSE") != nullptr;
    if (verbose) std::fprintf(stderr, "%s %llu\n", scenario.name, static_cast<unsigned long long>(at));
    bad += run_once(scenario, {at, options.later, options.stop}, &allocations) ? 0 : 1;
    ++runs;
    if (failures() == 0) break;
  }
  std::printf("%-16s %6llu allocations, %6llu runs%s\n", scenario.name, static_cast<unsigned long long>(whole),
              static_cast<unsigned long long>(runs), bad != 0 ? ", FAILED" : "");
  std::fflush(stdout);
  return bad == 0;
}

int main(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string_view arg = argv[i];
    const auto number = [&] { return i + 1 < argc ? std::strtoull(argv[++i], nullptr, 10) : 0; };
    if (arg == "--first") {
      options.first = std::max<uint64_t>(number(), 1);
    } else if (arg == "--most") {
      options.most = number();
    } else if (arg == "--every") {
      options.every = std::max<uint64_t>(number(), 1);
    } else if (arg == "--stop") {
      options.stop = number();
    } else if (arg == "--later") {
      options.later = true;
    } else if (arg == "--artifact" && i + 1 < argc) {
      use_artifact(argv[++i]);
    } else if (arg == "--guest") {
      std::printf("%.*s\n", static_cast<int>(kGuest.size()), kGuest.data());
      return 0;
    } else if (arg == "--list") {
      for (const Scenario& s : scenarios()) std::printf("%s\n", s.name);
      return 0;
    } else {
      options.names.push_back(arg);
    }
  }
  bool good = true;
  for (const Scenario& s : scenarios()) {
    const bool wanted = options.names.empty() || std::ranges::find(options.names, s.name) != options.names.end();
    if (wanted) good = run_all(s, options) && good;
  }
  return good ? 0 : 1;
}

}  // namespace

}  // namespace oom

int main(int argc, char** argv) { return oom::main(argc, argv); }
