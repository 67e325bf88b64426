// The errors that guests see, one list for all WASI versions, and their way from the operating system's errno.
#pragma once

#include <cstdint>
#include <expected>
#include <string_view>
#include <utility>

namespace ashlar::wasi::host {

/// Numbered as preview 1 does.
enum class Errno : uint16_t {
#define ERRNO(id, number, native, code, socket_code) id = number,
#include "wasi/host/errno.def"
#undef ERRNO
};

/// What a service hands back: a value, or the error for the guest.
template <class T>
using HostResult = std::expected<T, Errno>;
using HostStatus = std::expected<void, Errno>;

inline std::unexpected<Errno> fail(Errno code) { return std::unexpected(code); }

Errno errno_from_os(int native);
/// "acces", "noent", ...
std::string_view errno_name(Errno code);
/// The 0.2 file system error code ("access", "no-entry"); empty where 0.2 has none.
std::string_view errno_p2_code(Errno code);
/// The 0.2 socket error code ("connection-refused"); empty where 0.2 has none.
std::string_view errno_p2_socket_code(Errno code);

/// A system call's result with its error translated.
template <class T>
HostResult<T> from_os(std::expected<T, int> result) {
  if (!result) return fail(errno_from_os(result.error()));
  if constexpr (std::is_void_v<T>) {
    return {};
  } else {
    return std::move(*result);
  }
}

}  // namespace ashlar::wasi::host

/// HOST_TRY(expr): returns the Errno of a HostStatus from the enclosing function.
#define HOST_TRY(...)                                                         \
  do {                                                                        \
    auto host_try_ = (__VA_ARGS__);                                           \
    if (!host_try_) [[unlikely]]                                              \
      return std::unexpected<::ashlar::wasi::host::Errno>(host_try_.error()); \
  } while (0)

/// HOST_ASSIGN(auto x, expr): binds the value of a HostResult or returns its Errno.
#define HOST_ASSIGN(lhs, ...) HOST_ASSIGN_2_(__COUNTER__, lhs, __VA_ARGS__)
#define HOST_ASSIGN_2_(n, lhs, ...) HOST_ASSIGN_3_(n, lhs, __VA_ARGS__)
#define HOST_ASSIGN_3_(n, lhs, ...)                                            \
  auto host_try_##n = (__VA_ARGS__);                                           \
  if (!host_try_##n) [[unlikely]]                                              \
    return std::unexpected<::ashlar::wasi::host::Errno>(host_try_##n.error()); \
  lhs = std::move(*host_try_##n)
