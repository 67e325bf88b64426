// The timer: a POSIX timer whose signal goes to the thread itself.
#include "os/cpu_timer.h"

#include <csignal>
#include <mutex>

#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "os/free_signal.h"
#include "os/signal_context.h"

namespace ashlar::os {

namespace {

constexpr int kSignal = SIGPROF;

/// Of this thread; a tick that comes late, behind stop(), finds null.
constinit thread_local TickHandler t_handler = nullptr;
constinit thread_local void* t_context = nullptr;

void on_tick(int signal, siginfo_t*, void* context) {
  if (t_handler == nullptr) return;
  const Fault at = read_registers(signal, static_cast<const ucontext_t*>(context));
  t_handler({at.pc, at.argument0, at.argument1}, t_context);
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

bool CpuTimer::start(uint64_t first, uint64_t interval, TickHandler handler, void* context) {
  if (running_ || !install()) return false;
  sigevent event{};
  event.sigev_notify = SIGEV_THREAD_ID;
  event.sigev_signo = kSignal;
  event._sigev_un._tid = static_cast<pid_t>(::syscall(SYS_gettid));
  timer_t timer{};
  if (::timer_create(CLOCK_THREAD_CPUTIME_ID, &event, &timer) != 0) return false;
  timer_ = timer;
  t_context = context;
  t_handler = handler;
  const itimerspec times{in_timespec(interval), in_timespec(first)};
  if (::timer_settime(timer, 0, &times, nullptr) != 0) {
    t_handler = nullptr;
    ::timer_delete(timer);
    return false;
  }
  running_ = true;
  return true;
}

void CpuTimer::set_interval(uint64_t interval) {
  if (!running_) return;
  const itimerspec times{in_timespec(interval), in_timespec(interval)};
  ::timer_settime(static_cast<timer_t>(timer_), 0, &times, nullptr);
}

void CpuTimer::stop() {
  if (!running_) return;
  running_ = false;
  t_handler = nullptr;
  ::timer_delete(static_cast<timer_t>(timer_));
}

}  // namespace ashlar::os
