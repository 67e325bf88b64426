// The compiler program as a server: one process that has loaded LLVM forks for each module.
#pragma once

#include <functional>
#include <span>

namespace ashlar::optimizing {

/// Answers requests (native/compiler_protocol.h) until the socket is closed. `run` does one in a process of its own and
/// returns its exit code; a crash there is the end of that run only. Returns the exit code of the server.
int serve(int socket, const std::function<int(std::span<char* const> arguments)>& run);

}  // namespace ashlar::optimizing
