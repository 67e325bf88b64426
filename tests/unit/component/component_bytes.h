// Builds small binary components by hand, section by section.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/leb128.h"
#include "component/decode.h"
#include "component/validate.h"

namespace ashlar::component::test {

using Bytes = std::vector<uint8_t>;

inline void append(Bytes& out, const Bytes& more) { out.insert(out.end(), more.begin(), more.end()); }
inline Bytes operator+(Bytes a, const Bytes& b) {
  append(a, b);
  return a;
}
/// A number as the binary has it.
inline Bytes num(uint64_t n) {
  Bytes out;
  base::append_leb_u64(out, n);
  return out;
}
/// Length and bytes.
inline Bytes text(std::string_view s) { return num(s.size()) + Bytes(s.begin(), s.end()); }
/// The name of an import or export, without attributes.
inline Bytes name(std::string_view s) { return Bytes{0} + text(s); }

class ComponentBytes {
 public:
  ComponentBytes() : bytes_{0, 'a', 's', 'm', 0x0d, 0, 1, 0} {}
  ComponentBytes& section(uint8_t id, const Bytes& contents) {
    bytes_.push_back(id);
    append(bytes_, num(contents.size()) + contents);
    return *this;
  }
  /// A section of one entry.
  ComponentBytes& one(uint8_t id, const Bytes& entry) { return section(id, Bytes{1} + entry); }
  const Bytes& get() const { return bytes_; }

 private:
  Bytes bytes_;
};

inline Result<std::unique_ptr<Component>> load(const Bytes& bytes, const ComponentLimits& limits = {}) {
  DecodeOptions options;
  options.limits = limits;
  return decode(bytes, options);
}

/// "ok", or the message of decoding or validation.
inline std::string verdict(const Bytes& bytes, Gates gates = {}, const ComponentLimits& limits = {}) {
  const Result<std::unique_ptr<Component>> c = load(bytes, limits);
  if (!c) return c.error().message();
  ValidateOptions options;
  options.gates = gates;
  options.limits = limits;
  const Result<std::unique_ptr<Validated>> v = validate(**c, options);
  return v ? "ok" : v.error().message();
}

}  // namespace ashlar::component::test
