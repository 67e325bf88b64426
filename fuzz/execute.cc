// Fuzz target: generated modules are valid, and behave the same with guard pages, explicit checks and fuel.
#include "support/execute.h"

#include "support/fail.h"
#include "support/generate.h"

using namespace ashlar;

namespace {

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

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 3) return 0;
  const std::vector<uint8_t> module = fuzz::generate_module({data + 2, size - 2}, options_of(data[0]));
  const fuzz::ExecuteOptions guard{runtime::BoundsChecks::GuardPages, {}};
  const fuzz::ExecuteOptions checked{runtime::BoundsChecks::Explicit, {}};
  const fuzz::Execution first = fuzz::execute(module, guard);
  if (first.outcome != "ok") fuzz::fail("not instantiated: " + first.outcome);
  compare("guard pages / explicit checks", first, fuzz::execute(module, checked));

  // Much fuel changes nothing but what is left; little stops both at the same place.
  const int64_t fuel = data[1] < 64 ? int64_t{data[1]} * 8 : int64_t{1} << 40;
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
  return 0;
}
