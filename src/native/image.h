// Image: compiled code of one module with its tables, as a file lays it out and as a process maps it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "module/module.h"
#include "os/file.h"

namespace ashlar::native {

enum class Arch : uint32_t { X86_64 = 1, Aarch64 = 2 };

/// Which callee-saved registers an aarch64 frame holds, and where. The order of registers is that in which LLVM saves
/// them: x19-x28, x30, x29, d8-d15.
struct SavedMasks {
  uint32_t registers;  ///< bit i: the i-th register is saved
  uint32_t slots;      ///< bit i: the word at cfa - 8 * (i + 1) holds one; as many bits, in the same order
};

/// One compiled function (or a compiled loop entry). Offsets count from the start of the code. Rows ascend by begin.
struct FrameRow {
  uint32_t begin;
  uint32_t end;
  uint32_t func;  ///< index in the module (imports counted)
  /// Bytes of it while the body runs. The canonical frame address (cfa) is the caller's stack pointer. x86-64: sp +
  /// stack_size + 8, the return address is at cfa - 8. aarch64: sp + stack_size, the return address is in x30.
  uint32_t stack_size;
  union {
    int16_t saved[6];          ///< x86-64: rbx, r12-r15, rbp at cfa + saved[i]; 0: not saved
    SavedMasks saved_aarch64;  ///< the rest is zero
  };
  uint32_t pads;  ///< first row of its landing pads
  uint32_t pad_count;
  uint32_t places;  ///< offset of its places among the encoded bytes
  uint32_t place_count;
};

/// Calls that return to (begin, end] continue at `pad` when the callee throws. Of one function ascending and disjoint.
struct PadRow {
  uint32_t begin;
  uint32_t end;
  uint32_t pad;
};

/// An entry into a loop of a function whose frame the interpreter has made: called with the context and the frame's
/// address (runtime/frame_layout.h), returns what the function returns.
struct LoopRow {
  uint32_t func;  ///< index in the module
  uint32_t wasm;  ///< byte offset of the loop instruction
  uint32_t entry;
};

/// Where an instruction comes from. `at`: its own offset when it can fault or trap, the return address for calls.
/// Images for debuggers and profilers have places of all other instructions too.
struct Place {
  uint32_t at;
  uint32_t wasm;  ///< byte offset in the module
  /// Wasm offsets of the calls through which it was inlined, innermost first: the functions are found by the offsets.
  std::vector<uint32_t> inlined_at;
  bool call = false;       ///< `at` is a return address; an instruction that faults may have the same offset
  bool frameless = false;  ///< before the prologue or behind the epilogue
};

/// What the compiled code demands of the process that runs it.
struct ImageTarget {
  Arch arch = Arch::X86_64;
  std::string cpu;       ///< what it was compiled for, as LLVM names it; for messages
  std::string features;  ///< "+avx2,+bmi2": all must be there
};

/// What the code assumes; an image is used only by an engine with the same.
struct ImageConfig {
  bool explicit_bounds = false;
  bool fuel = false;
  uint64_t features = 0;        ///< isa::Features as bits
  std::string fuel_costs = {};  ///< isa::FuelCosts::text; of interest with `fuel`
};

/// All parts of an image, as the compiler makes them.
struct ImageParts {
  ImageTarget target;
  ImageConfig config;
  std::span<const uint8_t> wasm;  ///< the module itself, stored inside
  std::vector<uint8_t> code;      ///< position independent; constants included
  uint32_t text_size = 0;         ///< instructions come first: [0, text_size)
  std::vector<uint32_t> entries;  ///< by defined function: offset of its entry plus 1; 0: not compiled
  std::vector<LoopRow> loops;
  std::vector<FrameRow> frames;            ///< pads, places and their counts are filled by the writer
  std::vector<std::vector<PadRow>> pads;   ///< by frame
  std::vector<std::vector<Place>> places;  ///< by frame, ascending

