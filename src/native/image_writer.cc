// Writes artifacts: the parts of an image one after the other, then their hashes.
#include <algorithm>
#include <cstring>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "native/image_format.h"

namespace ashlar::native {

Hash hash_of(std::span<const uint8_t> bytes) {
  const XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
  return {hash.low64, hash.high64};
}

namespace {

class Writer {
 public:
  explicit Writer(const ImageParts& parts) : parts_(parts), out_(sizeof(Header)) {}

  std::vector<uint8_t> run() {
    tables();
    header_.cpu_size = static_cast<uint32_t>(parts_.target.cpu.size());
    const std::string strings = parts_.target.cpu + parts_.target.features;
    part(kStrings, strings.data(), strings.size());
    part(kFuelCosts, parts_.config.fuel_costs.data(), parts_.config.fuel_costs.size());
    part(kEntries, parts_.entries.data(), parts_.entries.size() * sizeof(uint32_t));
    part(kLoops, parts_.loops.data(), parts_.loops.size() * sizeof(LoopRow));
    part(kFrames, frames_.data(), frames_.size() * sizeof(FrameRow));
    part(kPads, pads_.data(), pads_.size() * sizeof(PadRow));
    part(kPlaces, places_.data(), places_.size());
    part(kFuncs, parts_.funcs.data(), parts_.funcs.size() * sizeof(module::Func));
    part(kElems, parts_.elems.data(), parts_.elems.size() * sizeof(module::FuncIdx));
    part(kRuns, parts_.data_runs.data(), parts_.data_runs.size() * sizeof(module::LaidOutData::Run));
    part(kWasm, parts_.wasm.data(), parts_.wasm.size());
    part(kData, parts_.data.data(), parts_.data.size(), parts_.data.empty() ? 8 : kCodeAlignment);
    part(kCode, parts_.code.data(), parts_.code.size(), kCodeAlignment);
    finish();
    return std::move(out_);
  }

 private:
  void tables() {
    frames_ = parts_.frames;
    CHECK(parts_.pads.size() == frames_.size() && parts_.places.size() == frames_.size());
    CHECK(parts_.text_size <= parts_.code.size() && parts_.code.size() <= UINT32_MAX);
    uint32_t last_end = 0;
    for (size_t i = 0; i < frames_.size(); ++i) {
      FrameRow& frame = frames_[i];
      CHECK(last_end <= frame.begin && frame.begin < frame.end && frame.end <= parts_.text_size);
      last_end = frame.end;
      frame.pads = static_cast<uint32_t>(pads_.size());
      frame.pad_count = static_cast<uint32_t>(parts_.pads[i].size());
      uint32_t last_pad = frame.begin;
      for (const PadRow& pad : parts_.pads[i]) {
        CHECK(last_pad <= pad.begin && pad.begin < pad.end && pad.end <= frame.end);
        CHECK(frame.begin <= pad.pad && pad.pad < frame.end);
        last_pad = pad.end;
        pads_.push_back(pad);
      }
      frame.places = static_cast<uint32_t>(places_.size());
      frame.place_count = static_cast<uint32_t>(parts_.places[i].size());
      encode_places(parts_.places[i], frame.begin, places_);
      CHECK(places_.size() <= UINT32_MAX);
    }
  }

  void part(Part which, const void* data, size_t size, uint64_t alignment = 8) {
    out_.resize((out_.size() + alignment - 1) & ~(alignment - 1));
    header_.parts[which] = {out_.size(), size};
    const uint8_t* bytes = static_cast<const uint8_t*>(data);
    out_.insert(out_.end(), bytes, bytes + size);
  }

  void finish() {
    std::ranges::copy(kMagic, header_.magic);
    header_.version = kFormatVersion;
    header_.arch = static_cast<uint32_t>(parts_.target.arch);
    header_.file_size = out_.size();
    header_.flags = (parts_.config.explicit_bounds ? kExplicitBounds : 0) | (parts_.config.fuel ? kFuel : 0) |
                    (parts_.data_laid_out ? kDataLaidOut : 0);
    header_.data_segments = parts_.data_laid_out ? parts_.data_segments : 0;
    header_.text_size = parts_.text_size;
    header_.wasm_features = parts_.config.features;
    header_.content = hash_of(std::span<const uint8_t>(out_).subspan(sizeof(Header)));
    header_.self = hash_of(header_);
    std::memcpy(out_.data(), &header_, sizeof(Header));
  }

  const ImageParts& parts_;
  std::vector<uint8_t> out_;
  Header header_ = {};
  std::vector<FrameRow> frames_;
  std::vector<PadRow> pads_;
  std::vector<uint8_t> places_;
};

}  // namespace

std::vector<uint8_t> write_image(const ImageParts& parts) { return Writer(parts).run(); }

}  // namespace ashlar::native
