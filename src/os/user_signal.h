// SIGUSR2: what somebody sends to the process to have something done.
#pragma once

namespace ashlar::os {

/// Runs in a signal's handler, on any thread: async-signal-safe.
using UserSignalHandler = void (*)();

/// The process's. False when somebody else has taken the signal. System calls are restarted; those that never are fail
/// with EINTR.
bool set_user_signal_handler(UserSignalHandler handler);

}  // namespace ashlar::os
