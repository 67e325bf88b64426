// Round trips; see round_trip.h.
#include "support/round_trip.h"

#include <algorithm>

#include "binary/decode.h"
#include "binary/encode.h"
#include "text/parse.h"
#include "text/print.h"
#include "validate/validate.h"

namespace ashlar::fuzz {

namespace {

constexpr uint64_t kMaxTextBytes = 64ull << 20;

std::unexpected<Error> broken(std::string what) { return make_error(ErrorCode::host_trap, kNoOffset, std::move(what)); }

Result<Bytes> parse(const std::string& source, std::string_view what) {
  text::ParseOptions options;
  options.debug_names = true;
  Result<Bytes> out = text::parse_to_binary(source, options);
  if (!out) return broken("the " + std::string(what) + " print does not parse: " + out.error().render());
  return out;
}

Result<std::string> print(const module::Module& m, bool folded, bool names) {
  text::PrintOptions options;
  options.folded = folded;
  options.names = names;
  options.customs = names;
  options.max_bytes = kMaxTextBytes;
  return text::print(m, options);
}

}  // namespace

std::string difference(const Bytes& a, const Bytes& b) {
  if (a == b) return {};
  const auto at = std::ranges::mismatch(a, b).in1 - a.begin();
  return "differ at offset " + std::to_string(at) + " (sizes " + std::to_string(a.size()) + " and " +
         std::to_string(b.size()) + ")";
}

Result<std::unique_ptr<module::Module>> decode(Bytes bytes) {
  binary::DecodeOptions options;
  options.features = isa::Features::all();
  return binary::decode(std::move(bytes), options);
}

Status validate(module::Module& m) {
  validate::ValidateOptions options;
  options.features = isa::Features::all();
  options.threads = 1;
  return validate::validate(m, std::make_shared<module::TypeRegistry>(), options);
}

Result<Bytes> binary_round_trip(const module::Module& m) {
  Bytes first = binary::encode(m);
  Result<std::unique_ptr<module::Module>> again = decode(first);
  if (!again) return broken("the encoding does not decode: " + again.error().render());
  const std::string differs = difference(first, binary::encode(**again));
  if (!differs.empty()) return broken("encodings " + differs);
  return first;
}

Result<Bytes> text_round_trip(const module::Module& m) {
  TRY_ASSIGN(std::string flat, print(m, false, true));
  TRY_ASSIGN(std::string folded, print(m, true, true));
  TRY_ASSIGN(std::string bare, print(m, true, false));
  TRY_ASSIGN(Bytes from_flat, parse(flat, "flat"));
  TRY_ASSIGN(Bytes from_folded, parse(folded, "folded"));
  TRY(parse(bare, "nameless"));
  const std::string differs = difference(from_flat, from_folded);
  if (!differs.empty()) return broken("flat and folded text: binaries " + differs);
  return from_flat;
}

Status check_module(const Bytes& bytes, bool is_normal) {
  TRY_ASSIGN(auto m, decode(bytes));
  TRY_ASSIGN(Bytes encoded, binary_round_trip(*m));
  TRY_ASSIGN(Bytes first, text_round_trip(*m));
  if (is_normal) {
    const std::string differs = difference(encoded, first);
    if (!differs.empty()) return broken("the module and its text: binaries " + differs);
    return {};
  }
  Result<std::unique_ptr<module::Module>> again = decode(first);
  if (!again) return broken("the text's binary does not decode: " + again.error().render());
  TRY_ASSIGN(Bytes second, text_round_trip(**again));
  const std::string differs = difference(first, second);
  if (!differs.empty()) return broken("the text's binary and its text's: " + differs);
  return {};
}

}  // namespace ashlar::fuzz
