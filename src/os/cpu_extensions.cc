// Reads the processor's extensions: by CPUID on x86-64, by the auxiliary vector on aarch64.
#include "os/cpu_extensions.h"

#include <array>
#include <cstddef>
#include <cstdint>

#if defined(__x86_64__) && __has_include(<sys/platform/x86.h>)
// The header is written for C.
#define _Bool bool
#include <sys/platform/x86.h>
#undef _Bool
#elif defined(__x86_64__)
#include <cpuid.h>
#elif defined(__aarch64__)
#include <sys/auxv.h>
#endif

namespace ashlar::os {

namespace {

constexpr std::string_view kX86Names[] = {
#define X86_EXTENSION(name, leaf, reg, bit, state) name,
#include "os/cpu_extensions.def"
};
constexpr std::string_view kArmNames[] = {
#define ARM_EXTENSION(name, word, bit) name,
#include "os/cpu_extensions.def"
};

#if defined(__x86_64__)

using Known = std::array<bool, std::size(kX86Names)>;

enum class State : uint8_t { None, Avx, Avx512 };

struct Leaf {
  uint32_t eax = 0, ebx = 0, ecx = 0, edx = 0;
};

struct Leaves {
  Leaf leaf_1, leaf_7, leaf_7_sub_1, leaf_80000001;
};

#if __has_include(<sys/platform/x86.h>)
// What the C library asked at the start: under a hypervisor CPUID is slow.
Leaf known_leaf(unsigned which) {
  const uint32_t (&words)[4] = __x86_get_cpuid_feature_leaf(which)->cpuid_array;
  return {words[0], words[1], words[2], words[3]};
}

Leaves read_leaves() {
  return {known_leaf(CPUID_INDEX_1), known_leaf(CPUID_INDEX_7), known_leaf(CPUID_INDEX_7_ECX_1),
          known_leaf(CPUID_INDEX_80000001)};
}
#else
Leaf cpuid(uint32_t highest, uint32_t leaf, uint32_t subleaf) {
  Leaf out;
  if (leaf <= highest) __cpuid_count(leaf, subleaf, out.eax, out.ebx, out.ecx, out.edx);
  return out;
}

// Each leaf once: under a hypervisor CPUID takes microseconds.
Leaves read_leaves() {
  const uint32_t highest = __get_cpuid_max(0, nullptr);
  const Leaf leaf_7 = cpuid(highest, 7, 0);
  return {cpuid(highest, 1, 0), leaf_7, leaf_7.eax >= 1 ? cpuid(highest, 7, 1) : Leaf{},
          cpuid(__get_cpuid_max(0x80000000, nullptr), 0x80000001, 0)};
}
#endif

// The registers that the operating system saves at a task switch (XCR0); 0 without XSAVE.
uint64_t saved_state(const Leaf& leaf1) {
  constexpr uint32_t kOsXsave = 1u << 27;
  if ((leaf1.ecx & kOsXsave) == 0) return 0;
  uint32_t low = 0;
  uint32_t high = 0;
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return uint64_t{high} << 32 | low;
}

Known read_extensions() {
  const auto [leaf_1, leaf_7, leaf_7_sub_1, leaf_80000001] = read_leaves();
  const uint64_t saved = saved_state(leaf_1);
  const auto is_saved = [saved](State state) {
    constexpr uint64_t kNeeded[] = {0, 0x6, 0xe6};  // SSE and AVX; masks, upper halves, upper registers
    const uint64_t needed = kNeeded[static_cast<size_t>(state)];
    return (saved & needed) == needed;
  };
  Known out{};
  size_t i = 0;
#define X86_EXTENSION(name, leaf, reg, bit, state) out[i++] = (leaf.reg >> bit & 1) != 0 && is_saved(State::state);
#include "os/cpu_extensions.def"
  return out;
}

#elif defined(__aarch64__)

using Known = std::array<bool, std::size(kArmNames)>;

Known read_extensions() {
  const unsigned long words[] = {getauxval(AT_HWCAP), getauxval(AT_HWCAP2)};
  Known out{};
  size_t i = 0;
#define ARM_EXTENSION(name, word, bit) out[i++] = (words[word - 1] >> bit & 1) != 0;
#include "os/cpu_extensions.def"
  return out;
}

#endif

}  // namespace

std::string_view cpu_arch() {
#if defined(__x86_64__)
  return "x86_64";
#elif defined(__aarch64__)
  return "aarch64";
#else
  return "unknown";
#endif
}

bool cpu_has([[maybe_unused]] std::string_view extension) {
#if defined(__x86_64__) || defined(__aarch64__)
  static const Known known = read_extensions();
  const std::span<const std::string_view> names = cpu_extensions(cpu_arch());
  for (size_t i = 0; i < names.size(); ++i) {
    if (names[i] == extension) return known[i];
  }
#endif
  return false;
}

std::span<const std::string_view> cpu_extensions(std::string_view arch) {
  if (arch == "x86_64") return kX86Names;
  if (arch == "aarch64") return kArmNames;
  return {};
}

}  // namespace ashlar::os
