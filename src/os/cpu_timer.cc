// The timer: a POSIX timer whose signal goes to the thread itself, and the list of those that it ticks for.
#include "os/cpu_timer.h"

#include <sched.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <csignal>

#include "os/free_signal.h"
#include "os/signal_context.h"

namespace ashlar::os {

enum class WatchState : uint8_t { On, Ticking, Off };

/// Stays in its thread's list until that thread looks there, so that others may turn it off.
struct CpuTimer::Watch {
  std::atomic<WatchState> state{WatchState::On};
  TickHandler handler;
  void* context;
  Watch* next;
  std::shared_ptr<Watch> listed;  ///< itself, while it is in the list
};

/// Of one thread; read by its signal handler. A tick that comes when nobody watches any more finds nobody.
struct ThreadTimer {
  timer_t timer;
  bool made;
  volatile bool armed;
  CpuTimer::Watch* volatile first;

  bool arm(uint64_t first_tick, uint64_t interval);
  void tick(const Interrupted& at);
  void forget(bool all);
};

namespace {

constexpr int kSignal = SIGPROF;

constinit thread_local ThreadTimer t_timer{};

/// Ends with its thread.
struct Cleaner {
  ~Cleaner() {
    if (t_timer.made) ::timer_delete(t_timer.timer);
    t_timer.made = false;
    t_timer.forget(true);
  }
};

void on_tick(int signal, siginfo_t*, void* context) {
  if (t_timer.first == nullptr) return;
  const Fault at = read_registers(signal, static_cast<const ucontext_t*>(context));
  t_timer.tick({at.pc, at.argument0, at.argument1});
}

/// Takes the signal for this process, once; false when somebody else has it.
bool install() {
  static const bool done = take_free_signal(kSignal, &on_tick);
  return done;
}

timespec in_timespec(uint64_t ns) {
  return {static_cast<time_t>(ns / 1'000'000'000), static_cast<long>(ns % 1'000'000'000)};
}

}  // namespace

bool ThreadTimer::arm(uint64_t first_tick, uint64_t interval) {
  if (!made) {
    sigevent event{};
    event.sigev_notify = SIGEV_THREAD_ID;
    event.sigev_signo = kSignal;
    event._sigev_un._tid = static_cast<pid_t>(::syscall(SYS_gettid));
    if (::timer_create(CLOCK_THREAD_CPUTIME_ID, &event, &timer) != 0) return false;
    made = true;
    static thread_local Cleaner cleaner;
    (void)cleaner;
  }
  const itimerspec times{in_timespec(interval), in_timespec(first_tick)};
  armed = true;
  if (::timer_settime(timer, 0, &times, nullptr) == 0) return true;
  armed = false;
  return false;
}

/// In the signal handler.
void ThreadTimer::tick(const Interrupted& at) {
  bool any = false;
  for (CpuTimer::Watch* watch = first; watch != nullptr; watch = watch->next) {
    WatchState on = WatchState::On;
    if (!watch->state.compare_exchange_strong(on, WatchState::Ticking)) continue;
    any = true;
    watch->handler(at, watch->context);
    watch->state.store(WatchState::On);
  }
  if (any || !made) return;
  armed = false;
  const itimerspec never{};
  ::timer_settime(timer, 0, &never, nullptr);
}

/// Takes those out that are off. A tick may come at any time: what is freed is out of the list before.
void ThreadTimer::forget(bool all) {
  CpuTimer::Watch* before = nullptr;
  for (CpuTimer::Watch* watch = first; watch != nullptr;) {
    CpuTimer::Watch* next = watch->next;
    if (all || watch->state.load() == WatchState::Off) {
      if (before == nullptr) {
        first = next;
      } else {
        before->next = next;
      }
      std::atomic_signal_fence(std::memory_order_seq_cst);
      const std::shared_ptr<CpuTimer::Watch> last = std::move(watch->listed);
    } else {
      before = watch;
    }
    watch = next;
  }
}

bool CpuTimer::start(uint64_t first, uint64_t interval, TickHandler handler, void* context) {
  if (watch_ || !install()) return false;
  t_timer.forget(false);
  watch_ = std::make_shared<Watch>();
  watch_->handler = handler;
  watch_->context = context;
  watch_->next = t_timer.first;
  watch_->listed = watch_;
  std::atomic_signal_fence(std::memory_order_seq_cst);
  t_timer.first = watch_.get();
  if (t_timer.armed || t_timer.arm(first, interval)) return true;
  stop();
  return false;
}

void CpuTimer::stop() {
  if (!watch_) return;
  for (WatchState on = WatchState::On; !watch_->state.compare_exchange_weak(on, WatchState::Off); on = WatchState::On) {
    if (on == WatchState::Off) break;
    ::sched_yield();  // a tick on the thread that is watched
  }
  watch_.reset();
}

}  // namespace ashlar::os
