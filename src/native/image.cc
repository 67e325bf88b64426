// Loads artifacts: maps a file, checks what is asked for, and answers questions about addresses from its tables.
#include "native/image.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>

#include "native/bundle.h"
#include "native/enter.h"
#include "native/image_format.h"
#include "native/image_registry.h"
#include "os/code_pages.h"
#include "os/cpu_extensions.h"
#include "os/pages.h"

namespace ashlar::native {

// Parts may come from anybody. Where the contents were not verified, rows hold any numbers: whoever uses one compares
// it with the size of what it points into.
struct Image::Data {
  Data() = default;
  ~Data() {
    if (pages != nullptr) os::release_pages(pages, os::round_up_to_pages(size));
  }
  Data(const Data&) = delete;
  Data& operator=(const Data&) = delete;

  uint8_t* pages = nullptr;
  uint64_t size = 0;
  bool registered = false;
  ImageTarget target;
  ImageConfig config;
  uint32_t text_size = 0;
  std::span<const uint8_t> wasm;
  std::span<const uint8_t> code;
  std::span<const uint8_t> places;
  std::span<const uint32_t> entries;
  std::span<const FrameRow> frames;
  std::span<const PadRow> pads;
  std::span<const LoopRow> loops;
  std::span<const module::Func> funcs;
  std::span<const module::FuncIdx> elems;
  std::optional<module::LaidOutData> laid_out;
  Trust trust = Trust::Verify;
  os::Fd file;  ///< kept open where data may be mapped from it

