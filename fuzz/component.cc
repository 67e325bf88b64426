// Fuzz target: any bytes decode, validate and print as a component without harm, with the stable features and with all;
// what is no binary is text, which parses without harm, and what it becomes decodes to what encodes to the same bytes.
// The text of a valid component parses back to it.
#include <algorithm>
#include <string_view>

#include "component/decode.h"
#include "component/encode.h"
#include "component/text/parse.h"
#include "component/text/print.h"
#include "component/validate.h"
#include "support/component_round_trip.h"
#include "support/fail.h"

using namespace ashlar;

namespace {

component::ComponentLimits limits() {
  component::ComponentLimits out;
  out.items = 100'000;
  out.work = 1'000'000;  // an input takes no long time, and one that does is a finding
  return out;
}

bool is_valid(const component::Component& c, component::Gates gates) {
  component::ValidateOptions options;
  options.gates = gates;
  options.limits = limits();
  options.threads = 1;
  return component::validate(c, options).has_value();
}

/// A name section that the text spells out, or a second one: decoding what is written makes names of it, whose encoding
/// may be another.
bool spells_names(const component::Component& c) {
  return std::ranges::any_of(c.defs, [](const component::Definition& d) {
    if (const auto* custom = std::get_if<component::CustomSection>(&d.def))
      return custom->name == component::kNameSection;
    const auto* nested = std::get_if<std::unique_ptr<component::Component>>(&d.def);
    return nested != nullptr && spells_names(**nested);
  });
}

// Printing does not need a valid component, but only of valid ones is the text promised to parse back.
void check_print(const component::Component& c) {
  if (!fuzz::validate_component(c) || spells_names(c)) {
    text::PrintOptions options;
    options.max_bytes = uint64_t{64} << 20;
    static_cast<void>(component::print_component(c, options));
    return;
  }
  constexpr bool kIsNormal = false;  // core modules in it may be bytes
  const Status status = fuzz::check_component(c, kIsNormal);
  if (!status) fuzz::fail(status.error().render());
}

void check_text(std::string_view source) {
  component::ParseOptions options;
  options.debug_names = true;
  const auto parsed = component::parse_component(source, options);
  if (!parsed) return;
  const std::vector<uint8_t> bytes = component::encode(**parsed);
  component::DecodeOptions decoding;
  decoding.features = isa::Features::all();
  decoding.limits = limits();
  // Limits and rules that only the decoder knows may refuse what parsed.
  const auto decoded = component::decode(bytes, decoding);
  if (!decoded) return;
  if (!spells_names(**parsed) && component::encode(**decoded) != bytes)
    fuzz::fail("decoding and encoding changes a component of text");
  check_print(**decoded);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr uint8_t kMagic[] = {0, 'a', 's', 'm'};
  if (size < sizeof kMagic || !std::equal(std::begin(kMagic), std::end(kMagic), data)) {
    check_text({reinterpret_cast<const char*>(data), size});
    return 0;
  }
  component::DecodeOptions options;
  options.limits = limits();
  const auto c = component::decode(std::vector<uint8_t>(data, data + size), options);
  if (!c) return 0;
  const bool stable = is_valid(**c, {});
  if (stable && !is_valid(**c, component::Gates::all())) fuzz::fail("valid with the stable features, but not with all");
  check_print(**c);
  return 0;
}
