// Builds small binary modules by hand, section by section.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <vector>

#include "base/leb128.h"
#include "binary/decode.h"
#include "validate/validate.h"

namespace ashlar::test {

using Bytes = std::vector<uint8_t>;

class ModuleBytes {
 public:
  ModuleBytes() : bytes_{0, 'a', 's', 'm', 1, 0, 0, 0} {}
  /// A section of the given contents.
  ModuleBytes& section(uint8_t id, const Bytes& contents) {
    bytes_.push_back(id);
    base::append_leb_u64(bytes_, contents.size());
    bytes_.insert(bytes_.end(), contents.begin(), contents.end());
    return *this;
  }
  /// The code section: one body each (locals declaration to final end), sizes added.
  ModuleBytes& code(std::initializer_list<Bytes> bodies) {
    Bytes contents;
    base::append_leb_u64(contents, bodies.size());
    for (const Bytes& body : bodies) {
      base::append_leb_u64(contents, body.size());
      contents.insert(contents.end(), body.begin(), body.end());
    }
    return section(10, contents);
  }
  ModuleBytes& custom(const std::string& name, const Bytes& payload) {
    Bytes contents{static_cast<uint8_t>(name.size())};
    contents.insert(contents.end(), name.begin(), name.end());
    contents.insert(contents.end(), payload.begin(), payload.end());
    return section(0, contents);
  }
  /// One function of type `type` (the bytes of a type entry) with that body.
  static Bytes function(const Bytes& type, const Bytes& body) {
    Bytes types{1};
    types.insert(types.end(), type.begin(), type.end());
    return ModuleBytes().section(1, types).section(3, {1, 0}).code({body}).get();
  }
  const Bytes& get() const { return bytes_; }

 private:
  Bytes bytes_;
};

inline Result<std::unique_ptr<module::Module>> load(const Bytes& bytes, isa::Features features = {},
                                                    module::ModuleLimits limits = {}) {
  binary::DecodeOptions decode_options;
  decode_options.features = features;
  decode_options.limits = limits;
  auto m = binary::decode(bytes, decode_options);
  if (!m) return m;
  validate::ValidateOptions options;
  options.features = features;
  options.limits = limits;
  TRY(validate::validate(**m, std::make_shared<module::TypeRegistry>(), options));
  return m;
}

/// "" when valid, else the message.
inline std::string error_of(const Bytes& bytes, isa::Features features = {}, module::ModuleLimits limits = {}) {
  const auto m = load(bytes, features, limits);
  return m ? "" : m.error().message();
}

}  // namespace ashlar::test
