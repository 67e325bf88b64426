// Expands errno.def in both directions.
#include "wasi/host/errno.h"

#include <cerrno>
#include <iterator>

namespace ashlar::wasi::host {
namespace {

struct Row {
  int native;
  std::string_view name;
  std::string_view p2_code;
  std::string_view p2_socket_code;
};

constexpr Row kRows[] = {
#define ERRNO(id, number, native, code, socket_code) {native, #id, code, socket_code},
#include "wasi/host/errno.def"
#undef ERRNO
};

constexpr bool numbered_in_order() {
  uint16_t next = 0;
  for (uint16_t number : {
#define ERRNO(id, number, native, code, socket_code) uint16_t{number},
#include "wasi/host/errno.def"
#undef ERRNO
       }) {
    if (number != next++) return false;
  }
  return true;
}
static_assert(numbered_in_order(), "rows are indexed by their number");

}  // namespace

Errno errno_from_os(int native) {
  if (native == EOPNOTSUPP) return Errno::notsup;
  if (native == EWOULDBLOCK) return Errno::again;
  if (native == ESHUTDOWN) return Errno::pipe;
  if (native == EHOSTDOWN) return Errno::hostunreach;
  for (size_t i = 1; i < std::size(kRows); ++i) {
    if (kRows[i].native == native) return static_cast<Errno>(i);
  }
  return Errno::io;
}

std::string_view errno_name(Errno code) { return kRows[static_cast<size_t>(code)].name; }
std::string_view errno_p2_code(Errno code) { return kRows[static_cast<size_t>(code)].p2_code; }
std::string_view errno_p2_socket_code(Errno code) { return kRows[static_cast<size_t>(code)].p2_socket_code; }

}  // namespace ashlar::wasi::host
