// Calls the guest's exports, which call the imports that are defined here: what comes back must be what went.
#include <cstdio>
#include <cstdlib>

#include "all.h"

namespace imports = all::my::all::types;
namespace exports = all::exports::my::all::types;

#define NEED(condition)                                                            \
  do {                                                                             \
    if (!(condition)) {                                                            \
      std::fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
      std::exit(1);                                                                \
    }                                                                              \
  } while (false)

namespace {

int g_alive = 0;

class Bytes final : public imports::Blob {
 public:
  explicit Bytes(std::vector<uint8_t> b) : bytes(std::move(b)) { ++g_alive; }
  ~Bytes() override { --g_alive; }
  ashlar::Result<std::vector<uint8_t>> read(uint32_t n) override {
    if (n > bytes.size()) return std::unexpected(ashlar::Error::trap("read beyond the blob"));
    return std::vector<uint8_t>(bytes.begin(), bytes.begin() + n);
  }
  ashlar::Status write(std::span<const uint8_t> more) override {
    bytes.insert(bytes.end(), more.begin(), more.end());
    return {};
  }
  std::vector<uint8_t> bytes;
};

using Back = std::tuple<imports::Points, imports::Color, imports::Perms, std::vector<bool>>;

class Types final : public imports::Host {
 public:
  ashlar::Result<std::unique_ptr<imports::Blob>> new_blob(std::span<const uint8_t> init) override {
    return std::make_unique<Bytes>(std::vector<uint8_t>(init.begin(), init.end()));
  }
  ashlar::Result<std::unique_ptr<imports::Blob>> blob_merge(std::unique_ptr<imports::Blob> lhs,
                                                            imports::Blob& rhs) override {
    if (ashlar::Status done = lhs->write(static_cast<Bytes&>(rhs).bytes); !done) {
      return std::unexpected(std::move(done).error());
    }
    return lhs;
  }
  ashlar::Result<std::tuple<bool, int8_t, uint16_t, int64_t, float, char32_t, std::string, std::vector<std::string>,
                            std::tuple<uint8_t, uint32_t>, std::optional<double>>>
  roundtrip(bool a, int8_t b, uint16_t c, int64_t d, float e, char32_t f, std::string_view g,
            const std::vector<std::string>& h, const std::tuple<uint8_t, uint32_t>& i,
            const std::optional<double>& j) override {
    return std::tuple(a, b, c, d, e, f, std::string(g), h, i, j);
  }
  ashlar::Result<std::expected<imports::Shape, Back>> many(const imports::Shape& s, const imports::Points& p,
                                                           imports::Color c, imports::Perms f,
                                                           const std::expected<void, std::string>& r,
                                                           const std::vector<bool>& l,
                                                           const std::optional<imports::Shape>& o) override {
    if (r) return std::expected<imports::Shape, Back>(o ? *o : s);
    NEED(r.error() == "no");
    return std::expected<imports::Shape, Back>(std::unexpected(Back(p, c, f, l)));
  }
  ashlar::Result<uint32_t> sum(std::span<const uint32_t> l, float fixed) override {
    uint32_t out = static_cast<uint32_t>(fixed);
    for (const uint32_t v : l) out += v;
    return out;
  }
  ashlar::Result<std::expected<void, std::monostate>> nothing() override {
    return std::expected<void, std::monostate>(std::unexpect);
  }
};

class World final : public all::Host {
 public:
  ashlar::Status log(std::string_view s) override {
    logged = s;
    return {};
  }
  std::string logged;
};

void check_values(const exports::Types& types, const World& world) {
  const std::vector<std::string> words{"", "zwölf", "12"};
  auto back = types.roundtrip(true, -7, 60000, -5'000'000'000, 1.5f, U'€', "text", words, {9, 4'000'000'000}, 2.25);
  NEED(back);
  NEED(*back == std::tuple(true, int8_t{-7}, uint16_t{60000}, int64_t{-5'000'000'000}, 1.5f, U'€', std::string("text"),
                           words, std::tuple(uint8_t{9}, 4'000'000'000u), std::optional(2.25)));
  std::vector<uint32_t> numbers(1000, 3);
  NEED(types.sum(numbers, 5) == 3005u);
  NEED(world.logged == "sum of 1000");
  auto nothing = types.nothing();
  NEED(nothing && !*nothing);

  const exports::Points points{{1, 2}, {-3, 4.5}};
  const std::vector<bool> bools{true, false, true};
  exports::Shape none, deep, poly;
  deep.value.emplace<exports::Shape::kDeep>(std::expected<std::string, uint8_t>(std::unexpected(uint8_t{200})));
  poly.value.emplace<exports::Shape::kPoly>(points);
  auto many = types.many(none, points, exports::Color::dark_blue, {exports::Perms::kExec}, {}, bools, deep);
  NEED(many && *many);
  NEED((*many)->value.index() == exports::Shape::kDeep);
  NEED(std::get<exports::Shape::kDeep>((*many)->value)->error() == 200);
  many = types.many(poly, points, exports::Color::dark_blue, {exports::Perms::kExec}, {}, bools, std::nullopt);
  NEED(many && *many);
  NEED(std::get<exports::Shape::kPoly>((*many)->value).at(1).y == 4.5);
  many =
      types.many(none, points, exports::Color::dark_blue, {exports::Perms::kExec}, std::unexpected("no"), bools, none);
  NEED(many && !*many);
  auto& [again, color, perms, list] = many->error();
  NEED(again.size() == 2 && again[1].x == -3 && color == exports::Color::dark_blue && list == bools);
  NEED(perms.has(exports::Perms::kExec) && !perms.has(exports::Perms::kRead));
}

void check_resources(const exports::Types& types, const all::exports::All& world) {
  const std::vector<uint8_t> first{1, 2, 3}, second{4, 5};
  {
    auto a = types.new_blob(first);
    auto b = types.new_blob(second);
    NEED(a && b && g_alive == 2 && world.live_blobs() == 2u);
    NEED(types.blob_write(*b, first));
    NEED(types.blob_read(*b, 5) == std::vector<uint8_t>({4, 5, 1, 2, 3}));
    auto merged = types.blob_merge(std::move(*a), *b);
    NEED(merged && !*a);
    NEED(types.blob_read(*merged, 8) == std::vector<uint8_t>({1, 2, 3, 4, 5, 1, 2, 3}));
    NEED(g_alive == 2 && world.live_blobs() == 2u);
  }
  NEED(g_alive == 0 && world.live_blobs() == 0u);
  auto short_one = types.new_blob(second);
  auto beyond = types.blob_read(*short_one, 3);
  NEED(!beyond && beyond.error().kind() == ashlar::ErrorKind::Trap);
}

/// Objects of the host, lent for a call.
void check_lent(const all::exports::All& world) {
  {
    Bytes a({7, 8, 9}), b({20});
    NEED(world.peek(a, 2) == std::vector<uint8_t>({7, 8}));
    NEED(world.peek_all({&a, &b, &a}) == 34u);
    NEED(world.peek(b, 1) == std::vector<uint8_t>({20}));
    NEED(g_alive == 2);
  }
  NEED(g_alive == 0);
}

}  // namespace

int main(int, char** argv) {
  ashlar::Engine engine;
  ashlar::Store store(engine);
  ashlar::ComponentLinker linker;
  Types types;
  World world;
  imports::add_to(linker, types);
  all::add_to(linker, world);
  auto component = ashlar::Component::from_file(engine, argv[1]);
  if (!component) std::fprintf(stderr, "%s\n", component.error().to_string().c_str());
  NEED(component);
  auto instance = linker.instantiate(store, *component);
  if (!instance) std::fprintf(stderr, "%s\n", instance.error().to_string().c_str());
  NEED(instance);
  auto guest = exports::Types::find(*instance);
  if (!guest) std::fprintf(stderr, "%s\n", guest.error().to_string().c_str());
  auto own = all::exports::All::find(*instance);
  NEED(guest && own);
  check_values(*guest, world);
  check_lent(*own);
  check_resources(*guest, *own);
  return 0;
}
