// Fuzz target: generated modules about objects behave the same while the collector runs at every allocation or few.
//
// Input that begins with the magic of binaries is a module to run as it is; any other input is the generator's.
#include <algorithm>

#include "support/execute.h"
#include "support/fail.h"
#include "support/generate.h"

using namespace ashlar;

namespace {

constexpr uint8_t kMagic[] = {0, 'a', 's', 'm'};
constexpr runtime::GcStress kModes[] = {{1, 0, true},    {0, 1, true}, {3, 7, true},
                                        {1, 5000, true}, {5, 0, true}, {3, 100, true}};
constexpr int kRounds = 3;

void compare(std::span<const uint8_t> module, fuzz::ExecuteOptions options, const runtime::GcStress& stress) {
  const fuzz::Execution expected = fuzz::execute(module, options);
  options.stress = stress;
  const std::string differs = fuzz::difference(expected, fuzz::execute(module, options));
  if (!differs.empty()) {
    fuzz::fail("collections at every " + std::to_string(stress.minor_every) + ", " +
               std::to_string(stress.major_every) + ": " + differs);
  }
}

void run_generated(std::span<const uint8_t> input) {
  fuzz::GenerateOptions generate;
  generate.objects = true;
  generate.vectors = generate.relaxed = (input[0] & 1) != 0;
  generate.exceptions = (input[0] & 2) == 0;
  generate.legacy_exceptions = generate.exceptions && (input[0] & 4) == 0;
  generate.atomics = generate.wide = generate.memory64 = false;
  const std::vector<uint8_t> module = fuzz::generate_module(input.subspan(2), generate);
  fuzz::ExecuteOptions options;
  options.rounds = kRounds;
  compare(module, options, kModes[input[1] % std::size(kModes)]);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::span<const uint8_t> input(data, size);
  if (size >= sizeof kMagic && std::equal(std::begin(kMagic), std::end(kMagic), data)) {
    // What a module of anybody's may take depends on what is garbage, so it may take as much as others.
    fuzz::ExecuteOptions options;
    options.fuel = 100'000;
    for (const runtime::GcStress& stress : kModes) compare(input, options, stress);
  } else if (size >= 3) {
    run_generated(input);
  }
  return 0;
}
