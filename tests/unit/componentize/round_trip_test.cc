// Worlds and packages as component types, and back.
#include <filesystem>

#include "binary/decode.h"
#include "component/decode.h"
#include "component/encode.h"
#include "componentize/core_sections.h"
#include "componentize/wit_decoder.h"
#include "componentize/world_encoder.h"
#include "wit/load.h"
#include "wit/wit_text.h"

namespace ashlar::componentize {
namespace {

using wit::testing::must_resolve;

constexpr wit::PrintOptions kFlat{.docs = false, .flat_worlds = true};

std::string print(const wit::Resolved& resolved) {
  return wit::print_with_dependencies(resolved.model, resolved.roots[0], kFlat);
}

/// The package in binary form, read again.
std::string through_package(const wit::Resolved& resolved) {
  const auto package = encode_package(resolved.model, resolved.roots[0]);
  if (!package) return package.error().render();
  const auto read = component::decode(component::encode(*package), {});
  if (!read) return read.error().render();
  const auto out = decode_wit(**read, {});
  return out ? print(*out) : out.error().render();
}

std::unique_ptr<module::Module> with_section(std::span<const uint8_t> section) {
  std::vector<uint8_t> bytes = {0, 'a', 's', 'm', 1, 0, 0, 0};
  append_section(bytes, "component-type:test", section);
  auto out = binary::decode(std::move(bytes), {});
  return out ? std::move(*out) : nullptr;
}

/// The world in a section of a core module, read again.
std::string through_section(const wit::Resolved& resolved, const char* world) {
  const auto id = wit::select_world(resolved.model, resolved.roots[0], world);
  if (!id) return id.error().render();
  const auto section = encode_world_section(resolved.model, *id, component::StringEncoding::Utf16);
  if (!section) return section.error().render();
  WitDecoder decoder;
  const auto read = decode_module_world(*with_section(*section), {}, decoder);
  if (!read) return read.error().render();
  EXPECT_EQ((*read)->encoding, component::StringEncoding::Utf16);
  const wit::PackageId package = decoder.model()[(*read)->id].package;
  return print(decoder.finish(package));
}

TEST(ComponentizeRoundTripTest, EveryKindOfType) {
  const wit::Resolved resolved = must_resolve(
      "package test:p@1.2.3;\n"
      "interface types {\n"
      "  type a = list<tuple<u8, s64, f32>>;\n"
      "  type b = u16;\n"
      "  type c = map<string, option<char>>;\n"
      "  type d = result;\n"
      "  type e = result<u8>;\n"
      "  type f = result<_, b>;\n"
      "  record g { a: a, b: option<e>, other: bool }\n"
      "  variant h { none, some(g), text(string) }\n"
      "  flags i { x, y }\n"
      "  enum j { x, y }\n"
      "  resource r { constructor(x: h); m: func(i: i) -> j; s: static func() -> r; }\n"
      "  type k = r;\n"
      "  f64s: func(x: list<f64>, y: borrow<r>) -> option<r>;\n"
      "  later: async func(x: stream<u8>) -> future<string>;\n"
      "}\n"
      "interface user { use types.{g, h as other, r}; f: func(x: g, y: other) -> r; }\n"
      "interface second { use user.{r as again}; f: func(x: borrow<again>); }\n"
      "world w {\n"
      "  use types.{g};\n"
      "  record mine { x: g }\n"
      "  import user;\n"
      "  import go: func(x: mine);\n"
      "  import inside: interface { use types.{j}; f: func() -> j; }\n"
      "  export second;\n"
      "  export run: func(x: mine) -> g;\n"
      "}\n");
  const std::string text = print(resolved);
  EXPECT_EQ(through_package(resolved), text);
  const std::string world = through_section(resolved, "w");
  EXPECT_NE(world.find("use types.{g, h as other, r};"), world.npos) << world;
  EXPECT_EQ(world, text);
}

TEST(ComponentizeRoundTripTest, WasiComesBackAsItWas) {
  const std::string folder = "wit/wasi-0.2.12";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "not run in the project's folder";
  wit::LoadOptions options;
  options.deps = {folder};
  for (const char* package : {"io", "clocks", "filesystem", "sockets", "random", "cli", "http"}) {
    const auto loaded = wit::load({folder + "/" + package + ".wit"}, options);
    ASSERT_TRUE(loaded) << loaded.error().render();
    const std::string once = through_package(*loaded);
    const wit::Resolved again = must_resolve(once);
    EXPECT_EQ(through_package(again), once) << package;
    EXPECT_EQ(again.model[again.roots[0]].worlds.size(), loaded->model[loaded->roots[0]].worlds.size()) << package;
  }
}

/// A core module with a section for the only world of each text.
std::unique_ptr<module::Module> with_worlds(std::initializer_list<const char*> texts) {
  std::vector<uint8_t> bytes = {0, 'a', 's', 'm', 1, 0, 0, 0};
  for (const char* text : texts) {
    const wit::Resolved resolved = must_resolve(text);
    const auto section = encode_world_section(resolved.model, *wit::select_world(resolved.model, resolved.roots[0], {}),
                                              component::StringEncoding::Utf8);
    if (!section) return nullptr;
    append_section(bytes, "component-type:x", *section);
  }
  auto out = binary::decode(std::move(bytes), {});
  return out ? std::move(*out) : nullptr;
}

TEST(ComponentizeRoundTripTest, SectionsOfSeveralWorldsAreOneWorld) {
  const auto core = with_worlds({"interface i { f: func(); } world a { import i; }",
                                 "interface i { g: func(); } world b { import i; export h: func(); }"});
  ASSERT_TRUE(core);
  WitDecoder decoder;
  const auto world = decode_module_world(*core, {}, decoder);
  ASSERT_TRUE(world) << world.error().render();
  const wit::PackageId package = decoder.model()[(*world)->id].package;
  EXPECT_EQ(print(decoder.finish(package)),
            "package test:p;\n\ninterface i {\n  f: func();\n  g: func();\n}\n\nworld a {\n  import i;\n  export h: "
            "func();\n}\n");
  EXPECT_EQ(without_sections(*core, "component-type"), (std::vector<uint8_t>{0, 'a', 's', 'm', 1, 0, 0, 0}));
}

TEST(ComponentizeRoundTripTest, SectionsTellOneTypeInOneWay) {
  constexpr const char* kResource = "interface i { resource r; } world a { import i; }";
  constexpr const char* kRecord = "interface i { record r { x: u8 } f: func(x: r); } world b { import i; }";
  constexpr const char* kDeeper = "interface i { record r { x: list<u8> } f: func(x: r); } world c { import i; }";
  for (const auto& texts :
       {std::pair(kResource, kRecord), std::pair(kRecord, kResource), std::pair(kRecord, kDeeper)}) {
    const auto core = with_worlds({texts.first, texts.second});
    ASSERT_TRUE(core);
    WitDecoder decoder;
    const auto world = decode_module_world(*core, {}, decoder);
    ASSERT_FALSE(world) << texts.first << texts.second;
    EXPECT_EQ(world.error().code(), ErrorCode::wit_inexpressible) << world.error().render();
  }
}

TEST(ComponentizeRoundTripTest, NamesOfNamesHaveAnEnd) {
  const auto names = [](size_t count) {
    std::string out = "interface i { record t0 { x: u8 }";
    for (size_t i = 1; i < count; ++i) out += " type t" + std::to_string(i) + " = t" + std::to_string(i - 1) + ";";
    return out + " f: func(x: t" + std::to_string(count - 1) + "); } world w { import i; }";
  };
  WitDecoder few, many;
  const auto some = with_worlds({names(33).c_str()}), more = with_worlds({names(34).c_str()});
  ASSERT_TRUE(some && more);
  EXPECT_TRUE(decode_module_world(*some, {}, few));
  const auto refused = decode_module_world(*more, {}, many);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message(), "too many names of one type: at most 32");
}

/// Whatever a byte of a section becomes, it is read or refused, and what is read can be written.
TEST(ComponentizeRoundTripTest, DamagedSectionsDoNoHarm) {
  const wit::Resolved resolved = must_resolve(
      "interface a { resource r { m: func(); } record p { x: u8 } } interface b { use a.{r, p}; f: func(x: r) -> p; }"
      "world w { import b; export x: interface { use a.{p}; f: func() -> p; } }");
  const auto section = encode_world_section(resolved.model, *wit::select_world(resolved.model, resolved.roots[0], "w"),
                                            component::StringEncoding::Utf8);
  ASSERT_TRUE(section);
  size_t read = 0, refused = 0;
  for (size_t i = 0; i < section->size(); ++i) {
    for (const uint8_t change : {0x01, 0x02, 0x04, 0x20, 0x41, 0xff}) {
      std::vector<uint8_t> damaged = *section;
      damaged[i] ^= change;
      WitDecoder decoder;
      const auto core = with_section(damaged);
      ASSERT_TRUE(core);
      const auto world = decode_module_world(*core, {}, decoder);
      if (!world) {
        ++refused;
        continue;
      }
      ++read;
      const auto again = encode_world_section(decoder.model(), (*world)->id, component::StringEncoding::Utf8);
      if (!again) EXPECT_FALSE(again.error().message().empty());
    }
  }
  EXPECT_GT(read, 10u);
  EXPECT_GT(refused, 100u);
}

}  // namespace
}  // namespace ashlar::componentize
