// The layout of an artifact, shared by its writer and its loader; private to src/native.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "native/image.h"

namespace ashlar::native {

// An artifact, all numbers little-endian:
//
//   Header | strings | fuel costs | entries | loops | frames | pads | places | funcs | elems | runs | wasm | data |
//   code
//
// Parts begin at multiples of 8, data and code at multiples of kCodeAlignment; the code ends the file. Gaps are zero.
// Entries, loops, frames, pads, funcs, elems and runs are arrays as in memory (uint32_t, LoopRow, FrameRow, PadRow,
// module::Func, module::FuncIdx and module::LaidOutData::Run). Data is what runs belong to; funcs, elems and data are
// empty where the module is not described. Strings are the processor's name, then the features; fuel costs are text. A
// function's places follow each other, each:
//
//   varint: (at - previous at) << 3 | chain << 1 | call     previous at: the function's begin for the first
//   byte, only when chain is 3: 2 * (chain of the place) | frameless
//   varint: zigzag(wasm - previous wasm)                    previous wasm: 0 for the first
//   only when chain is 2: varint count, then for each of inlined_at varint: zigzag(it - the one before, first wasm)
//
// chain: 0 not inlined, 1 inlined_at as in the place before, 2 given here.

inline constexpr uint8_t kMagic[8] = {0x89, 'a', 's', 'h', 'l', 'a', 'r', '\n'};
inline constexpr uint32_t kFormatVersion = 7;
inline constexpr uint64_t kCodeAlignment = 16 << 10;

enum Part : uint32_t {
  kStrings,
  kFuelCosts,
  kEntries,
  kLoops,
  kFrames,
  kPads,
  kPlaces,
  kFuncs,
  kElems,
  kRuns,
  kWasm,
  kData,
  kCode,
  kPartCount
};
enum HeaderFlag : uint32_t { kExplicitBounds = 1, kFuel = 2, kDataLaidOut = 4 };
enum ChainKind : uint32_t { kNotInlined, kSameChain, kNewChain, kFlagged };

/// Frames of inlined functions at one place; LLVM's limits keep real ones far below.
inline constexpr uint32_t kMaxInlined = 4096;

struct PartRange {
  uint64_t offset;
  uint64_t size;
};

struct Hash {
  uint64_t low;
  uint64_t high;
  friend bool operator==(const Hash&, const Hash&) = default;
};

struct Header {
  uint8_t magic[8];
  uint32_t version;
  uint32_t arch;
  uint64_t file_size;
  uint32_t flags;
  uint32_t text_size;
  uint64_t wasm_features;
  uint32_t cpu_size;       ///< of the strings, the processor's name
  uint32_t data_segments;  ///< with kDataLaidOut, how many there were
  PartRange parts[kPartCount];
  Hash content;  ///< of everything behind the header
  Hash self;     ///< of the header before this field
};
static_assert(sizeof(Header) == 288);
static_assert(sizeof(FrameRow) == 44 && sizeof(LoopRow) == 12 && sizeof(PadRow) == 12);
static_assert(sizeof(module::Func) == 16 && sizeof(module::FuncIdx) == 4 && sizeof(module::LaidOutData::Run) == 24);

Hash hash_of(std::span<const uint8_t> bytes);
inline Hash hash_of(const Header& header) {
  return hash_of({reinterpret_cast<const uint8_t*>(&header), offsetof(Header, self)});
}

/// Reads the encoded places of one function, one after the other. Damaged bytes end it and are told.
class PlaceReader {
 public:
  PlaceReader(std::span<const uint8_t> bytes, uint32_t begin, uint32_t count)
      : bytes_(bytes), left_(count), at_(begin) {}
  /// False at the end and when the bytes are damaged. Keeps the chain of calls as bytes: see inlined_at.
  bool next();
  bool damaged() const { return damaged_; }
  uint32_t at() const { return at_; }
  bool call() const { return call_; }
  uint32_t wasm() const { return wasm_; }
  Place place() const;

 private:
  bool varint(uint32_t& out);
  bool chain(ChainKind kind);

  std::span<const uint8_t> bytes_;
  size_t pos_ = 0;
  uint32_t left_;
  uint32_t at_;
  uint32_t wasm_ = 0;
  bool call_ = false;
  bool frameless_ = false;
  bool damaged_ = false;
  bool inlined_ = false;
  size_t chain_pos_ = 0;  ///< where the chain in force is encoded; its first delta counts from chain_wasm_
  uint32_t chain_wasm_ = 0;
};

/// Appends places to `out` as PlaceReader reads them.
void encode_places(std::span<const Place> places, uint32_t begin, std::vector<uint8_t>& out);

}  // namespace ashlar::native
