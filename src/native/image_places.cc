// The delta coding of places: which instruction comes from which byte of the module.
#include "native/image_format.h"

namespace ashlar::native {

namespace {

uint32_t zigzag(uint32_t delta) { return delta << 1 ^ static_cast<uint32_t>(static_cast<int32_t>(delta) >> 31); }
uint32_t unzigzag(uint32_t coded) { return coded >> 1 ^ (0u - (coded & 1)); }

void put_varint(std::vector<uint8_t>& out, uint64_t v) {
  for (; v >= 0x80; v >>= 7) out.push_back(static_cast<uint8_t>(v | 0x80));
  out.push_back(static_cast<uint8_t>(v));
}

void put_chain(std::vector<uint8_t>& out, const Place& place) {
  put_varint(out, place.inlined_at.size());
  uint32_t last = place.wasm;
  for (uint32_t wasm : place.inlined_at) {
    put_varint(out, zigzag(wasm - last));
    last = wasm;
  }
}

}  // namespace

void encode_places(std::span<const Place> places, uint32_t begin, std::vector<uint8_t>& out) {
  uint32_t at = begin;
  uint32_t wasm = 0;
  const std::vector<uint32_t>* chain = nullptr;
  for (const Place& place : places) {
    CHECK(place.at >= at && place.at - at < 1u << 29);
    CHECK(place.inlined_at.size() <= kMaxInlined);
    ChainKind kind = kNotInlined;
    if (!place.inlined_at.empty()) kind = chain != nullptr && *chain == place.inlined_at ? kSameChain : kNewChain;
    const ChainKind shown = place.frameless ? kFlagged : kind;
    put_varint(out, (place.at - at) << 3 | shown << 1 | uint32_t{place.call});
    if (place.frameless) out.push_back(static_cast<uint8_t>(kind << 1 | 1));
    put_varint(out, zigzag(place.wasm - wasm));
    if (kind == kNewChain) {
      put_chain(out, place);
      chain = &place.inlined_at;
    }
    at = place.at;
    wasm = place.wasm;
  }
}

bool PlaceReader::varint(uint32_t& out) {
  out = 0;
  for (unsigned shift = 0; shift < 35; shift += 7) {
    if (pos_ >= bytes_.size()) return false;
    const uint8_t byte = bytes_[pos_++];
    if (shift == 28 && byte > 0x0f) return false;
    out |= uint32_t{byte & 0x7fu} << shift;
    if (byte < 0x80) return true;
  }
  return false;
}

bool PlaceReader::chain(ChainKind kind) {
  inlined_ = kind != kNotInlined;
  if (kind == kSameChain) return chain_pos_ != 0;
  if (kind != kNewChain) return true;
  chain_pos_ = pos_;
  chain_wasm_ = wasm_;
  uint32_t count = 0;
  if (!varint(count) || count > kMaxInlined) return false;
  for (uint32_t ignored = 0; count > 0; --count) {
    if (!varint(ignored)) return false;
  }
  return true;
}

bool PlaceReader::next() {
  if (left_ == 0 || damaged_) return false;
  --left_;
  damaged_ = true;
  uint32_t head = 0;
  if (!varint(head)) return false;
  if (__builtin_add_overflow(at_, head >> 3, &at_)) return false;
  call_ = (head & 1) != 0;
  uint32_t kind = head >> 1 & 3;
  frameless_ = kind == kFlagged;
  if (frameless_) {
    uint32_t flags = 0;
    if (!varint(flags) || flags >> 1 >= kFlagged) return false;
    kind = flags >> 1;
    frameless_ = (flags & 1) != 0;
  }
  uint32_t delta = 0;
  if (!varint(delta)) return false;
  wasm_ += unzigzag(delta);
  if (!chain(static_cast<ChainKind>(kind))) return false;
  damaged_ = false;
  return true;
}

Place PlaceReader::place() const {
  Place out{.at = at_, .wasm = wasm_, .inlined_at = {}, .call = call_, .frameless = frameless_};
  if (!inlined_) return out;
  // These bytes were read once by chain(): they are whole.
  PlaceReader reader = *this;
  reader.pos_ = chain_pos_;
  uint32_t count = 0;
  uint32_t wasm = chain_wasm_;
  if (!reader.varint(count)) return out;
  for (uint32_t delta = 0; count > 0 && reader.varint(delta); --count) {
    wasm += unzigzag(delta);
    out.inlined_at.push_back(wasm);
  }
  return out;
}

}  // namespace ashlar::native