  std::span<const uint8_t> bytes() const { return {pages, size}; }
  void read(const Header& header);
  Status verify_tables() const;
  Status verify_frame(const FrameRow& frame) const;
  Status verify_module() const;
  std::span<const PadRow> pads_of(const FrameRow& frame) const;
  PlaceReader places_of(const FrameRow& frame) const;
};

namespace {

std::string arch_name(uint32_t arch) {
  switch (arch) {
    case static_cast<uint32_t>(Arch::X86_64):
      return "x86_64";
    case static_cast<uint32_t>(Arch::Aarch64):
      return "aarch64";
    default:
      return "number " + std::to_string(arch);
  }
}

bool starts_with(std::span<const uint8_t> bytes, std::string_view prefix) {
  return bytes.size() >= prefix.size() && std::memcmp(bytes.data(), prefix.data(), prefix.size()) == 0;
}

// What a file without our magic is, for the message.
std::string kind_of(std::span<const uint8_t> bytes) {
  using namespace std::string_view_literals;
  if (bytes.empty()) return "the file is empty";
  if (starts_with(bytes, "\0asm"sv)) return "a WebAssembly module";
  if (is_bundle(bytes)) return "a compiled component";
  if (starts_with(bytes,
                  "\x7f"
                  "ELF"sv)) {
    return "an ELF file";
  }
  if (starts_with(bytes, "("sv) || starts_with(bytes, ";;"sv)) return "WebAssembly text";
  const size_t shown = std::min(bytes.size(), sizeof(kMagic));
  std::string out = "it begins with";
  for (uint8_t byte : bytes.first(shown)) {
    constexpr char kDigits[] = "0123456789abcdef";
    out += {' ', kDigits[byte >> 4], kDigits[byte & 15]};
  }
  return out;
}

Status check_ranges(const Header& header) {
  constexpr size_t kRowSizes[kPartCount] = {1,
                                            1,
                                            sizeof(uint32_t),
                                            sizeof(LoopRow),
                                            sizeof(FrameRow),
                                            sizeof(PadRow),
                                            1,
                                            sizeof(module::Func),
                                            sizeof(module::FuncIdx),
                                            sizeof(module::LaidOutData::Run),
                                            1,
                                            1,
                                            1};
  for (uint32_t i = 0; i < kPartCount; ++i) {
    const PartRange& part = header.parts[i];
    const bool inside =
        part.offset >= sizeof(Header) && part.offset <= header.file_size && part.size <= header.file_size - part.offset;
    const uint64_t alignment = i == kCode || (i == kData && part.size != 0) ? kCodeAlignment : 8;
    if (!inside || part.offset % alignment != 0 || part.size % kRowSizes[i] != 0 || part.size > UINT32_MAX) {
      return make_error(ErrorCode::artifact_damaged, kNoOffset, "its parts are not where they can be");
    }
  }
  if (header.text_size > header.parts[kCode].size || header.cpu_size > header.parts[kStrings].size) {
    return make_error(ErrorCode::artifact_damaged, kNoOffset, "its parts are not as large as they must be");
  }
  return {};
}

// The header of `bytes`; afterwards its ranges lie in them.
Result<Header> read_header(std::span<const uint8_t> bytes) {
  const std::span<const uint8_t> start = bytes.first(std::min(bytes.size(), sizeof(kMagic)));
  if (!std::ranges::equal(start, std::span(kMagic))) {
    return make_error(ErrorCode::not_an_artifact, kNoOffset, kind_of(bytes));
  }
  Header header;
  if (bytes.size() >= offsetof(Header, arch)) {
    std::memcpy(&header.version, bytes.data() + offsetof(Header, version), sizeof(header.version));
    if (header.version != kFormatVersion) {
      return make_error(ErrorCode::artifact_version, kNoOffset, std::to_string(header.version),
                        std::to_string(kFormatVersion));
    }
  }
  if (bytes.size() < sizeof(Header)) {
    return make_error(ErrorCode::artifact_truncated, kNoOffset, std::to_string(bytes.size()),
                      "at least " + std::to_string(sizeof(Header)));
  }
  std::memcpy(&header, bytes.data(), sizeof(Header));
  if (hash_of(header) != header.self) {
    return make_error(ErrorCode::artifact_damaged, kNoOffset, "its header has another hash");
  }
  if (bytes.size() < header.file_size) {
    return make_error(ErrorCode::artifact_truncated, kNoOffset, std::to_string(bytes.size()),
                      std::to_string(header.file_size));
  }
  if (bytes.size() > header.file_size) {
    return make_error(ErrorCode::artifact_damaged, kNoOffset, "there are bytes behind its end");
  }
  TRY(check_ranges(header));
  return header;
}

Status check_target(uint32_t arch, const ImageTarget& target) {
  if (arch_name(arch) != os::cpu_arch()) {
    return make_error(ErrorCode::artifact_arch, kNoOffset, arch_name(arch), std::string(os::cpu_arch()));
  }
  std::string_view rest = target.features;
  while (!rest.empty()) {
    std::string_view name = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(rest.size(), name.size() + 1));
    if (name.starts_with('+')) name.remove_prefix(1);
    if (!name.empty() && !os::cpu_has(name)) {
      return make_error(ErrorCode::artifact_processor, kNoOffset, target.cpu, std::string(name));
    }
  }
  return {};
}

template <class T>
std::span<const T> rows(std::span<const uint8_t> file, const PartRange& part) {
  return {reinterpret_cast<const T*>(file.data() + part.offset), part.size / sizeof(T)};
}

Error io_error(const std::string& path, int error) {
  return Error(ErrorCode::io_failed, kNoOffset, path, std::strerror(error));
}

}  // namespace

void Image::Data::read(const Header& header) {
  const std::span<const char> strings = rows<char>(bytes(), header.parts[kStrings]);
  target.arch = static_cast<Arch>(header.arch);
  target.cpu.assign(strings.begin(), strings.begin() + header.cpu_size);
  target.features.assign(strings.begin() + header.cpu_size, strings.end());
  config.explicit_bounds = (header.flags & kExplicitBounds) != 0;
  config.fuel = (header.flags & kFuel) != 0;
  config.features = header.wasm_features;
  const std::span<const char> costs = rows<char>(bytes(), header.parts[kFuelCosts]);
  config.fuel_costs.assign(costs.begin(), costs.end());
  text_size = header.text_size;
  entries = rows<uint32_t>(bytes(), header.parts[kEntries]);
  frames = rows<FrameRow>(bytes(), header.parts[kFrames]);
  pads = rows<PadRow>(bytes(), header.parts[kPads]);
  loops = rows<LoopRow>(bytes(), header.parts[kLoops]);
  places = rows<uint8_t>(bytes(), header.parts[kPlaces]);
  wasm = rows<uint8_t>(bytes(), header.parts[kWasm]);
  code = rows<uint8_t>(bytes(), header.parts[kCode]);
  funcs = rows<module::Func>(bytes(), header.parts[kFuncs]);
  elems = rows<module::FuncIdx>(bytes(), header.parts[kElems]);
  if ((header.flags & kDataLaidOut) == 0) return;
  laid_out.emplace();
  laid_out->runs = rows<module::LaidOutData::Run>(bytes(), header.parts[kRuns]);
  laid_out->bytes = rows<uint8_t>(bytes(), header.parts[kData]);
  laid_out->file_offset = header.parts[kData].offset;
  laid_out->segments = header.data_segments;
}

