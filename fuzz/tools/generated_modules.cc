// Writes generated modules and what running them here gives, for comparison with another engine.
//
//   generated_modules DIR FIRST COUNT
// Makes DIR/<seed>.wasm for COUNT seeds from FIRST, and prints one line of JSON each. Guard pages and explicit checks
// take turns.
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

#include "support/execute.h"
#include "support/generate.h"

using namespace ashlar;

namespace {

/// Only what engines must agree on, in results and in the features they have.
fuzz::GenerateOptions portable(uint64_t seed) {
  fuzz::GenerateOptions out;
  out.relaxed = out.legacy_exceptions = false;
  out.canonical_nans = true;
  out.vectors = seed % 2 == 0;
  out.references = seed % 3 != 0;
  out.gc = out.references && seed % 5 != 0;
  out.exceptions = seed % 4 != 0;
  out.numeric_loops = seed % 8 == 0 || seed % 16 == 6;
  out.objects = out.gc && !out.numeric_loops && seed % 4 == 1;
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: generated_modules DIR FIRST COUNT\n");
    return 2;
  }
  const std::string folder = argv[1];
  const uint64_t first = std::strtoull(argv[2], nullptr, 10);
  const uint64_t count = std::strtoull(argv[3], nullptr, 10);
  for (uint64_t seed = first; seed < first + count; ++seed) {
    const std::vector<uint8_t> module = fuzz::generate_module(fuzz::random_input(seed), portable(seed));
    const std::string path = folder + "/" + std::to_string(seed) + ".wasm";
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(module.data()), static_cast<std::streamsize>(module.size()));
    fuzz::ExecuteOptions options;
    if (seed % 2 != 0) options.bounds_checks = runtime::BoundsChecks::Explicit;
    std::printf("{\"module\":\"%s\",\"run\":%s}\n", path.c_str(),
                fuzz::to_json(fuzz::execute(module, options)).c_str());
    std::fflush(stdout);
  }
  return 0;
}
