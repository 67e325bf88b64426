// From a module to its compiled code.
#include "tiering/tiering.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "native/bundle.h"
#include "native/image_format.h"
#include "os/cpu_identity.h"
#include "os/file_bytes.h"

namespace ashlar::tiering {
namespace {

/// A file as far as a new build of it differs.
std::string build_of(const std::string& path) {
  struct stat info;
  if (::stat(path.c_str(), &info) != 0) return "none";
  return std::to_string(info.st_size) + "." + std::to_string(info.st_mtim.tv_sec) + "." +
         std::to_string(info.st_mtim.tv_nsec);
}

/// The compiler, as a new version or build of it differs: the program and the library in which it all is.
std::string compiler_build(const ImageRequest& request) {
  const std::string program = request.compiler.empty() ? compiler_path() : request.compiler;
  const std::string folder = program.substr(0, program.rfind('/'));
  return build_of(program) + " " + build_of(folder + "/../libashlar-llvm.so");
}

/// Everything besides the module on which the artifact depends.
std::string options_of(const ImageRequest& request, std::string_view variant) {
  std::string out = "compiler " + compiler_build(request) + "\ncpu " + os::cpu_identity() + "\nlevel " + request.level;
  out += "\nbounds " + std::to_string(request.config.explicit_bounds);
  out += "\nfuel " + std::to_string(request.config.fuel);
  if (!request.config.fuel_costs.empty()) out += "\ncosts " + request.config.fuel_costs;
  out += "\nfeatures " + std::to_string(request.config.features);
  if (request.all_places) out += "\nplaces all";
  if (!request.pretend_unsupported.empty()) out += "\npretend " + request.pretend_unsupported;
  out += "\nvariant " + std::string(variant) + "\nonly";
  for (uint32_t f : request.only) out += " " + std::to_string(f);
  return out;
}

bool same(const native::ImageConfig& a, const native::ImageConfig& b) {
  return a.explicit_bounds == b.explicit_bounds && a.fuel == b.fuel && a.features == b.features &&
         a.fuel_costs == b.fuel_costs;
}

std::string path_of(const os::Fd& fd) { return "/proc/self/fd/" + std::to_string(fd.raw()); }

/// Compiles into a file in memory.
Result<os::Fd> compile(const ImageRequest& request, std::span<const uint8_t> wasm) {
  TRY_ASSIGN(os::Fd artifact, make_memory_file("ashlar-code"));
  CompileJob job;
  job.wasm = wasm;
  job.only = request.only;
  job.output_fd = artifact.raw();
  job.keep_compiler = request.keep_compiler;
  job.compiler = request.compiler;
  job.request.level = request.level;
  job.request.all_places = request.all_places;
  job.request.pretend_unsupported = request.pretend_unsupported;
  job.request.config = request.config;
  TRY_ASSIGN(CompilerProcess process, CompilerProcess::start(job));
  TRY(process.wait(request.progress));
  return artifact;
}

}  // namespace

std::optional<TierMode> tier_mode_from_name(std::string_view name) {
  if (name == "interp" || name == "interpreter") return TierMode::Interpreter;
  if (name == "optimizing") return TierMode::Optimizing;
  if (name == "auto") return TierMode::Auto;
  return std::nullopt;
}

Result<std::optional<Cache>> open_cache(const std::string& folder) {
  if (folder.empty()) return Cache::open_default();
  TRY_ASSIGN(const uint64_t limit, Cache::default_limit());
  TRY_ASSIGN(Cache cache, Cache::open(folder, limit));
  return std::optional<Cache>(std::move(cache));
}

base::Sha256Digest ContainerFile::digest() const {
  std::call_once(once_, [this] { digest_ = base::sha256(bytes_); });
  return digest_;
}

ImageFinder::ImageFinder(const ImageRequest& request) : request_(request) {
  if (!request.use_cache) return;
  Result<std::optional<Cache>> cache = open_cache(request.cache_folder);
  if (!cache) {
    warn(cache.error());
    return;
  }
  cache_ = std::move(*cache);
  if (cache_) options_ = options_of(request, request.variant);
}

void ImageFinder::warn(const Error& error) const {
  if (request_.warn) request_.warn(error);
}

std::string ImageFinder::variant_name(std::string_view variant) const {
  return Cache::name_of(*digest_, options_of(request_, variant));
}

std::shared_ptr<native::Image> ImageFinder::find_variant(std::string_view variant) {
  return digest_ ? open(variant_name(variant)) : nullptr;
}

std::optional<Cache::Reservation> ImageFinder::reserve(std::string_view variant) {
  if (!digest_) return std::nullopt;
  return cache_->reserve(variant_name(variant));
}

std::shared_ptr<native::Image> ImageFinder::take_variant(std::string_view variant) {
  if (!digest_) return nullptr;
  const std::string name = variant_name(variant);
  auto image = open(name);
  cache_->trim(name);
  return image;
}

std::shared_ptr<native::Image> ImageFinder::open(const std::string& name) const {
  const std::optional<std::string> path = cache_->find(name);
  if (!path) return nullptr;
  Result<std::shared_ptr<native::Image>> image = native::Image::open(*path, native::Image::Trust::Cache);
  if (image && same((*image)->config(), request_.config)) return std::move(*image);
  // Another process may just have removed it. What is there and does not load is of another version, or damaged.
  if (image || image.error().phase() != Phase::Io) cache_->remove(name);
  return nullptr;
}

base::Sha256Digest ImageFinder::part_digest(const base::Sha256Digest& container) const {
  return base::Sha256().add(container).add("part " + request_.part).finish();
}

std::shared_ptr<native::Image> ImageFinder::find() {
  if (!cache_) return nullptr;
  if (request_.container) {
    before_ = request_.container->before();
  } else {
    if (request_.file.empty() || request_.file == "-") return nullptr;
    before_ = regular_file_info(request_.file);
  }
  if (!before_) return nullptr;
  digest_ = cache_->known_digest(*before_);
  if (!digest_) return nullptr;
  if (request_.container) digest_ = part_digest(*digest_);
  name_ = Cache::name_of(*digest_, options_);
  return open(name_);
}

std::shared_ptr<native::Image> ImageFinder::find(std::span<const uint8_t> wasm) {
  if (!cache_) return nullptr;
  const ContainerFile* container = request_.container.get();
  digest_ = container != nullptr ? container->digest() : base::sha256(wasm);
  if (before_) cache_->remember(container != nullptr ? container->path() : request_.file, *before_, *digest_);
  if (container != nullptr) digest_ = part_digest(*digest_);
  name_ = Cache::name_of(*digest_, options_);
  return open(name_);
}

std::shared_ptr<native::Image> ImageFinder::store(std::span<const uint8_t> artifact) {
  if (!cache_ || name_.empty()) return nullptr;
  if (const Status stored = cache_->store(name_, artifact); !stored) {
    warn(stored.error());
    return nullptr;
  }
  const std::optional<std::string> path = cache_->find(name_);
  if (!path) return nullptr;
  Result<std::shared_ptr<native::Image>> image = native::Image::open(*path, native::Image::Trust::Cache);
  return image ? std::move(*image) : nullptr;
}

Result<std::shared_ptr<native::Image>> image_for(const ImageRequest& request) {
  ImageFinder finder(request);
  if (auto image = finder.find()) return image;
  TRY_ASSIGN(const std::span<const uint8_t> wasm, request.wasm());
  if (auto image = finder.find(wasm)) return image;
  TRY_ASSIGN(const os::Fd compiled, compile(request, wasm));
  if (request.use_cache) {
    TRY_ASSIGN(const os::FileBytes artifact, os::read_file(path_of(compiled)));
    if (auto image = finder.store(artifact.bytes())) return image;
  }
  return native::Image::open(path_of(compiled), native::Image::Trust::Cache);
}

namespace {

struct Beginning {
  uint8_t bytes[sizeof native::kMagic];
};

std::optional<Beginning> beginning_of(const std::string& path) {
  if (!regular_file_info(path)) return std::nullopt;
  auto file = os::open_at(os::kWorkingDirectory, path.c_str(), os::kOpenRead);
  Beginning out;
  if (!file || ::read(file->raw(), out.bytes, sizeof out.bytes) != sizeof out.bytes) return std::nullopt;
  return out;
}

}  // namespace

bool is_artifact_file(const std::string& path) {
  const auto head = beginning_of(path);
  return head && (std::ranges::equal(native::kMagic, head->bytes) || native::is_bundle(head->bytes));
}

bool is_bundle_file(const std::string& path) {
  const auto head = beginning_of(path);
  return head && native::is_bundle(head->bytes);
}

}  // namespace ashlar::tiering
