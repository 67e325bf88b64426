// Looking up host names with the system's resolver, and a flag that poll sees.
#pragma once

#include <string>
#include <vector>

#include "os/ip_socket.h"

namespace ashlar::os {

enum class LookupError : uint8_t { None, NoSuchName, Temporary, Permanent, OutOfMemory };

struct LookupResult {
  LookupError error = LookupError::None;
  std::vector<IpAddress> addresses;  ///< the preferred first; one at least without an error
};

/// Blocks as long as the resolver does, from any thread. `name`: ASCII, without NUL.
LookupResult look_up_name(const std::string& name);

/// From now on names come from the hosts file and DNS alone, for which no library is loaded: a static program must not
/// load any.
void use_static_name_services();

/// A handle that poll finds readable once it was raised, from any thread.
SysResult<Fd> make_event();
void raise_event(int fd);

}  // namespace ashlar::os
