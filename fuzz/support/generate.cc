// Puts generated modules together; see generate.h.
#include "support/generate.h"

#include <random>

#include "support/body.h"

namespace ashlar::fuzz {

std::vector<uint8_t> generate_module(std::span<const uint8_t> input, const GenerateOptions& options) {
  Choices in(input);
  Shape shape(in, options);
  std::vector<Bytes> bodies;
  for (uint32_t func = 1; func < shape.funcs.size(); ++func) {
    // Equal shares of the input, or the first body would take all of it.
    Choices part = in.part(shape.funcs.size() - func);
    bodies.push_back(Body(shape, part, func).run());
  }
  return shape.encode(bodies);
}

std::vector<uint8_t> random_input(uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<uint8_t> out(256 + random() % 2048);
  for (uint8_t& byte : out) byte = static_cast<uint8_t>(random());
  return out;
}

}  // namespace ashlar::fuzz
