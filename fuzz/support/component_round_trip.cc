// Round trips of components; see component_round_trip.h.
#include "support/component_round_trip.h"

#include "component/decode.h"
#include "component/encode.h"
#include "component/text/parse.h"
#include "component/text/print.h"
#include "component/validate.h"

namespace ashlar::fuzz {

namespace {

std::unexpected<Error> broken(std::string what) { return make_error(ErrorCode::host_trap, kNoOffset, std::move(what)); }

component::ComponentLimits limits() {
  component::ComponentLimits out;
  out.items = 100'000;
  out.work = 1'000'000;  // an input takes no long time, and one that does is a finding
  return out;
}

Result<Bytes> by_way_of_text(const component::Component& c) {
  constexpr uint64_t kMaxTextBytes = 64ull << 20;
  text::PrintOptions options;
  options.max_bytes = kMaxTextBytes;
  TRY_ASSIGN(const std::string text, component::print_component(c, options));
  component::ParseOptions parsing;
  parsing.debug_names = true;
  Result<Bytes> out = component::parse_component_to_binary(text, parsing);
  if (!out) return broken("the print does not parse: " + out.error().render());
  return out;
}

}  // namespace

Result<std::unique_ptr<component::Component>> decode_component(const Bytes& bytes) {
  component::DecodeOptions options;
  options.features = isa::Features::all();
  options.limits = limits();
  return component::decode(bytes, options);
}

Status validate_component(const component::Component& c) {
  component::ValidateOptions options;
  options.features = isa::Features::all();
  options.gates = component::Gates::all();
  options.limits = limits();
  options.threads = 1;
  TRY(component::validate(c, options));
  return {};
}

Status check_component(const component::Component& c, bool is_normal) {
  const Bytes encoded = component::encode(c);
  TRY_ASSIGN(const Bytes first, by_way_of_text(c));
  if (is_normal) {
    const std::string differs = difference(encoded, first);
    if (!differs.empty()) return broken("the component and its text: binaries " + differs);
    return {};
  }
  TRY_ASSIGN(const auto again, decode_component(first));
  TRY_ASSIGN(const Bytes second, by_way_of_text(*again));
  const std::string differs = difference(first, second);
  if (!differs.empty()) return broken("the text's binary and its text's: " + differs);
  return {};
}

}  // namespace ashlar::fuzz
