// A guest whose exports pass everything on to the imports of the same interface.
#include "all.h"

namespace {
uint32_t g_live = 0;
}

namespace all::exports::my::all::types {

namespace host = ::all::my::all::types;

namespace {

/// A blob of ours holds one of the host's.
class Passed final : public Blob {
 public:
  explicit Passed(host::Blob inner) : inner(std::move(inner)) { ++g_live; }
  ~Passed() override { --g_live; }
  std::vector<uint8_t> read(uint32_t n) override { return inner.read(n); }
  void write(std::vector<uint8_t> bytes) override { inner.write(bytes); }
  host::Blob inner;
};

// The interface's types are declared twice: as imported, and as exported.
host::Shape to_host(const Shape& s) {
  host::Shape out;
  switch (s.value.index()) {
    case Shape::kCircle:
      out.value.emplace<host::Shape::kCircle>(std::get<Shape::kCircle>(s.value));
      break;
    case Shape::kSquare:
      out.value.emplace<host::Shape::kSquare>(std::get<Shape::kSquare>(s.value));
      break;
    case Shape::kPoly: {
      auto& points = out.value.emplace<host::Shape::kPoly>();
      for (const Point& p : std::get<Shape::kPoly>(s.value)) points.push_back({p.x, p.y});
      break;
    }
    case Shape::kText:
      out.value.emplace<host::Shape::kText>(std::get<Shape::kText>(s.value));
      break;
    case Shape::kDeep:
      out.value.emplace<host::Shape::kDeep>(std::get<Shape::kDeep>(s.value));
      break;
    default:
      break;
  }
  return out;
}
Shape from_host(const host::Shape& s) {
  Shape out;
  switch (s.value.index()) {
    case Shape::kCircle:
      out.value.emplace<Shape::kCircle>(std::get<Shape::kCircle>(s.value));
      break;
    case Shape::kSquare:
      out.value.emplace<Shape::kSquare>(std::get<Shape::kSquare>(s.value));
      break;
    case Shape::kPoly: {
      auto& points = out.value.emplace<Shape::kPoly>();
      for (const host::Point& p : std::get<Shape::kPoly>(s.value)) points.push_back({p.x, p.y});
      break;
    }
    case Shape::kText:
      out.value.emplace<Shape::kText>(std::get<Shape::kText>(s.value));
      break;
    case Shape::kDeep:
      out.value.emplace<Shape::kDeep>(std::get<Shape::kDeep>(s.value));
      break;
    default:
      break;
  }
  return out;
}

}  // namespace

std::unique_ptr<Blob> new_blob(std::vector<uint8_t> init) { return std::make_unique<Passed>(host::new_blob(init)); }

std::unique_ptr<Blob> blob_merge(std::unique_ptr<Blob> lhs, Blob& rhs) {
  host::Blob merged = host::blob_merge(std::move(static_cast<Passed&>(*lhs).inner), static_cast<Passed&>(rhs).inner);
  return std::make_unique<Passed>(std::move(merged));
}

std::tuple<bool, int8_t, uint16_t, int64_t, float, char32_t, std::string, std::vector<std::string>,
           std::tuple<uint8_t, uint32_t>, std::optional<double>>
roundtrip(bool a, int8_t b, uint16_t c, int64_t d, float e, char32_t f, std::string g, std::vector<std::string> h,
          std::tuple<uint8_t, uint32_t> i, std::optional<double> j) {
  return host::roundtrip(a, b, c, d, e, f, g, h, i, j);
}

std::expected<Shape, std::tuple<Points, Color, Perms, std::vector<bool>>> many(Shape s, Points p, Color c, Perms f,
                                                                               std::expected<void, std::string> r,
                                                                               std::vector<bool> l,
                                                                               std::optional<Shape> o) {
  host::Points points;
  for (const Point& point : p) points.push_back({point.x, point.y});
  std::optional<host::Shape> other;
  if (o) other = to_host(*o);
  auto out = host::many(to_host(s), points, static_cast<host::Color>(c), {f.bits}, r, l, other);
  if (out) return from_host(*out);
  auto& [back, color, perms, bools] = out.error();
  Points again;
  for (const host::Point& point : back) again.push_back({point.x, point.y});
  return std::unexpected(std::tuple(std::move(again), static_cast<Color>(color), Perms{perms.bits}, std::move(bools)));
}

uint32_t sum(std::vector<uint32_t> l, float fixed) {
  ::all::log("sum of " + std::to_string(l.size()));
  return host::sum(l, fixed);
}
std::expected<void, std::monostate> nothing() { return host::nothing(); }

}  // namespace all::exports::my::all::types

uint32_t all::exports::live_blobs() { return g_live; }

std::vector<uint8_t> all::exports::peek(const Blob& b, uint32_t n) { return b.read(n); }
uint32_t all::exports::peek_all(std::vector<const Blob*> all) {
  uint32_t out = 0;
  for (const Blob* b : all) out += b->read(1)[0];
  return out;
}
