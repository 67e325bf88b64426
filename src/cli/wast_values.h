// Arguments and expected results of scripts, compared with values of a store.
#pragma once

#include <span>
#include <string>

#include "runtime/store.h"
#include "text/script.h"

namespace ashlar::cli {

/// The value of an argument. Errors: a pattern where a value is wanted, or the host reference finds no room.
Result<runtime::Value> script_argument(runtime::Store& store, const text::Value& value);

bool matches(runtime::Store& store, const text::Value& expected, const runtime::Value& actual);

/// "i32 1, f32 nan:canonical": for messages.
std::string describe_expected(std::span<const text::Value> values);
std::string describe_actual(runtime::Store& store, std::span<const runtime::Value> values);

}  // namespace ashlar::cli
