// Writing and loading of bundles; see bundle.h.
#include "native/bundle.h"

#include <algorithm>
#include <cstring>

#include "native/image_format.h"
#include "os/file.h"
#include "os/file_bytes.h"

namespace ashlar::native {

// A bundle, all numbers little-endian:
//
//   BundleHeader | ImageRow of each image | component | images
//
// Images are whole artifacts and begin at multiples of kCodeAlignment, so that each is mapped by itself. Gaps are zero.
// The hash of a row is that of the image's header, which has the hash of the rest: two bundles with the same header are
// the same.

namespace {

constexpr uint8_t kBundleMagic[8] = {0x89, 'a', 's', 'h', 'l', 'a', 'c', '\n'};
constexpr uint32_t kBundleVersion = 1;
/// Of modules in a component, adapters counted; a component's own limits are far below.
constexpr uint32_t kMostImages = 1 << 20;

struct BundleHeader {
  uint8_t magic[8];
  uint32_t version;
  uint32_t images;
  uint64_t file_size;
  PartRange component;
  Hash rows;     ///< of all rows
  Hash content;  ///< of the component
  Hash self;     ///< of the header before this field
};
static_assert(sizeof(BundleHeader) == 88);

struct ImageRow {
  uint64_t offset;
  uint64_t size;
  Hash header;
};
static_assert(sizeof(ImageRow) == 32);

Hash hash_of(const BundleHeader& header) {
  return native::hash_of({reinterpret_cast<const uint8_t*>(&header), offsetof(BundleHeader, self)});
}

uint64_t aligned(uint64_t offset, uint64_t alignment) { return (offset + alignment - 1) / alignment * alignment; }

std::unexpected<Error> damaged(const char* what) { return make_error(ErrorCode::artifact_damaged, kNoOffset, what); }

std::unexpected<Error> truncated(size_t size, uint64_t expected) {
  return make_error(ErrorCode::artifact_truncated, kNoOffset, std::to_string(size), std::to_string(expected));
}

bool inside(const PartRange& part, uint64_t size) { return part.offset <= size && part.size <= size - part.offset; }

/// The header of `bytes`; afterwards the rows and behind them the component lie in them.
Result<BundleHeader> read_header(std::span<const uint8_t> bytes) {
  if (!is_bundle(bytes)) return make_error(ErrorCode::not_an_artifact, kNoOffset, "no compiled component");
  BundleHeader header;
  if (bytes.size() >= offsetof(BundleHeader, images)) {
    std::memcpy(&header.version, bytes.data() + offsetof(BundleHeader, version), sizeof(header.version));
    if (header.version != kBundleVersion) {
      return make_error(ErrorCode::artifact_version, kNoOffset, std::to_string(header.version),
                        std::to_string(kBundleVersion));
    }
  }
  if (bytes.size() < sizeof header) return truncated(bytes.size(), sizeof header);
  std::memcpy(&header, bytes.data(), sizeof header);
  if (hash_of(header) != header.self) return damaged("its header has another hash");
  if (bytes.size() < header.file_size) return truncated(bytes.size(), header.file_size);
  if (bytes.size() > header.file_size) return damaged("there are bytes behind its end");
  const PartRange rows{sizeof header, uint64_t{header.images} * sizeof(ImageRow)};
  if (header.images > kMostImages || !inside(rows, bytes.size()) || !inside(header.component, bytes.size()) ||
      header.component.offset < rows.offset + rows.size) {
    return damaged("its parts are not where they can be");
  }
  return header;
}

Result<std::vector<ImageRow>> read_rows(const BundleHeader& header, std::span<const uint8_t> bytes) {
  const auto raw = bytes.subspan(sizeof header, header.images * sizeof(ImageRow));
  if (native::hash_of(raw) != header.rows) return damaged("its table has another hash");
  std::vector<ImageRow> out(header.images);
  if (!raw.empty()) std::memcpy(out.data(), raw.data(), raw.size());
  for (const ImageRow& row : out) {
    if (!inside({row.offset, row.size}, bytes.size()) || row.offset % kCodeAlignment != 0 ||
        row.size < sizeof(Header)) {
      return damaged("its parts are not where they can be");
    }
    // Before anything of an image is believed.
    if (native::hash_of(bytes.subspan(row.offset, sizeof(Header))) != row.header) {
      return damaged("an image has another header");
    }
  }
  return out;
}

/// All but the images. `bytes` are kept by `storage`.
Result<Bundle> read_bundle(std::span<const uint8_t> bytes, std::shared_ptr<const void> storage, Image::Trust trust,
                           std::vector<ImageRow>& rows) {
  TRY_ASSIGN(const BundleHeader header, read_header(bytes));
  TRY_ASSIGN(rows, read_rows(header, bytes));
  Bundle out;
  out.storage = std::move(storage);
  out.header = bytes.first(sizeof header);
  out.component = bytes.subspan(header.component.offset, header.component.size);
  out.trust = trust;
  if (trust != Image::Trust::Cache && native::hash_of(out.component) != header.content) {
    return damaged("its component has another hash");
  }
  return out;
}

}  // namespace

bool is_bundle(std::span<const uint8_t> bytes) {
  return bytes.size() >= sizeof kBundleMagic &&
         std::equal(std::begin(kBundleMagic), std::end(kBundleMagic), bytes.begin());
}

std::string_view compiled_kind(std::span<const uint8_t> bytes) {
  if (is_bundle(bytes)) return "component";
  const bool image = bytes.size() >= sizeof kMagic && std::equal(std::begin(kMagic), std::end(kMagic), bytes.begin());
  return image ? "module" : "";
}

std::vector<uint8_t> write_bundle(std::span<const uint8_t> component, std::span<const std::vector<uint8_t>> images) {
  std::vector<ImageRow> rows;
  BundleHeader header{};
  std::ranges::copy(kBundleMagic, header.magic);
  header.version = kBundleVersion;
  header.images = static_cast<uint32_t>(images.size());
  header.component = {sizeof header + images.size() * sizeof(ImageRow), component.size()};
  header.content = native::hash_of(component);
  uint64_t end = header.component.offset + component.size();
  for (const auto& image : images) {
    const uint64_t offset = aligned(end, kCodeAlignment);
    rows.push_back(
        {offset, image.size(), native::hash_of(std::span(image).first(std::min(image.size(), sizeof(Header))))});
    end = offset + image.size();
  }
  const std::span<const uint8_t> table(reinterpret_cast<const uint8_t*>(rows.data()), rows.size() * sizeof(ImageRow));
  header.rows = native::hash_of(table);
  header.file_size = end;
  header.self = hash_of(header);
  std::vector<uint8_t> out(end);
  std::memcpy(out.data(), &header, sizeof header);
  std::ranges::copy(table, out.begin() + sizeof header);
  std::ranges::copy(component, out.begin() + static_cast<ptrdiff_t>(header.component.offset));
  for (size_t i = 0; i < images.size(); ++i) {
    std::ranges::copy(images[i], out.begin() + static_cast<ptrdiff_t>(rows[i].offset));
  }
  return out;
}

Result<Bundle> open_bundle(const std::string& path, Image::Trust trust) {
  auto file = os::open_at(os::kWorkingDirectory, path.c_str(), os::kOpenRead);
  if (!file) return make_error(ErrorCode::io_failed, kNoOffset, path, std::strerror(file.error()));
  const auto in_file = [&path](Error e) { return std::unexpected(std::move(e).in_file(path)); };
  auto info = os::file_info(file->raw());
  if (!info) return make_error(ErrorCode::io_failed, kNoOffset, path, std::strerror(info.error()));
  TRY_ASSIGN(os::FileBytes mapped, os::read_file(path));
  auto kept = std::make_shared<const os::FileBytes>(std::move(mapped));
  const std::span<const uint8_t> bytes = kept->bytes();
  std::vector<ImageRow> rows;
  auto out = read_bundle(bytes, std::move(kept), trust, rows);
  if (!out) return in_file(std::move(out).error());
  // The file may have been replaced between the two: the images' may be another, and shorter.
  if (info->size < bytes.size()) return in_file(truncated(info->size, bytes.size()).error());
  for (const ImageRow& row : rows) {
    auto image = Image::open_part(*file, row.offset, row.size, trust);
    if (!image) return in_file(std::move(image).error());
    if (native::hash_of((*image)->header()) != row.header) {
      return in_file(Error(ErrorCode::artifact_damaged, kNoOffset, "an image has another header"));
    }
    out->images.push_back(std::move(*image));
  }
  return out;
}

Result<Bundle> load_bundle(std::span<const uint8_t> bytes, Image::Trust trust) {
  // Before a copy of anything.
  TRY_ASSIGN(const BundleHeader header, read_header(bytes));
  const size_t head = header.component.offset + header.component.size;
  std::vector<ImageRow> rows;
  TRY_ASSIGN(Bundle out, read_bundle(bytes, nullptr, trust, rows));
  const auto kept =
      std::make_shared<const std::vector<uint8_t>>(bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(head));
  out.header = std::span<const uint8_t>(*kept).first(sizeof header);
  out.component = std::span<const uint8_t>(*kept).subspan(header.component.offset, header.component.size);
  out.storage = kept;
  for (const ImageRow& row : rows) {
    TRY_ASSIGN(auto image, Image::load(bytes.subspan(row.offset, row.size), trust));
    out.images.push_back(std::move(image));
  }
  return out;
}

}  // namespace ashlar::native
