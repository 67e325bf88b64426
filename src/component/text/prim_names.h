// Words for the primitive types; parser and printer share them.
#pragma once

#include <array>
#include <string_view>

#include "component/syntax.h"

namespace ashlar::component {

struct PrimName {
  std::string_view text;
  PrimType type;
};
/// The first row of a type has its present name.
inline constexpr std::array kPrimNames = std::to_array<PrimName>({{"bool", PrimType::Bool},
                                                                  {"s8", PrimType::S8},
                                                                  {"u8", PrimType::U8},
                                                                  {"s16", PrimType::S16},
                                                                  {"u16", PrimType::U16},
                                                                  {"s32", PrimType::S32},
                                                                  {"u32", PrimType::U32},
                                                                  {"s64", PrimType::S64},
                                                                  {"u64", PrimType::U64},
                                                                  {"f32", PrimType::F32},
                                                                  {"f64", PrimType::F64},
                                                                  {"float32", PrimType::F32},  // older names
                                                                  {"float64", PrimType::F64},
                                                                  {"char", PrimType::Char},
                                                                  {"string", PrimType::String},
                                                                  {"error-context", PrimType::ErrorContext}});

}  // namespace ashlar::component