  // Of a module that validation accepted; with them it is loaded without going through its code and data.
  std::vector<module::Func> funcs;     ///< all of them; empty: not described
  std::vector<module::FuncIdx> elems;  ///< of its segments that list functions, one behind the other
  bool data_laid_out = false;
  uint32_t data_segments = 0;
  std::vector<module::LaidOutData::Run> data_runs;
  std::vector<uint8_t> data;
};

/// Fills what the parts say of the module itself: see image_module.cc.
void describe_module(const module::Module& m, ImageParts& parts);

/// The bytes of an artifact. Deterministic. Layout: image_format.h.
std::vector<uint8_t> write_image(const ImageParts& parts);

/// A mapped artifact. Immutable and thread-safe. The code lives as long as the Image.
class Image {
 public:
  /// How much is verified before anything is believed: a whole foreign file, or one of our own cache. Inspect is Verify
  /// for any architecture and processor; nothing is made executable, so that entries are only to be looked at.
  enum class Trust : uint8_t { Verify, Cache, Inspect };
  /// Maps a file. Errors: Io, and Artifact ("not an Ashlar artifact", version, truncated, damaged, other processor).
  static Result<std::shared_ptr<Image>> open(const std::string& path, Trust trust);
  /// Maps a part of a file, from the beginning of a page on.
  static Result<std::shared_ptr<Image>> open_part(const os::Fd& file, uint64_t offset, uint64_t size, Trust trust);
  /// From bytes in memory; the code is copied to executable pages.
  static Result<std::shared_ptr<Image>> load(std::span<const uint8_t> bytes, Trust trust);
  ~Image();
  Image(const Image&) = delete;
  Image& operator=(const Image&) = delete;

  const ImageTarget& target() const;
  const ImageConfig& config() const;
  std::span<const uint8_t> wasm() const;  ///< the module's bytes
  Trust trust() const;
  /// All functions of the module; empty when the image does not describe it. As far to be believed as the image.
  std::span<const module::Func> funcs() const;
  /// What its element segments list, likewise.
  std::span<const module::FuncIdx> elems() const;
  /// Its active data segments as they lie in memory. What it points to lives as long as the image.
  std::optional<module::LaidOutData> laid_out() const;
  /// What tells this artifact from any other: its header, which holds the hash of the rest.
  std::span<const uint8_t> header() const;
  /// The artifact, as it was opened or loaded.
  std::span<const uint8_t> bytes() const;

  const uint8_t* code() const;
  uint32_t text_size() const;
  /// Entry of defined function i; null when it is not compiled.
  const void* entry(uint32_t i) const;
  uint32_t entry_count() const;
  std::span<const LoopRow> loops() const;
  const void* entry(const LoopRow& loop) const;

  bool contains(const void* pc) const;
  /// The function whose code holds pc; null when none. `returning`: pc is a return address, which may be the first byte
  /// behind a function whose last instruction is a call.
  const FrameRow* find_frame(const void* pc, bool returning = false) const;
  /// The landing pad for a callee that would return to `pc` and throws; null when nothing catches.
  const void* find_pad(const FrameRow& frame, const void* pc) const;
  /// `returning`: pc is a return address. Where only the other kind of place is at pc, that one.
  std::optional<Place> find_place(const FrameRow& frame, const void* pc, bool returning = false) const;
  /// The last place before pc, for an instruction that has none.
  std::optional<Place> place_before(const FrameRow& frame, const void* pc) const;
  std::span<const FrameRow> frames() const;
  std::vector<Place> places(const FrameRow& frame) const;

 private:
  Image() = default;
  static Result<std::shared_ptr<Image>> adopt(uint8_t* pages, uint64_t size, Trust trust, os::Fd file,
                                              uint64_t offset = 0);
  struct Data;
  std::unique_ptr<Data> data_;
};

/// The image that holds pc, of all in this process; lock-free enough for a signal handler. Null when none.
const Image* find_image(const void* pc);

}  // namespace ashlar::native
