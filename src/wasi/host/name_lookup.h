// Looking up names on threads of their own, because the system's resolver blocks and cannot be interrupted.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "os/name_lookup.h"
#include "wasi/host/errno.h"
#include "wasi/host/quota.h"

namespace ashlar::wasi::host {

/// A name as DNS knows it: other alphabets as Punycode (RFC 3492), ASCII in lower case. inval for what cannot be a
/// host's name. Other alphabets are taken as they are written: nothing maps or normalizes them.
HostResult<std::string> ascii_host_name(std::string_view name);

/// One lookup. Whoever drops it does not wait for the resolver.
class NameLookup {
 public:
  /// A lookup is a share of the quota as long as somebody has it. nfile when there is none left, or too many lookups of
  /// the process are under way; mfile when there are no handles left.
  static HostResult<NameLookup> start(std::string name, Quota* quota);
  /// Readable once there is a result.
  int handle() const;
  /// Nothing while the resolver is at work.
  std::optional<os::LookupResult> result() const;

 private:
  struct Shared;
  NameLookup(std::shared_ptr<Shared> shared, Share share)
      : shared_(std::move(shared)), share_(std::make_shared<Share>(std::move(share))) {}
  std::shared_ptr<Shared> shared_;  ///< with the resolver's thread
  std::shared_ptr<Share> share_;    ///< not with it: the quota may go before it ends
};

}  // namespace ashlar::wasi::host
