// Counts how often a body names its locals and calls, weighted by loop depth.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "module/module.h"

namespace ashlar::interp {

struct LocalUses {
  std::vector<uint64_t> weight;  ///< by local
  uint64_t calls = 0;

  /// Counts a validated body with `locals` locals, parameters included. Keeps its memory from body to body.
  void count(const module::Module& m, module::FuncIdx f, size_t locals);

 private:
  void enter(bool loop);
  void leave();
  /// An instruction as the body reader sees it.
  void apply(isa::Op op, uint32_t index);

  uint64_t here_ = 1;
  std::vector<uint64_t> outer_;  ///< weights around the open blocks
};

}  // namespace ashlar::interp
