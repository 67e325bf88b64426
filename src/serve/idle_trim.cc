// See idle_trim.h.
#include "serve/idle_trim.h"

#include <algorithm>
#include <vector>

#include "os/heap.h"
#include "runtime/engine.h"
#include "serve/routes.h"

namespace ashlar::serve {

namespace {

/// The memory of fewer stores is not worth it to go through the heap.
constexpr uint64_t kWorthIt = 64;
/// Places of programs (run_guests.h) go in ticks of their own, which are as long: they have gone by then.
constexpr unsigned kQuiet = 2;
/// Under load that rises and falls something may go at every tick.
constexpr unsigned kMost = 15;

}  // namespace

void IdleTrim::tick(const Routes& routes) {
  std::vector<runtime::Engine*> engines;
  for (const auto& served : routes.apps) engines.push_back(served->app->engine().get());
  std::ranges::sort(engines);
  const auto again = std::ranges::unique(engines);
  engines.erase(again.begin(), again.end());
  uint64_t gone = 0;
  for (runtime::Engine* engine : engines) gone += engine->trim_idle();
  gone_ += gone;
  if (gone_ < kWorthIt) return;
  ++ticks_;
  quiet_ticks_ = gone == 0 ? quiet_ticks_ + 1 : 0;
  if (quiet_ticks_ < kQuiet && ticks_ < kMost) return;
  os::trim_heap();
  gone_ = ticks_ = quiet_ticks_ = 0;
}

}  // namespace ashlar::serve
