// Values as people write and read them: typed arguments of --invoke and its printed results.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/error.h"
#include "runtime/store.h"

namespace ashlar::cli {

/// Parses one argument of a (canonical) type. i32 and i64: decimal or 0x, signed or unsigned range. f32 and f64:
/// decimal or hexadecimal, inf, nan, nan:0xPAYLOAD. v128: 0x and up to 32 digits, or a shape and its lanes
/// (i32x4:1,2,3,4). References: null; externref also a number, which the host made; i31ref a number. `position` is for
/// the message.
Result<runtime::Value> parse_value(runtime::Store& store, isa::ValType type, std::string_view text, size_t position);

/// How a result is printed: integers signed, floats with the fewest digits that read back, v128 as i32x4:0x..,.
std::string format_value(runtime::Store& store, const runtime::Value& value);

/// The float of that size with the fewest digits that read back; nan:0x.. for a payload that is not canonical.
std::string format_f32(uint32_t bits);
std::string format_f64(uint64_t bits);

/// "uncaught exception: $oops (i32 3, f64 0.5)": the store's pending exception. The tag is named as `instance` (may be
/// null) knows it.
std::string format_exception(runtime::Store& store, const runtime::Instance* instance);

}  // namespace ashlar::cli
