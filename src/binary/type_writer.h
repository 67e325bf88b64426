// The binary form of core types (spec 5.3), for all encoders.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "module/types.h"

namespace ashlar::binary {

using Bytes = std::vector<uint8_t>;

void append_heap_type(Bytes& out, isa::HeapType type);
void append_val_type(Bytes& out, isa::ValType type);
void append_sub_type(Bytes& out, const module::SubType& type);
/// `page_size_log2`: 16 unless a memory has pages of its own size.
void append_limits(Bytes& out, const module::Limits& limits, uint8_t page_size_log2 = 16);
void append_table_type(Bytes& out, const module::TableType& type);
void append_memory_type(Bytes& out, const module::MemoryType& type);
void append_global_type(Bytes& out, const module::GlobalType& type);
void append_tag_type(Bytes& out, const module::TagType& type);
/// Length and bytes.
void append_name(Bytes& out, std::string_view name);

}  // namespace ashlar::binary
