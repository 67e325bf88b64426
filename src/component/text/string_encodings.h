// Words for the string encodings of canonical options; parser and printer share them.
#pragma once

#include <string_view>

#include "component/syntax.h"

namespace ashlar::component {

struct EncodingName {
  std::string_view text;
  StringEncoding encoding;
};
inline constexpr EncodingName kEncodingNames[] = {{"string-encoding=utf8", StringEncoding::Utf8},
                                                  {"string-encoding=utf16", StringEncoding::Utf16},
                                                  {"string-encoding=latin1+utf16", StringEncoding::Latin1Utf16}};

}  // namespace ashlar::component