std::span<const PadRow> Image::Data::pads_of(const FrameRow& frame) const {
  if (frame.pads > pads.size() || frame.pad_count > pads.size() - frame.pads) return {};
  return pads.subspan(frame.pads, frame.pad_count);
}

PlaceReader Image::Data::places_of(const FrameRow& frame) const {
  const size_t begin = std::min<size_t>(frame.places, places.size());
  return {places.subspan(begin), frame.begin, frame.place_count};
}

Status Image::Data::verify_frame(const FrameRow& frame) const {
  const auto damaged = [](const char* what) { return make_error(ErrorCode::artifact_damaged, kNoOffset, what); };
  if (pads_of(frame).size() != frame.pad_count) return damaged("a function's landing pads are missing");
  uint32_t last = frame.begin;
  for (const PadRow& pad : pads_of(frame)) {
    const bool ascends = last <= pad.begin && pad.begin < pad.end && pad.end <= frame.end;
    if (!ascends || pad.pad < frame.begin || pad.pad >= frame.end) return damaged("a landing pad is out of order");
    last = pad.end;
  }
  PlaceReader reader = places_of(frame);
  while (reader.next()) {
    if (reader.at() > frame.end) return damaged("a place is outside its function");
  }
  if (reader.damaged()) return damaged("a function's places cannot be read");
  return {};
}

Status Image::Data::verify_tables() const {
  uint32_t last = 0;
  for (const FrameRow& frame : frames) {
    if (frame.begin < last || frame.begin >= frame.end || frame.end > text_size) {
      return make_error(ErrorCode::artifact_damaged, kNoOffset, "a function is out of order");
    }
    last = frame.end;
    TRY(verify_frame(frame));
  }
  for (const LoopRow& loop : loops) {
    if (loop.entry >= text_size) {
      return make_error(ErrorCode::artifact_damaged, kNoOffset, "an entry of a loop is outside the code");
    }
  }
  for (uint32_t entry : entries) {
    if (entry > text_size) return make_error(ErrorCode::artifact_damaged, kNoOffset, "an entry is outside the code");
  }
  return {};
}

Status Image::Data::verify_module() const {
  for (const module::Func& func : funcs) {
    const bool inside = func.body_offset <= wasm.size() && func.body_size <= wasm.size() - func.body_offset;
    if (!inside || func.imported > 1) {
      return make_error(ErrorCode::artifact_damaged, kNoOffset, "a function's body is outside the module");
    }
  }
  for (const module::FuncIdx func : elems) {
    if (func >= funcs.size()) {
      return make_error(ErrorCode::artifact_damaged, kNoOffset, "an element is none of the module's functions");
    }
  }
  if (!laid_out) return {};
  for (const module::LaidOutData::Run& run : laid_out->runs) {
    const bool inside = run.offset <= laid_out->bytes.size() && run.size <= laid_out->bytes.size() - run.offset;
    if (!inside || (run.at | run.offset | run.size) % module::kLaidOutAlignment != 0) {
      return make_error(ErrorCode::artifact_damaged, kNoOffset, "the module's data are not where they can be");
    }
  }
  return {};
}

