// What processor this is: enough to tell whether code compiled for it fits.
#pragma once

#include <string>

namespace ashlar::os {

/// Text that is equal on processors of the same kind with the same abilities usable, and differs otherwise.
std::string cpu_identity();

}  // namespace ashlar::os
