// What bodies refer to by index, so that it has to stay where it is.
#pragma once

#include <cstdint>
#include <vector>

#include "base/error.h"
#include "isa/features.h"
#include "module/module.h"

namespace ashlar::snapshot {

struct BodyUses {
  std::vector<bool> funcs;  ///< named by ref.func
  uint32_t datas = 0;       ///< data segments below this are referred to
  uint32_t elems = 0;       ///< the same of element segments
};

/// Of a valid module.
Result<BodyUses> scan_bodies(const module::Module& m, isa::Features features);

}  // namespace ashlar::snapshot
