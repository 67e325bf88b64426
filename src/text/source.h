// Positions in source text, under the names by which this folder knows them.
#pragma once

#include "base/source.h"

namespace ashlar::text {

using base::kMaxSourceBytes;
using base::LineTable;
using base::Position;
using base::Source;

}  // namespace ashlar::text
