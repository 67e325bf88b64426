// Lifting and lowering of values by the Canonical ABI: what both need of the guest, and their entry points.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/error.h"
#include "component/strings.h"
#include "component/syntax.h"
#include "component/types.h"
#include "component/value.h"

namespace ashlar::component {

/// A linear memory as it is now: growing may move it.
struct MemoryView {
  uint8_t* base = nullptr;
  uint64_t size = 0;  ///< bytes
};

/// Memory and realloc that canonical options name.
class GuestMemory {
 public:
  virtual MemoryView view() = 0;
  /// Calls the guest's realloc. Only its trap is an error: the result is checked by who asks. May move and grow the
  /// memory, and write to it.
  virtual Result<uint64_t> realloc(uint64_t old, uint64_t old_size, uint32_t align, uint64_t new_size) = 0;

 protected:
  ~GuestMemory() = default;
};

/// The handles of the component instance at the other side. Tokens are what Val::handle carries: for resources their
/// representation, or whatever the host knows them by.
class HandleSpace {
 public:
  /// `type` is Own, Borrow, Stream, Future or ErrorContext.
  virtual Result<uint64_t> lift(const ValType& type, uint32_t index) = 0;
  virtual Result<uint32_t> lower(const ValType& type, uint64_t token) = 0;

 protected:
  ~HandleSpace() = default;
};

struct CanonOptions {
  StringEncoding encoding = StringEncoding::Utf8;
  bool memory64 = false;
};

inline constexpr uint64_t kMaxStringBytes = (uint64_t{1} << 28) - 1;
inline constexpr uint64_t kMaxListBytes = (uint64_t{1} << 28) - 1;
inline constexpr uint64_t kMaxAllocation = (uint64_t{1} << 32) - 1;

/// What lifting works with. No guest code runs while values are lifted.
struct LiftContext {
  CanonOptions options;
  MemoryView memory;               ///< empty without a memory
  HandleSpace* handles = nullptr;  ///< needed for types with handles
  /// Bytes that lifted values may still take in the host: lists may overlap in the guest's memory, so that they can
  /// be much larger than it.
  uint64_t budget = uint64_t{1} << 29;
};

/// What lowering works with. `memory` may be null for types without pointers that fit in core values.
struct LowerContext {
  CanonOptions options;
  GuestMemory* memory = nullptr;
  HandleSpace* handles = nullptr;
  /// What realloc gave already for the first allocation.
  std::optional<uint64_t> room = std::nullopt;
};

// ---- lifting: guest to host

/// Lifts values from core values, or, when they flatten to more than `max_flat`, from the memory that the first one
/// points to (CanonicalABI.md, lift_flat_values). Slots as in runtime::Slot: 32-bit ones use the low half. `flat` has
/// as many as the core function's type says.
Result<std::vector<Val>> lift_values(LiftContext& context, std::span<const Member> types,
                                     std::span<const uint64_t> flat, size_t max_flat);
/// One value out of memory; the address is checked (load).
Result<Val> load_value(LiftContext& context, const ValType& type, uint64_t address);
/// `count` values one after the other, as a list; address and size are checked. For streams and lists.
Result<Val> load_elements(LiftContext& context, const ValType& element, uint64_t address, uint64_t count);
/// Where the string is that a guest points to, its bounds and alignment checked. `length` may have the tag of
/// latin1+utf16.
Result<StringView> locate_string(const LiftContext& context, uint64_t address, uint64_t length);
/// The error of a string that is not well-formed.
Status check_string(const StringView& string);
/// Both.
Result<StringView> find_string(const LiftContext& context, uint64_t address, uint64_t length);

// ---- lowering: host to guest

/// Whether the value is of the type: then lowering it fails only where the guest is to blame, or runs out of memory.
/// Errors: Usage.
Status check_value(const ValType& type, const Val& value);

/// Lowers values to core values appended to `flat`, or, when they flatten to more than `max_flat`, to memory: at
/// `out_pointer`, or at an address that realloc gives, which is appended (CanonicalABI.md, lower_flat_values). Values
/// of other types are an error of usage, found before or after some were lowered.
Status lower_values(LowerContext& context, std::span<const Val> values, std::span<const Member> types, size_t max_flat,
                    std::vector<uint64_t>& flat, const uint64_t* out_pointer = nullptr);
/// One value to an address, which is checked (store).
Status store_value(LowerContext& context, const ValType& type, const Val& value, uint64_t address);
/// The elements of a list to memory from `address` on, which is checked. For streams.
Status store_elements(LowerContext& context, const ValType& element, const Val& list, uint64_t address);

/// A string or list in the guest: what its two core values are.
struct Lowered {
  uint64_t address = 0;
  uint64_t length = 0;  ///< with the tag of latin1+utf16
};
/// A string of any encoding to the guest's (well-formed, or else it is the same error, after some calls of realloc;
/// where no unit is transcoded nobody looks), with the calls of realloc that CanonicalABI.md asks for
/// (store_string_into_range). `string` lies outside the guest's memory and does not change meanwhile; if it did, the
/// result would be another text or a trap, nothing worse. `from_latin1_utf16`: it came from that encoding.
Result<Lowered> lower_string(LowerContext& context, const StringView& string, bool from_latin1_utf16 = false);
/// Memory for `size` bytes from the guest's realloc, its result checked.
Result<uint64_t> guest_realloc(LowerContext& context, uint64_t old, uint64_t old_size, uint32_t align, uint64_t size);

}  // namespace ashlar::component
