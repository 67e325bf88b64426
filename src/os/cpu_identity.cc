// Identity of the processor, from what the C library asked it at the start: asking again is slow under a hypervisor.
#include "os/cpu_identity.h"

#include <cstdint>
#include <cstdio>

#if defined(__x86_64__) && __has_include(<sys/platform/x86.h>)
// The header is written for C.
#define _Bool bool
#include <sys/platform/x86.h>
#undef _Bool
#elif defined(__x86_64__)
#include <cpuid.h>
#else
#include <sys/auxv.h>
#endif

namespace ashlar::os {
namespace {

void append(std::string& out, uint64_t word) {
  char text[24];
  std::snprintf(text, sizeof text, " %llx", static_cast<unsigned long long>(word));
  out += text;
}

}  // namespace

std::string cpu_identity() {
#if defined(__x86_64__) && __has_include(<sys/platform/x86.h>)
  std::string out = "x86_64";
  // Register b of leaf 1 tells which core this is: left out.
  const cpuid_feature* first = __x86_get_cpuid_feature_leaf(CPUID_INDEX_1);
  append(out, first->cpuid_array[0]);
  for (unsigned leaf : {CPUID_INDEX_1, CPUID_INDEX_7, CPUID_INDEX_80000001, CPUID_INDEX_7_ECX_1}) {
    const cpuid_feature* row = __x86_get_cpuid_feature_leaf(leaf);
    for (unsigned i = 0; i < 4; ++i) {
      // "Active" knows what the system saves on a switch, but not the features younger than the C library.
      if (leaf != CPUID_INDEX_1 || i >= 2) append(out, uint64_t{row->cpuid_array[i]} << 32 | row->active_array[i]);
    }
  }
  return out;
#elif defined(__x86_64__)
  std::string out = "x86_64";
  constexpr uint32_t kLeaves[][2] = {{1, 0}, {7, 0}, {7, 1}, {0x80000001, 0}, {0xd, 0}};
  for (const auto& [leaf, sub] : kLeaves) {
    uint32_t a = 0, b = 0, c = 0, d = 0;
    __get_cpuid_count(leaf, sub, &a, &b, &c, &d);
    append(out, a);
    if (leaf != 1) append(out, b);
    append(out, c);
    append(out, d);
  }
  return out;
#else
  std::string out = "other";
  append(out, ::getauxval(AT_HWCAP));
  append(out, ::getauxval(AT_HWCAP2));
  return out;
#endif
}

}  // namespace ashlar::os
