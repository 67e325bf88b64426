// Round trips between bytes, modules and text, and what must be equal after them.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "module/module.h"

namespace ashlar::fuzz {

using Bytes = std::vector<uint8_t>;

/// Everything on, limits low enough that one input takes little time and memory.
Result<std::unique_ptr<module::Module>> decode(Bytes bytes);
/// Validates with every feature on, on this thread alone.
Status validate(module::Module& m);

/// encode, decode, encode: the second encoding equals the first. Gives the encoding.
Result<Bytes> binary_round_trip(const module::Module& m);
/// Prints `m` flat and folded, parses both: equal binaries. Gives that binary.
Result<Bytes> text_round_trip(const module::Module& m);
/// The whole chain on bytes that decode. `is_normal`: they have a normal form of their own (came from text), so that
/// the text must give exactly the same bytes; otherwise the text's bytes must from then on stay the same.
Status check_module(const Bytes& bytes, bool is_normal);

/// Where two byte strings differ, in words; empty when they are equal.
std::string difference(const Bytes& a, const Bytes& b);

}  // namespace ashlar::fuzz
