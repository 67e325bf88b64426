// Fuzz target: any text parses without harm, and modules survive the way to text and back.
//
// Input that begins with the magic of binaries is a module to print; any other input is text.
#include <algorithm>
#include <string_view>

#include "support/fail.h"
#include "support/round_trip.h"
#include "text/parse.h"
#include "text/print.h"
#include "text/script.h"

using namespace ashlar;

namespace {

constexpr uint8_t kMagic[] = {0, 'a', 's', 'm'};

void check_binary(const fuzz::Bytes& bytes) {
  Result<std::unique_ptr<module::Module>> m = fuzz::decode(bytes);
  if (!m) return;
  // Printing does not need a valid module, but only of valid ones is the text promised to parse back.
  if (!fuzz::validate(**m)) {
    static_cast<void>(text::print(**m));
    return;
  }
  const Status status = fuzz::check_module(bytes, false);
  if (!status) fuzz::fail(status.error().render());
}

void check_text(std::string_view source) {
  static_cast<void>(text::parse_script(source));
  text::ParseOptions options;
  options.debug_names = true;
  const Result<fuzz::Bytes> binary = text::parse_to_binary(source, options);
  if (!binary) return;
  Result<std::unique_ptr<module::Module>> m = fuzz::decode(*binary);
  // Limits and rules that only the decoder knows (data count, indices of bodies) may refuse what parsed.
  if (!m || !fuzz::validate(**m)) return;
  const Status status = fuzz::check_module(*binary, true);
  if (!status) fuzz::fail(status.error().render());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size >= sizeof kMagic && std::equal(std::begin(kMagic), std::end(kMagic), data)) {
    check_binary({data, data + size});
  } else {
    check_text({reinterpret_cast<const char*>(data), size});
  }
  return 0;
}
