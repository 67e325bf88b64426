// Fuzz target: any bytes decode and validate without harm, and a module keeps its verdict when encoded again.
#include "binary/encode.h"
#include "support/fail.h"
#include "support/round_trip.h"

using namespace ashlar;

namespace {

std::string verdict(const Status& status) { return status ? "valid" : status.error().message(); }

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Result<std::unique_ptr<module::Module>> m = fuzz::decode({data, data + size});
  if (!m) return 0;
  const Status first = fuzz::validate(**m);
  const Result<fuzz::Bytes> encoded = fuzz::binary_round_trip(**m);
  if (!encoded) fuzz::fail(encoded.error().render());
  Result<std::unique_ptr<module::Module>> again = fuzz::decode(*encoded);
  if (!again) fuzz::fail("does not decode again: " + again.error().render());
  const Status second = fuzz::validate(**again);
  if (verdict(first) != verdict(second)) fuzz::fail("verdict changes: " + verdict(first) + " / " + verdict(second));
  return 0;
}
