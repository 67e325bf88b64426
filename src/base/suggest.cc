// Nearness of words; see suggest.h.
#include "base/suggest.h"

#include <algorithm>
#include <vector>

namespace ashlar::base {
namespace {

// Words come from files too: nothing quadratic in their length.
constexpr size_t kLongest = 64;

/// Levenshtein's distance with adjacent swaps, case ignored.
size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<size_t>> rows(a.size() + 1, std::vector<size_t>(b.size() + 1));
  auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  for (size_t i = 0; i <= a.size(); ++i) {
    for (size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        rows[i][j] = i + j;
        continue;
      }
      const bool same = lower(a[i - 1]) == lower(b[j - 1]);
      rows[i][j] = std::min({rows[i - 1][j] + 1, rows[i][j - 1] + 1, rows[i - 1][j - 1] + (same ? 0 : 1)});
      const bool swapped = i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) && lower(a[i - 2]) == lower(b[j - 1]);
      if (swapped) rows[i][j] = std::min(rows[i][j], rows[i - 2][j - 2] + 1);
    }
  }
  return rows[a.size()][b.size()];
}

}  // namespace

std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates) {
  std::string_view best;
  size_t least = word.size() <= 4 ? 2 : 3;
  for (std::string_view candidate : candidates) {
    const size_t far = distance(word.substr(0, kLongest), candidate.substr(0, kLongest));
    if (far < least && far * 2 < candidate.size()) {
      least = far;
      best = candidate;
    }
  }
  if (best.empty()) {
    for (std::string_view candidate : candidates) {
      if (word.size() >= 3 && candidate.starts_with(word)) best = candidate;
    }
  }
  return best;
}

std::string suggest(std::string_view word, std::span<const std::string_view> candidates) {
  const std::string_view best = nearest(word, candidates);
  return best.empty() ? std::string() : "; did you mean '" + std::string(best) + "'?";
}

}  // namespace ashlar::base
