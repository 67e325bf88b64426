// How a fuzz target reports a finding.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <string>

namespace ashlar::fuzz {

[[noreturn]] inline void fail(const std::string& what) {
  std::fprintf(stderr, "finding: %s\n", what.c_str());
  std::abort();
}

}  // namespace ashlar::fuzz
