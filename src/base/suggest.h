// Finds what somebody may have meant by a word that nobody knows.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace ashlar::base {

/// The candidate that is near to `word` (a few typing mistakes away, case ignored, or what `word` is the beginning of);
/// empty when none is. Long words are compared by their beginnings only.
std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates);

/// "; did you mean 'x'?" for the nearest candidate, or nothing.
std::string suggest(std::string_view word, std::span<const std::string_view> candidates);

}  // namespace ashlar::base
