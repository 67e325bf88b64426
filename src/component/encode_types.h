// Types, names and aliases to bytes: parts of the component encoder.
#pragma once

#include <cstdint>
#include <vector>

#include "component/syntax.h"

namespace ashlar::component {

void append_sort(std::vector<uint8_t>& out, const AnySort& sort);
void append_extern_name(std::vector<uint8_t>& out, const ExternName& name);
void append_extern_desc(std::vector<uint8_t>& out, const ExternDesc& desc);
void append_type_ref(std::vector<uint8_t>& out, const TypeRef& type);
void append_type(std::vector<uint8_t>& out, const TypeDef& type);
enum class CoreTypePlace : uint8_t { Component, ModuleType };
void append_core_type(std::vector<uint8_t>& out, const CoreTypeDef& type,
                      CoreTypePlace place = CoreTypePlace::Component);
void append_alias(std::vector<uint8_t>& out, const AliasDef& alias);

}  // namespace ashlar::component
