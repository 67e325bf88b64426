// Tenant: one ledger over several stores, of whatever is held on behalf of one customer, plugin author or request.
#pragma once

#include <cstdint>
#include <memory>

namespace ashlar {
inline namespace v0 {

namespace detail {
struct Access;
struct TenantState;
}  // namespace detail

/// Amounts that a tenant uses or may use.
struct TenantAmounts {
  uint64_t memory_bytes = 0;    ///< linear memories; those that threads of a program share count once
  uint64_t table_elements = 0;  ///< 8 bytes each
  uint64_t gc_heap_bytes = 0;   ///< structs, arrays and exceptions: blocks of 32 KiB
  uint64_t host_bytes = 0;      ///< host objects that guests may hold: what Value::external was told
  uint64_t host_objects = 0;    ///< how many of these
  uint64_t instances = 0;       ///< of all its stores, libraries of linkers included
  uint64_t stores = 0;          ///< that have not ended, those of threads included
  uint64_t threads = 0;         ///< of WASI programs, beside their main ones
  uint64_t bytes = 0;           ///< of everything above that has bytes
  /// Open files, directories and sockets of WASI programs, the standard streams and what is granted to them included,
  /// and a directory that is being read once more. A program that asks for more gets the error `nfile`.
  uint64_t descriptors = 0;
  /// References to structs, arrays, exceptions and host objects that the host holds: Values, Externrefs and others. The
  /// host's own copies are counted, but never refused: calls whose types have such references fail (Limit) while none
  /// is left.
  uint64_t references = 0;

  /// No limit at all.
  static constexpr TenantAmounts unlimited() {
    constexpr uint64_t most = ~uint64_t{0};
    return {most, most, most, most, most, most, most, most, most, most, most};
  }
};

/// Counts what its stores use, beside the limits that each store has of its own, and refuses what goes beyond: an error
/// (Limit), a failed memory.grow or table.grow, or the trap gc_heap_exhausted, in the store that asked; others are left
/// as they were. A store gives everything back when it ends. Copies are the same tenant. Thread-safe: stores on any
/// threads may be a tenant's.
///   TenantAmounts most = TenantAmounts::unlimited();
///   most.bytes = 64 << 20;
///   Tenant tenant(most);
///   Store store(engine, tenant);
class Tenant {
 public:
  /// `most`: start from TenantAmounts::unlimited() and lower what is to be limited.
  explicit Tenant(const TenantAmounts& most = TenantAmounts::unlimited());

  /// As they were given.
  const TenantAmounts& limits() const;
  /// What is used now. Amounts are read one by one, while other threads may change them.
  TenantAmounts usage() const;
  /// The most of each that was used at once.
  TenantAmounts peak() const;

 private:
  friend struct detail::Access;
  std::shared_ptr<detail::TenantState> state_;
};

}  // namespace v0
}  // namespace ashlar