// Takes the pages over, whatever comes. `offset`: where they begin in the file.
Result<std::shared_ptr<Image>> Image::adopt(uint8_t* pages, uint64_t size, Trust trust, os::Fd file, uint64_t offset) {
  std::unique_ptr<Data> owner(new (std::nothrow) Data);
  if (owner == nullptr) {
    os::release_pages(pages, os::round_up_to_pages(size));
    return std::unexpected(Error::no_memory());
  }
  Data& data = *owner;
  data.pages = pages;
  data.size = size;
  std::shared_ptr<Image> image(new Image);
  image->data_ = std::move(owner);
  TRY_ASSIGN(const Header header, read_header(data.bytes()));
  data.read(header);
  data.trust = trust;
  if (data.laid_out && file) {
    data.file = std::move(file);
    data.laid_out->file = data.file.raw();
    data.laid_out->file_offset += offset;
  }
  if (trust != Trust::Inspect) TRY(check_target(header.arch, data.target));
  if (trust != Trust::Cache) {
    if (hash_of(data.bytes().subspan(sizeof(Header))) != header.content) {
      return make_error(ErrorCode::artifact_damaged, kNoOffset, "its contents have another hash");
    }
    TRY(data.verify_tables());
    TRY(data.verify_module());
  }
  if (data.code.empty() || trust == Trust::Inspect) return image;
  uint8_t* code = pages + header.parts[kCode].offset;
  if (kCodeAlignment % os::page_size() != 0) {
    return make_error(ErrorCode::not_implemented, kNoOffset, "machine code on pages of more than 16 KiB");
  }
  if (auto allowed = os::allow_execution(code, data.code.size()); !allowed) {
    return std::unexpected(io_error("executable memory", allowed.error()));
  }
  register_image(image.get(), code, code + data.text_size);
  data.registered = true;
  return image;
}

Result<std::shared_ptr<Image>> Image::open(const std::string& path, Trust trust) {
  auto file = os::open_at(os::kWorkingDirectory, path.c_str(), os::kOpenRead);
  if (!file) return std::unexpected(io_error(path, file.error()));
  auto info = os::file_info(file->raw());
  if (!info) return std::unexpected(io_error(path, info.error()));
  if (info->kind != os::FileKind::Regular) {
    return std::unexpected(Error(ErrorCode::not_an_artifact, kNoOffset, "not a regular file").in_file(path));
  }
  if (info->size == 0) {
    return std::unexpected(Error(ErrorCode::not_an_artifact, kNoOffset, kind_of({})).in_file(path));
  }
  auto pages = os::map_file(*file, info->size);
  if (!pages) return std::unexpected(io_error(path, pages.error()));
  auto image = adopt(*pages, info->size, trust, std::move(*file));
  if (!image) return std::unexpected(std::move(image).error().in_file(path));
  return image;
}

Result<std::shared_ptr<Image>> Image::open_part(const os::Fd& file, uint64_t offset, uint64_t size, Trust trust) {
  const auto failed = [](int code) { return io_error("a part of a file", code); };
  if (offset % os::page_size() != 0) {
    return make_error(ErrorCode::not_implemented, kNoOffset, "machine code on pages of more than 16 KiB");
  }
  auto own = os::duplicate(file);
  if (!own) return std::unexpected(failed(own.error()));
  auto pages = os::map_file(file, size, offset);
  if (!pages) return std::unexpected(failed(pages.error()));
  return adopt(*pages, size, trust, std::move(*own), offset);
}

Result<std::shared_ptr<Image>> Image::load(std::span<const uint8_t> bytes, Trust trust) {
  // Before a copy of the whole: most bytes that are no artifact are told by their beginning.
  TRY(read_header(bytes));
  auto pages = os::copy_to_pages(bytes);
  if (!pages) return make_error(ErrorCode::out_of_memory, kNoOffset, "pages for compiled code");
  return adopt(*pages, bytes.size(), trust, os::Fd());
}

Image::~Image() {
  if (data_ == nullptr) return;
  if (data_->registered) unregister_image(this);
  detach(*this);
}

