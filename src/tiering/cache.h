// The code cache on disk: artifacts by what they were made of, found without reading the module where its file proves
// to be the same.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/sha256.h"
#include "os/file.h"

namespace ashlar::tiering {

// The folder (mode 0700, ours):
//
//   code/<module>-<options>.cwasm   artifacts: 24 bytes of the digest of the module, 8 of that of the options
//   index/<device>-<inode>          what a file held when it was read: size, times, digest, path (for people)
//   index/<device>-<inode>.<about>  likewise, something else that is known of it
//   tmp/                            files in the making; renamed when whole, removed by a later run when left behind
//
// Nothing is locked: a file appears by rename, and whoever has mapped one keeps it when it is removed. Digests are
// SHA-256: with a weaker one a program could be made whose cached code runs in place of another's.

/// One artifact, for people.
struct CacheEntry {
  std::string name;
  uint64_t size = 0;
  int64_t used = 0;    ///< seconds since 1970, to the hour
  std::string source;  ///< a file it was made of, as it was named then; empty: not known
};

/// What removing gave back.
struct CacheRemoved {
  uint64_t files = 0;
  uint64_t bytes = 0;
};

class Cache {
 public:
  using Digest = base::Sha256Digest;
  static constexpr uint64_t kDefaultLimit = 1ull << 30;

  /// $XDG_CACHE_HOME/ashlar or $HOME/.cache/ashlar; empty when neither is set to an absolute path.
  static std::string default_folder();
  /// $ASHLAR_CACHE_SIZE (bytes, or with K, M, G behind), else kDefaultLimit. Errors: cache_unusable.
  static Result<uint64_t> default_limit();
  /// The user's cache; nothing when there is none to be (no home, or a limit of 0).
  /// Errors: cache_unusable, when the folder belongs to somebody else or others may write to it.
  static Result<std::optional<Cache>> open_default();
  /// A folder that does not exist is made by the first store.
  static Result<Cache> open(std::string folder, uint64_t limit);

  const std::string& folder() const { return folder_; }
  uint64_t limit() const { return limit_; }

  /// The digest of the module that the file holds, from the index; nothing when the file is not known or has changed.
  /// `about`: other things that are known of a file go by this word.
  std::optional<Digest> known_digest(const os::FileInfo& file, std::string_view about = {}) const;
  /// Notes it. `before`: the file's information from before it was read; nothing is noted when it has changed since, or
  /// was changed so recently that a later change might not be told by its times.
  void remember(const std::string& file, const os::FileInfo& before, const Digest& digest, std::string_view about = {});

  /// The name of an artifact: of this module, compiled with these options (any text that tells them all).
  static std::string name_of(const Digest& module, std::string_view options);

  /// The path of the artifact, which counts as used now; nothing when it is not there.
  std::optional<std::string> find(const std::string& name) const;
  /// Puts the artifact in, removing what was not used for longest when there is too much. Errors: Io, cache_unusable.
  Status store(const std::string& name, std::span<const uint8_t> artifact);
  /// For a compiler program that puts the artifact in by itself: it renames what it has made to `path`, and inherits
  /// the lock. Nothing when another process is at it, or the folder cannot be used.
  struct Reservation {
    std::string path;
    os::Fd lock;
  };
  std::optional<Reservation> reserve(const std::string& name);
  /// Removes what was not used for longest when there is too much; `kept` stays. store() does that, too.
  void trim(const std::string& kept) const { evict(kept); }
  /// Takes out an artifact that turned out to be of no use.
  void remove(const std::string& name) const;

  /// Most recently used first.
  std::vector<CacheEntry> list() const;
  CacheRemoved clear();

 private:
  Cache(std::string folder, uint64_t limit) : folder_(std::move(folder)), limit_(limit) {}
  Status open_folder();
  Status make_folders();
  void evict(const std::string& kept) const;
  void sweep(const char* name, int64_t oldest) const;

  std::string folder_;
  uint64_t limit_;
  os::Fd root_;  ///< closed: the folder does not exist yet
};

/// The file's information with symbolic links followed; nothing when it is no regular file.
std::optional<os::FileInfo> regular_file_info(const std::string& path);

}  // namespace ashlar::tiering
