// Signals that nobody else in the process handles.
#pragma once

#include <csignal>

namespace ashlar::os {

/// Makes `handler` that of `signal`, with SA_SIGINFO, SA_ONSTACK and SA_RESTART. False, and nothing done, when the
/// signal has a handler or is ignored.
bool take_free_signal(int signal, void (*handler)(int, siginfo_t*, void*));

}  // namespace ashlar::os
