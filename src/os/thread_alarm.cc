// The alarm: a POSIX timer that runs out at once, with a signal to the thread it was made for.
#include "os/thread_alarm.h"

#include <cerrno>
#include <csignal>
#include <mutex>

#include <pthread.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "os/signal_context.h"

namespace ashlar::os {

namespace {

constexpr int kSignal = SIGURG;
constexpr uint64_t kAgain = 500'000;

std::atomic<AlarmHandler> g_handler{nullptr};
struct sigaction g_old;
/// What our signals carry: its address.
const char g_tag = 0;

void pass_on(int signal, siginfo_t* info, void* context) {
  if ((g_old.sa_flags & SA_SIGINFO) != 0) {
    if (g_old.sa_sigaction != nullptr) g_old.sa_sigaction(signal, info, context);
  } else if (g_old.sa_handler != SIG_IGN && g_old.sa_handler != SIG_DFL) {
    g_old.sa_handler(signal);
  }
}

// Of equal signals that come at once only one is delivered: another's may stand for ours as well.
void on_signal(int signal, siginfo_t* info, void* context) {
  const bool ours = info->si_code == SI_TIMER && info->si_value.sival_ptr == &g_tag;
  if (!ours) pass_on(signal, info, context);
  const AlarmHandler handler = g_handler.load(std::memory_order_relaxed);
  if (handler == nullptr) return;
  auto* const registers = static_cast<ucontext_t*>(context);
  const void* const function = handler(read_registers(signal, registers));
  if (function != nullptr) insert_call(*registers, function, kAlarmGap);
}

void install() {
  static std::once_flag once;
  std::call_once(once, [] {
    ::sigaction(kSignal, nullptr, &g_old);
    struct sigaction action{};
    action.sa_sigaction = &on_signal;
    // NODEFER: the handler may leave by a jump, which would keep the signal blocked.
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER | SA_RESTART;
    sigemptyset(&action.sa_mask);
    ::sigaction(kSignal, &action, nullptr);
  });
}

}  // namespace

void set_alarm_handler(AlarmHandler handler) { g_handler.store(handler, std::memory_order_relaxed); }

namespace internal {

constinit thread_local int t_alarm_target = 0;

int new_alarm_target() {
  // The thread that forks has another number in the child.
  static std::once_flag once;
  std::call_once(once, [] { ::pthread_atfork(nullptr, nullptr, [] { t_alarm_target = 0; }); });
  sigset_t alarms;
  sigemptyset(&alarms);
  sigaddset(&alarms, kSignal);
  ::pthread_sigmask(SIG_UNBLOCK, &alarms, nullptr);
  return t_alarm_target = static_cast<int>(::syscall(SYS_gettid));
}

}  // namespace internal

ThreadAlarm::~ThreadAlarm() { remove(); }

void ThreadAlarm::remove() {
  const intptr_t timer = timer_.exchange(kNone, std::memory_order_relaxed);
  if (timer != kNone) ::timer_delete(reinterpret_cast<timer_t>(timer));
}

bool ThreadAlarm::arm(uint64_t ns) {
  const intptr_t timer = timer_.load(std::memory_order_acquire);
  if (timer == kNone) return false;
  itimerspec once{};
  once.it_value.tv_nsec = static_cast<long>(ns);
  return ::timer_settime(reinterpret_cast<timer_t>(timer), 0, &once, nullptr) == 0;
}

// A new timer each time: the old one's thread may have ended, and another have its number.
bool ThreadAlarm::ring(int thread) {
  install();
  remove();
  sigevent event{};
  event.sigev_notify = SIGEV_THREAD_ID;
  event.sigev_signo = kSignal;
  event.sigev_value.sival_ptr = const_cast<char*>(&g_tag);
  event._sigev_un._tid = thread;
  timer_t timer{};
  if (::timer_create(CLOCK_MONOTONIC, &event, &timer) != 0) return errno == EINVAL;  // the thread has ended
  timer_.store(reinterpret_cast<intptr_t>(timer), std::memory_order_release);
  return arm(1);
}

void ThreadAlarm::ring_again() { arm(kAgain); }

}  // namespace ashlar::os
