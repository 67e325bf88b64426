// Compiled three times: to the bitcode of the instruction semantics for each architecture, and to what embeds both.
#ifdef ASHLAR_SEMANTICS_BITCODE

#include "isa/op.h"
#include "isa/semantics.h"

namespace ashlar::isa {
namespace sem {

// Plain accesses: nothing to compute.
struct v128_load;
struct v128_store;

}  // namespace sem

namespace {

using Body = void (*)();

template <class Semantics, class Result, class... Operands>
Result run(Operands... operands) {
  return Semantics::eval(operands...);
}
/// The lanes of a shuffle come as a vector.
template <class Semantics>
sem::V128 shuffle(sem::V128 a, sem::V128 b, sem::V128 lanes) {
  uint8_t bytes[16];
  sem::store_v128(bytes, lanes);
  return Semantics::eval(a, b, bytes);
}

template <class Semantics, class Result, class... Operands>
Body body_of(Result (*)(Operands...)) {
  return reinterpret_cast<Body>(&run<Semantics, Result, Operands...>);
}
template <class Semantics>
Body body_of(sem::V128 (*)(sem::V128, sem::V128, const uint8_t*)) {
  return reinterpret_cast<Body>(&shuffle<Semantics>);
}
template <class Semantics>
Body body_if_any() {
  if constexpr (requires { Semantics::eval; }) return body_of<Semantics>(&Semantics::eval);
  return nullptr;
}

}  // namespace

#define BODY_None(id) body_if_any<sem::id>()
#define BODY_Lane(id) body_if_any<sem::id>()
#define BODY_Shuffle(id) body_if_any<sem::id>()
#define BODY_MemArg(id) body_if_any<sem::id>()
#define BODY_MemArgLane(id) body_if_any<sem::id>()
#define BODY_I32(id) nullptr
#define BODY_I64(id) nullptr
#define BODY_F32(id) nullptr
#define BODY_F64(id) nullptr
#define BODY_V128(id) nullptr

// Evaluated by the optimizer: an initializer of function addresses.
extern "C" [[gnu::used]] const Body ashlar_semantics[kOpCount] = {
#define OP(id, prefix, code, mnemonic, imm, sig, feature, width) [static_cast<size_t>(Op::id)] = BODY_##imm(id),
#include "isa/ops/numeric.def"
#include "isa/ops/relaxed_simd.def"
#include "isa/ops/simd.def"
#undef OP
};

}  // namespace ashlar::isa

#else

#include "optimizing/semantics_bitcode.h"

// The paths come from bitcode.cmake.
#define EMBED(symbol, path)           \
  asm(".section .rodata\n"            \
      ".balign 16\n" symbol           \
      ":\n"                           \
      ".incbin \"" path "\"\n" symbol \
      "_end:\n"                       \
      ".previous\n")
EMBED("ashlar_semantics_x86_64", ASHLAR_SEMANTICS_X86_64);
EMBED("ashlar_semantics_aarch64", ASHLAR_SEMANTICS_AARCH64);

extern "C" {
[[gnu::visibility("hidden")]] extern const char ashlar_semantics_x86_64[];
[[gnu::visibility("hidden")]] extern const char ashlar_semantics_x86_64_end[];
[[gnu::visibility("hidden")]] extern const char ashlar_semantics_aarch64[];
[[gnu::visibility("hidden")]] extern const char ashlar_semantics_aarch64_end[];
}

namespace ashlar::optimizing {

std::span<const char> semantics_bitcode_x86_64() { return {ashlar_semantics_x86_64, ashlar_semantics_x86_64_end}; }
std::span<const char> semantics_bitcode_aarch64() { return {ashlar_semantics_aarch64, ashlar_semantics_aarch64_end}; }

}  // namespace ashlar::optimizing

#endif
