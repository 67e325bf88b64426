// Owns pages that hold machine code: files mapped as they are, and bytes copied; never writable and executable at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "os/file.h"

namespace ashlar::os {

/// Maps `bytes` of a file from `offset` on (which must begin a page) privately and read-only; release_pages with
/// round_up_to_pages(bytes) gives them back.
SysResult<uint8_t*> map_file(const Fd& file, uint64_t bytes, uint64_t offset = 0);
/// Pages that hold a copy of `bytes`, read-only.
SysResult<uint8_t*> copy_to_pages(std::span<const uint8_t> bytes);
/// Makes read-only pages executable. `address` must begin a page; the last page may be in part beyond `bytes`.
SysResult<void> allow_execution(uint8_t* address, uint64_t bytes);
/// Replaces executable pages that may be mapped from a file by pages of no file with the same content: what tells
/// profilers that this is code made at run time. Nothing may run there meanwhile.
SysResult<void> detach_from_file(const uint8_t* address, uint64_t bytes);

}  // namespace ashlar::os
