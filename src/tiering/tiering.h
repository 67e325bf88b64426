// Which tier runs a module, and where its compiled code comes from: the cache, or the compiler now.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/sha256.h"
#include "native/image.h"
#include "tiering/cache.h"
#include "tiering/compiler_process.h"

namespace ashlar::tiering {

enum class TierMode : uint8_t {
  Interpreter,
  Optimizing,  ///< everything is compiled before it starts
  Auto,        ///< starts in the interpreter; what is hot is compiled meanwhile
};

/// What the user asks for.
struct TierOptions {
  TierMode mode = TierMode::Interpreter;
  bool chosen = false;  ///< by the user: what is in the way is worth a warning
  bool use_cache = true;
  bool allow_precompiled = false;   ///< a compiled program may be run as it is
  std::string pretend_unsupported;  ///< tests: mnemonics (native::CompileRequest)
  char level = '2';                 ///< 0 to 3, or s
  bool all_places = false;          ///< for debuggers and profilers (native::CompileRequest)
};

/// "interp", "optimizing", "auto"; nothing for other words.
std::optional<TierMode> tier_mode_from_name(std::string_view name);

/// A file of which modules are parts: a component, as it was read. Thread-safe.
class ContainerFile {
 public:
  /// `before`: the file's information from before it was read. `storage` keeps `bytes` alive.
  ContainerFile(std::string path, std::optional<os::FileInfo> before, std::shared_ptr<const void> storage,
                std::span<const uint8_t> bytes)
      : path_(std::move(path)), before_(before), storage_(std::move(storage)), bytes_(bytes) {}
  const std::string& path() const { return path_; }
  const std::optional<os::FileInfo>& before() const { return before_; }
  std::span<const uint8_t> bytes() const { return bytes_; }
  /// Of all bytes, when somebody first asks.
  base::Sha256Digest digest() const;

 private:
  std::string path_;
  std::optional<os::FileInfo> before_;
  std::shared_ptr<const void> storage_;
  std::span<const uint8_t> bytes_;
  mutable std::once_flag once_;
  mutable base::Sha256Digest digest_{};
};

/// A module whose compiled code is wanted.
struct ImageRequest {
  std::string file;  ///< the file it is in, for the cache's index; empty or "-": none
  /// Reads and validates it; what it gives stays with the caller. Not called when the cache knows the file: the image
  /// has the module inside then. It must read now, not have read before: the file might have been replaced in between.
  std::function<Result<std::span<const uint8_t>>()> wasm;
  /// In place of `file`: what it is a part of, and which, told by where it lies there.
  std::shared_ptr<const ContainerFile> container;
  std::string part;
  native::ImageConfig config;
  char level = '2';
  bool all_places = false;     ///< for debuggers and profilers (native::CompileRequest)
  std::vector<uint32_t> only;  ///< functions to compile; empty: all
  std::string variant;         ///< tells apart what is compiled alike and used otherwise
  bool use_cache = true;
  std::string cache_folder;         ///< empty: the user's (Cache::open_default)
  std::string compiler;             ///< the program's path; empty: compiler_path()
  bool outlive = false;             ///< the automatic tier's compiler program may go on when the tier ends
  std::string pretend_unsupported;  ///< tests: mnemonics (native::CompileRequest)
  bool keep_compiler = false;       ///< more modules will follow (CompileJob)
  ProgressFunction progress;
  std::function<void(const Error&)> warn;  ///< of what does no more harm than lost time: a cache that cannot be used
};

/// The cache in that folder; empty: the user's. See Cache::open_default.
Result<std::optional<Cache>> open_cache(const std::string& folder);

/// Compiled code for the module: from the cache, or compiled by the compiler program (and stored).
/// Errors: those of request.wasm; compiler_missing, compiler_refused, compiler_failed; Io.
Result<std::shared_ptr<native::Image>> image_for(const ImageRequest& request);

/// The same in steps, for whoever does not want to wait.
class ImageFinder {
 public:
  explicit ImageFinder(const ImageRequest& request);
  /// From the cache, without and then with reading the module; null when it is not there.
  std::shared_ptr<native::Image> find();
  std::shared_ptr<native::Image> find(std::span<const uint8_t> wasm);
  /// Others that were made of the module once it is known, told apart as ImageRequest::variant does.
  std::shared_ptr<native::Image> find_variant(std::string_view variant);
  /// For a compiler program that puts such a one in by itself; nothing when there is no cache, or somebody is at it.
  std::optional<Cache::Reservation> reserve(std::string_view variant);
  /// Behind that: maps it, and removes what has become too much.
  std::shared_ptr<native::Image> take_variant(std::string_view variant);
  bool has_cache() const { return cache_.has_value(); }
  /// Puts a compiled artifact in the cache and maps it from there; null when there is no cache that takes it.
  std::shared_ptr<native::Image> store(std::span<const uint8_t> artifact);

 private:
  std::shared_ptr<native::Image> open(const std::string& name) const;
  base::Sha256Digest part_digest(const base::Sha256Digest& container) const;
  std::string variant_name(std::string_view variant) const;
  void warn(const Error& error) const;

  const ImageRequest& request_;
  std::optional<Cache> cache_;
  std::string options_;
  std::optional<os::FileInfo> before_;        ///< of the file, from before it was read
  std::optional<base::Sha256Digest> digest_;  ///< of the module, once it is known
  std::string name_;                          ///< of the artifact, then
};

/// Whether the file begins like an artifact, of a module or of a component. False for one that cannot be read.
bool is_artifact_file(const std::string& path);
/// Whether it begins like that of a component (native::Bundle).
bool is_bundle_file(const std::string& path);

}  // namespace ashlar::tiering
