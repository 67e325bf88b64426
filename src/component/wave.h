// WAVE, the text form of component values: `{a: 1, b: "x"}`, `some([1, 2])`, and calls `name(1, 'c')`.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "component/value.h"

namespace ashlar::component {

/// A value of `type`. Errors are of usage and have line and column (in bytes, from 1). Handles have no text.
Result<Val> parse_wave(std::string_view text, const ValType& type);
/// The text of a value, which is of `type`, on one line; parse_wave gives the value again, but for handles.
std::string format_wave(const Val& value, const ValType& type);

/// A call taken apart: `name(arguments)`. The name is not looked at; without parentheses there are no arguments.
struct WaveCall {
  std::string name;
  std::string_view text;  ///< all of it; the caller's
  size_t arguments = 0;   ///< where the parenthesis is; text.size() without
};
WaveCall split_wave_call(std::string_view text);
/// The arguments; of those at the end that are options, `none` may be left out.
Result<std::vector<Val>> parse_wave_arguments(const WaveCall& call, std::span<const Member> params);

}  // namespace ashlar::component