const ImageTarget& Image::target() const { return data_->target; }
const ImageConfig& Image::config() const { return data_->config; }
std::span<const uint8_t> Image::wasm() const { return data_->wasm; }
Image::Trust Image::trust() const { return data_->trust; }
std::span<const module::Func> Image::funcs() const { return data_->funcs; }
std::span<const module::FuncIdx> Image::elems() const { return data_->elems; }
std::optional<module::LaidOutData> Image::laid_out() const { return data_->laid_out; }
std::span<const uint8_t> Image::header() const { return data_->bytes().first(sizeof(Header)); }
std::span<const uint8_t> Image::bytes() const { return data_->bytes(); }
const uint8_t* Image::code() const { return data_->code.data(); }
uint32_t Image::text_size() const { return data_->text_size; }
uint32_t Image::entry_count() const { return static_cast<uint32_t>(data_->entries.size()); }
std::span<const FrameRow> Image::frames() const { return data_->frames; }

const void* Image::entry(uint32_t i) const {
  if (i >= data_->entries.size()) return nullptr;
  const uint32_t entry = data_->entries[i];
  return entry == 0 || entry > data_->text_size ? nullptr : code() + (entry - 1);
}

std::span<const LoopRow> Image::loops() const { return data_->loops; }

const void* Image::entry(const LoopRow& loop) const {
  return loop.entry >= data_->text_size ? nullptr : code() + loop.entry;
}

bool Image::contains(const void* pc) const {
  const auto address = reinterpret_cast<uintptr_t>(pc);
  const auto begin = reinterpret_cast<uintptr_t>(code());
  return address >= begin && address - begin <= data_->text_size;
}

const FrameRow* Image::find_frame(const void* pc, bool returning) const {
  if (!contains(pc)) return nullptr;
  const auto at = static_cast<uint32_t>(static_cast<const uint8_t*>(pc) - code());
  const auto holding = [&](uint32_t offset) -> const FrameRow* {
    const auto after = std::ranges::upper_bound(data_->frames, offset, {}, &FrameRow::begin);
    if (after == data_->frames.begin()) return nullptr;
    const FrameRow& frame = *std::prev(after);
    return offset >= frame.begin && offset < frame.end ? &frame : nullptr;
  };
  const FrameRow* frame = returning ? nullptr : holding(at);
  return frame != nullptr || at == 0 ? frame : holding(at - 1);
}

const void* Image::find_pad(const FrameRow& frame, const void* pc) const {
  if (!contains(pc)) return nullptr;
  const auto at = static_cast<uint32_t>(static_cast<const uint8_t*>(pc) - code());
  const std::span<const PadRow> pads = data_->pads_of(frame);
  const auto found = std::ranges::lower_bound(pads, at, {}, &PadRow::end);
  if (found == pads.end() || at <= found->begin || found->pad >= data_->text_size) return nullptr;
  return code() + found->pad;
}

std::optional<Place> Image::find_place(const FrameRow& frame, const void* pc, bool returning) const {
  if (!contains(pc)) return std::nullopt;
  const auto at = static_cast<uint32_t>(static_cast<const uint8_t*>(pc) - code());
  std::optional<Place> other;
  PlaceReader reader = data_->places_of(frame);
  while (reader.next() && reader.at() <= at) {
    if (reader.at() != at) continue;
    if (reader.call() == returning) return reader.place();
    other = reader.place();
  }
  return other;
}

std::optional<Place> Image::place_before(const FrameRow& frame, const void* pc) const {
  if (!contains(pc)) return std::nullopt;
  const auto at = static_cast<uint32_t>(static_cast<const uint8_t*>(pc) - code());
  PlaceReader last = data_->places_of(frame);
  bool any = false;
  for (PlaceReader reader = last; reader.next() && reader.at() < at; any = true) last = reader;
  return any ? std::optional(last.place()) : std::nullopt;
}

std::vector<Place> Image::places(const FrameRow& frame) const {
  std::vector<Place> out;
  PlaceReader reader = data_->places_of(frame);
  while (reader.next()) out.push_back(reader.place());
  return out;
}

}  // namespace ashlar::native
