// Laying out data segments, in files that exist in memory only where no artifact has them laid out.
#include "runtime/memory_image.h"

#include <algorithm>
#include <functional>

#include "os/pages.h"
#include "runtime/memory_pool.h"

namespace ashlar::runtime {

namespace {

/// Smaller ones are rather copied than mapped.
constexpr uint64_t kWorthMapping = 64 << 10;
/// A process has some 65,000 mappings, and each memory that is in use takes two more for each piece.
constexpr size_t kMostPieces = 2;

}  // namespace

MemoryImage::MemoryImage(const MemorySize& size, MemoryPool* pool) : size_(size), pool_(pool) {
  if (pool_ != nullptr) pool_->add_image(*this);
}

MemoryImage::~MemoryImage() {
  if (pool_ != nullptr) pool_->remove_image(*this);
  clear();
}

void MemoryImage::clear() {
  if (view_ != nullptr) os::release_pages(view_, contents_);
  view_ = nullptr;
  contents_ = 0;
  pieces_.clear();
  file_.reset();
}

bool MemoryImage::map(uint8_t* base, uint64_t bytes) const {
  if (bytes == 0) return true;
  if (file_ ? !os::map_file_pages(base, bytes, file_->fd(), 0) : !os::open_pages(base, bytes)) return false;
  return std::ranges::all_of(pieces_,
                             [&](const Piece& p) { return os::map_file_pages(base + p.at, p.size, p.file, p.offset); });
}

/// The contents are to have [at, at + size). False where the memory has not.
bool MemoryImage::reach(uint64_t at, uint64_t size) {
  if (at > size_.min_bytes || size > size_.min_bytes - at) return false;
  contents_ = std::max(contents_, os::round_up_to_pages(at + size));
  return true;
}

bool MemoryImage::write(uint64_t at, std::span<const uint8_t> bytes) {
  if (!reach(at, bytes.size())) return false;
  if (!file_) {
    // emplace(): an assignment would need one of what owns a descriptor.
    auto file = os::MemoryFile::make(os::round_up_to_pages(size_.min_bytes));
    if (!file) return false;
    file_.emplace(std::move(*file));
  }
  return file_->write(at, bytes.data(), bytes.size());
}

/// All has been written.
bool MemoryImage::finish() {
  if (contents_ == 0) return true;
  if (file_) file_->seal();
  view_ = os::reserve_pages(contents_);
  return view_ != nullptr && map(view_, contents_) && os::deny_writing(view_, contents_);
}

std::optional<uint64_t> fixed_place(const module::Module& m, const module::Data& data) {
  if (data.mode != module::SegmentMode::Active || data.memory < m.imported_memories) return std::nullopt;
  if (data.offset.insts.size() != 1) return std::nullopt;
  const module::ConstInst& inst = data.offset.insts[0];
  if (inst.op != isa::Op::i32_const && inst.op != isa::Op::i64_const) return std::nullopt;
  const uint64_t at = inst.op == isa::Op::i32_const ? static_cast<uint32_t>(inst.bits[0]) : inst.bits[0];
  const module::MemoryType& type = m.memories[data.memory].type;
  // More pages than there can be bytes: never instantiated.
  const uint64_t bytes = std::min<uint64_t>(type.limits.min, uint64_t{1} << 47) << type.page_size_log2;
  if (at > bytes || data.bytes_size > bytes - at) return std::nullopt;
  return at;
}

void InitialMemories::make(const module::Module& m, uint64_t max_reservation64, MemoryPool* pool) {
  images_.resize(m.memories.size());
  for (size_t i = m.imported_memories; i < m.memories.size(); ++i) {
    const Result<MemorySize> size = MemorySize::of(m.memories[i].type, max_reservation64);
    if (size) images_[i] = std::make_unique<MemoryImage>(*size, pool);
  }
  have_data_ = lay_out(m) && std::ranges::all_of(images_, [](auto& image) { return !image || image->finish(); });
  if (have_data_) return;
  for (auto& image : images_) {
    if (image != nullptr) image->clear();
  }
}

bool InitialMemories::lay_out(const module::Module& m) {
  if (m.laid_out) return take_laid_out(m);
  for (const module::Data& data : m.datas) {
    if (data.mode == module::SegmentMode::Active && !fixed_place(m, data)) return false;
  }
  // In their order: where two overlap, the later counts.
  for (const module::Data& data : m.datas) {
    if (data.mode != module::SegmentMode::Active || data.bytes_size == 0) continue;
    MemoryImage* image = this->image(data.memory);
    const auto bytes = m.bytes.subspan(data.bytes_offset, data.bytes_size);
    if (image == nullptr || !image->write(*fixed_place(m, data), bytes)) return false;
  }
  return true;
}

bool InitialMemories::take_laid_out(const module::Module& m) {
  const module::LaidOutData& data = *m.laid_out;
  if (data.runs.empty()) return true;
  MemoryImage* image = this->image(0);
  if (image == nullptr) return false;
  // The largest are mapped.
  std::vector<module::LaidOutData::Run> runs(data.runs.begin(), data.runs.end());
  std::ranges::sort(runs, std::greater<>(), &module::LaidOutData::Run::size);
  for (const module::LaidOutData::Run& run : runs) {
    if (run.offset > data.bytes.size() || run.size > data.bytes.size() - run.offset) return false;
    const uint64_t offset = data.file_offset + run.offset;
    const bool whole_pages = ((run.at | run.size | offset) & (os::page_size() - 1)) == 0;
    if (data.file >= 0 && whole_pages && run.size >= kWorthMapping && image->pieces_.size() < kMostPieces) {
      if (!image->reach(run.at, run.size)) return false;
      image->pieces_.push_back({run.at, run.size, data.file, offset});
    } else if (!image->write(run.at, data.bytes.subspan(run.offset, run.size))) {
      return false;
    }
  }
  return true;
}

}  // namespace ashlar::runtime
