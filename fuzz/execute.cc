// Fuzz target: generated modules are valid, and behave the same with guard pages, explicit checks and fuel.
//
// Input that begins with the magic of binaries is a module to run as it is; any other input is the generator's.
#include "support/execute.h"

#include <algorithm>

#include "support/fail.h"
#include "support/generate.h"

using namespace ashlar;

namespace {

constexpr uint8_t kMagic[] = {0, 'a', 's', 'm'};
constexpr int64_t kUntrustedFuel = 3000;

fuzz::GenerateOptions options_of(uint8_t bits) {
  fuzz::GenerateOptions out;
  // Plain modules, now and then: the fewer productions, the longer the stretches of ordinary code.
  out.vectors = (bits & 1) == 0;
  out.relaxed = out.vectors;
  out.references = (bits & 2) == 0;
  out.gc = out.references && (bits & 4) == 0;
  out.exceptions = (bits & 8) == 0;
  out.legacy_exceptions = out.exceptions && (bits & 16) == 0;
  out.atomics = (bits & 32) == 0;
  out.memory64 = out.several_memories = (bits & 64) == 0;
  out.canonical_nans = (bits & 128) != 0;
  return out;
}

void compare(std::string_view what, const fuzz::Execution& a, const fuzz::Execution& b) {
  const std::string differs = fuzz::difference(a, b);
  if (!differs.empty()) fuzz::fail(std::string(what) + ": " + differs);
}

/// A module as it is: regressions stay what they are when the generator changes.
void run_module(std::span<const uint8_t> bytes) {
  fuzz::ExecuteOptions options{
      .bounds_checks = runtime::BoundsChecks::GuardPages, .fuel = kUntrustedFuel, .untrusted = true};
  const fuzz::Execution guard = fuzz::execute(bytes, options);
  options.bounds_checks = runtime::BoundsChecks::Explicit;
  compare("guard pages / explicit checks", guard, fuzz::execute(bytes, options));
}

void run_generated(std::span<const uint8_t> input) {
  const std::vector<uint8_t> module = fuzz::generate_module(input.subspan(2), options_of(input[0]));
  const fuzz::ExecuteOptions guard;
  fuzz::ExecuteOptions checked;
  checked.bounds_checks = runtime::BoundsChecks::Explicit;
  const fuzz::Execution first = fuzz::execute(module, guard);
  if (first.outcome != "ok") fuzz::fail("not instantiated: " + first.outcome);
  compare("guard pages / explicit checks", first, fuzz::execute(module, checked));

  // Much fuel changes nothing but what is left; little stops both at the same place.
  const int64_t fuel = input[1] < 64 ? int64_t{input[1]} * 8 : int64_t{1} << 40;
  fuzz::ExecuteOptions fueled = guard;
  fueled.fuel = fuel;
  const fuzz::Execution with_fuel = fuzz::execute(module, fueled);
  if (fuel > 1000) {
    for (size_t i = 0; i < first.calls.size(); ++i) {
      if (first.calls[i].results != with_fuel.calls[i].results) fuzz::fail("fuel changes " + first.calls[i].function);
    }
    if (first.memories != with_fuel.memories || first.globals != with_fuel.globals)
      fuzz::fail("fuel changes the state");
  } else {
    fueled.bounds_checks = runtime::BoundsChecks::Explicit;
    compare("fuel, guard pages / explicit checks", with_fuel, fuzz::execute(module, fueled));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::span<const uint8_t> input(data, size);
  if (size >= sizeof kMagic && std::equal(std::begin(kMagic), std::end(kMagic), data)) {
    run_module(input);
  } else if (size >= 3) {
    run_generated(input);
  }
  return 0;
}
