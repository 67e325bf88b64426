// The time, and what this process takes of memory: for programs with many instances.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace bench {

inline double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// A line of a file in /proc: "Pss:   123 kB".
inline uint64_t proc_bytes(const char* file, const char* key) {
  std::FILE* in = std::fopen(file, "re");
  if (in == nullptr) return 0;
  char line[256];
  uint64_t found = 0;
  while (std::fgets(line, sizeof line, in) != nullptr) {
    if (std::strncmp(line, key, std::strlen(key)) == 0) found = std::strtoull(line + std::strlen(key), nullptr, 10);
  }
  std::fclose(in);
  return found << 10;
}

inline uint64_t mappings() {
  std::FILE* in = std::fopen("/proc/self/maps", "re");
  if (in == nullptr) return 0;
  uint64_t lines = 0;
  for (int c = std::fgetc(in); c != EOF; c = std::fgetc(in)) lines += c == '\n' ? 1 : 0;
  std::fclose(in);
  return lines;
}

/// What the process takes of memory, at one time; and the differences to that.
struct Usage {
  static constexpr const char* kRollup = "/proc/self/smaps_rollup";
  uint64_t pss = proc_bytes(kRollup, "Pss:");
  uint64_t rss = proc_bytes(kRollup, "Rss:");
  uint64_t tables = proc_bytes("/proc/self/status", "VmPTE:");
  uint64_t maps = mappings();

  void print(const char* label, uint32_t count) const {
    const Usage after;
    const auto each = [&](uint64_t to, uint64_t from) { return static_cast<double>(to - from) / count; };
    std::printf("%s.pss %.0f bytes\n", label, each(after.pss, pss));
    std::printf("%s.rss %.0f bytes\n", label, each(after.rss, rss));
    std::printf("%s.page_tables %.0f bytes\n", label, each(after.tables, tables));
    std::printf("%s.mappings %.2f each\n", label, each(after.maps, maps));
  }
};

}  // namespace bench
