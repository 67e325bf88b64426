// Fuzz target: the WIT of any component, package in binary form or core module with a world is told without harm; what
// is told prints as text that reads and prints the same again, and encodes as a package whose WIT is the same again.
// What is no binary is the text of a component, or WIT, which encodes to what decodes.
#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "binary/decode.h"
#include "component/decode.h"
#include "component/encode.h"
#include "component/text/parse.h"
#include "componentize/wit_decoder.h"
#include "componentize/world_encoder.h"
#include "support/fail.h"
#include "wit/diff.h"
#include "wit/json.h"
#include "wit/print.h"
#include "wit/resolve.h"

using namespace ashlar;

namespace {

constexpr wit::PrintOptions kFlat{.docs = true, .flat_worlds = true};

Result<wit::Resolved> resolve(const std::string& text) {
  std::vector<wit::SourceGroup> groups(1);
  groups[0].files.push_back({"input.wit", text});
  return wit::resolve(groups, {.features = {}, .all_features = true});
}

std::string print(const wit::Resolved& wit) { return wit::print_with_dependencies(wit.model, wit.roots[0], kFlat); }

Result<wit::Resolved> through_package(const wit::Resolved& wit) {
  TRY_ASSIGN(const component::Component package, componentize::encode_package(wit.model, wit.roots[0]));
  component::DecodeOptions options;
  options.features = isa::Features::all();
  const auto read = component::decode(component::encode(package), options);
  if (!read) fuzz::fail("what is encoded is no component: " + read.error().render());
  auto out = componentize::decode_wit(**read, {.features = isa::Features::all(), .limits = {}});
  // Limits that WIT has, and components do not; and what is in no component yet.
  if (!out && out.error().phase() != Phase::Limit && out.error().code() != ErrorCode::component_gated) {
    fuzz::fail("what is encoded has no WIT: " + out.error().render() + "\n" + print(wit));
  }
  return out;
}

void check(const Result<wit::Resolved>& told) {
  if (!told) {
    static_cast<void>(told.error().render());
    return;
  }
  static_cast<void>(wit::to_json(told->model));
  const std::string once = print(*told);
  const auto read = resolve(once);
  if (!read) {
    if (read.error().phase() == Phase::Limit) return;
    fuzz::fail("what is printed is not read: " + read.error().render() + "\n" + once);
  }
  const std::string again = print(*read);
  if (again != once) fuzz::fail("printing twice differs:\n" + once + "--- again\n" + again);
  // A world of a component may lack what a package's must have.
  const auto back = through_package(*told);
  if (!back && back.error().render().contains("is for no component")) fuzz::fail(back.error().render() + "\n" + once);
  if (back && print(*back) != once) fuzz::fail("a package differs:\n" + once + "--- from\n" + print(*back));
}

void check_component(const component::Component& c) {
  check(componentize::decode_wit(c, {.features = isa::Features::all(), .limits = {}}));
}

void check_text(const std::string& text) {
  if (!component::is_component_text(text)) {
    const auto wit = resolve(text);
    if (wit) static_cast<void>(through_package(*wit));
    return;
  }
  const auto parsed = component::parse_component(text, {});
  if (parsed) check_component(**parsed);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr uint8_t kMagic[] = {0, 'a', 's', 'm'};
  if (size < sizeof kMagic || !std::equal(std::begin(kMagic), std::end(kMagic), data)) {
    check_text({reinterpret_cast<const char*>(data), size});
    return 0;
  }
  std::vector<uint8_t> bytes(data, data + size);
  if (component::is_component(bytes)) {
    component::DecodeOptions options;
    options.features = isa::Features::all();
    const auto c = component::decode(std::move(bytes), options);
    if (c) check_component(**c);
    return 0;
  }
  const auto core = binary::decode(std::move(bytes), {});
  if (!core) return 0;
  componentize::WitDecoder decoder;
  const auto world =
      componentize::decode_module_world(**core, {.features = isa::Features::all(), .limits = {}}, decoder);
  if (!world || !*world) return 0;
  const wit::PackageId package = decoder.model()[(*world)->id].package;
  check(decoder.finish(package));
  return 0;
}
