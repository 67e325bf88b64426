// Laying out data segments in files that exist in memory only.
#include "runtime/memory_image.h"

#include <algorithm>

#include "os/pages.h"
#include "runtime/memory_pool.h"

namespace ashlar::runtime {

MemoryImage::MemoryImage(const MemorySize& size, MemoryPool* pool) : size_(size), pool_(pool) {
  if (pool_ != nullptr) pool_->add_image(*this);
}

MemoryImage::~MemoryImage() {
  if (pool_ != nullptr) pool_->remove_image(*this);
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
  have_data_ = lay_out(m);
  for (auto& image : images_) {
    if (image == nullptr || !image->file_) continue;
    const uint8_t* view = have_data_ ? image->file_->seal() : nullptr;
    if (view == nullptr) have_data_ = false;
    image->contents_ = {view, image->contents_.size()};
  }
  if (have_data_) return;
  for (auto& image : images_) {
    if (image == nullptr) continue;
    image->contents_ = {};
    image->file_.reset();
  }
}

bool InitialMemories::lay_out(const module::Module& m) {
  if (m.laid_out) {
    for (const module::LaidOutData::Run& run : m.laid_out->runs) {
      const std::span<const uint8_t> all = m.laid_out->bytes;
      if (run.offset > all.size() || run.size > all.size() - run.offset) return false;
      if (m.imported_memories != 0 || !write(0, run.at, all.subspan(run.offset, run.size))) return false;
    }
    return true;
  }
  for (const module::Data& data : m.datas) {
    if (data.mode == module::SegmentMode::Active && !fixed_place(m, data)) return false;
  }
  // In their order: where two overlap, the later counts.
  for (const module::Data& data : m.datas) {
    if (data.mode != module::SegmentMode::Active || data.bytes_size == 0) continue;
    if (!write(data.memory, *fixed_place(m, data), m.bytes.subspan(data.bytes_offset, data.bytes_size))) return false;
  }
  return true;
}

bool InitialMemories::write(uint32_t memory, uint64_t at, std::span<const uint8_t> bytes) {
  MemoryImage* image = this->image(memory);
  if (image == nullptr) return false;
  const uint64_t size = image->size_.min_bytes;
  if (at > size || bytes.size() > size - at) return false;
  if (!image->file_) {
    // emplace(): an assignment would need one of what owns a descriptor.
    auto file = os::MemoryFile::make(os::round_up_to_pages(size));
    if (!file) return false;
    image->file_.emplace(std::move(*file));
  }
  // The view comes when everything is written: until then only its size is known.
  const uint64_t end = os::round_up_to_pages(std::max<uint64_t>(image->contents_.size(), at + bytes.size()));
  image->contents_ = {static_cast<const uint8_t*>(nullptr), end};
  return image->file_->write(at, bytes.data(), bytes.size());
}

}  // namespace ashlar::runtime
