// getaddrinfo and eventfd.
#include "os/name_lookup.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <memory>

#ifdef __GLIBC__
extern "C" int __nss_configure_lookup(const char* database, const char* services);
#endif

namespace ashlar::os {
namespace {

LookupError error_of(int code) {
  switch (code) {
    case 0:
      return LookupError::None;
    case EAI_AGAIN:
      return LookupError::Temporary;
    case EAI_MEMORY:
      return LookupError::OutOfMemory;
    case EAI_NONAME:
#ifdef EAI_NODATA
    case EAI_NODATA:
#endif
#ifdef EAI_ADDRFAMILY
    case EAI_ADDRFAMILY:
#endif
      return LookupError::NoSuchName;
    default:
      return LookupError::Permanent;
  }
}

}  // namespace

LookupResult look_up_name(const std::string& name) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* raw = nullptr;
  LookupResult out;
  out.error = error_of(::getaddrinfo(name.c_str(), nullptr, &hints, &raw));
  if (out.error != LookupError::None) return out;
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> all(raw, ::freeaddrinfo);
  for (const addrinfo* at = raw; at != nullptr; at = at->ai_next) {
    IpAddress ip;
    if (at->ai_family == AF_INET) {
      std::memcpy(ip.bytes.data(), &reinterpret_cast<const sockaddr_in*>(at->ai_addr)->sin_addr, 4);
    } else if (at->ai_family == AF_INET6) {
      const in6_addr& v6 = reinterpret_cast<const sockaddr_in6*>(at->ai_addr)->sin6_addr;
      ip.v6 = !IN6_IS_ADDR_V4MAPPED(&v6);
      std::memcpy(ip.bytes.data(), v6.s6_addr + (ip.v6 ? 0 : 12), ip.v6 ? 16 : 4);
    } else {
      continue;
    }
    if (std::ranges::find(out.addresses, ip) == out.addresses.end()) out.addresses.push_back(ip);
  }
  if (out.addresses.empty()) out.error = LookupError::NoSuchName;
  return out;
}

void use_static_name_services() {
#ifdef __GLIBC__
  ::__nss_configure_lookup("hosts", "files dns");
#endif
}

SysResult<Fd> make_event() {
  Fd fd = Fd::own(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!fd) return std::unexpected(errno);
  return fd;
}

void raise_event(int fd) {
  const uint64_t one = 1;
  // A counter that is full is raised already.
  [[maybe_unused]] const ssize_t n = ::write(fd, &one, sizeof one);
}

}  // namespace ashlar::os
