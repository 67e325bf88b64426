// A thread that takes no alarms: what stops there has looked by itself.
#pragma once

#include <signal.h>

#include "os/thread_alarm.h"

namespace ashlar::test {

class WithoutAlarms {
 public:
  WithoutAlarms() {
    (void)os::alarm_target();  // which unblocks the signal once
    sigset_t alarms;
    sigemptyset(&alarms);
    sigaddset(&alarms, SIGURG);
    ::pthread_sigmask(SIG_BLOCK, &alarms, &before_);
  }
  ~WithoutAlarms() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  WithoutAlarms(const WithoutAlarms&) = delete;
  WithoutAlarms& operator=(const WithoutAlarms&) = delete;

 private:
  sigset_t before_;
};

}  // namespace ashlar::test
