// Call frame information, made of frame rows, places and prologues.
#include "inspect/unwind_table.h"

#include "native/x64/prologue.h"

namespace ashlar::inspect {

namespace {

using native::FrameRow;
using native::Image;
using native::Place;

// x86-64 in DWARF's numbers.
constexpr uint8_t kStackPointer = 7;
constexpr uint8_t kReturnAddress = 16;
constexpr uint8_t kSaved[] = {3, 12, 13, 14, 15, 6};  // as in FrameRow::saved
constexpr int64_t kSlot = 8;
static_assert(std::size(kSaved) == std::size(FrameRow{}.saved));

enum CfaOp : uint8_t {
  kNop = 0,
  kAdvance4 = 0x04,
  kDefCfa = 0x0c,
  kDefCfaOffset = 0x0e,
  kAdvance = 0x40,
  kOffset = 0x80,
  kRestore = 0xc0,
};
constexpr uint8_t kPcRelative8 = 0x1c;  // DW_EH_PE_pcrel | DW_EH_PE_sdata8

/// The instructions for one function: where its frame is whole, where there is none, and the steps of a prologue at its
/// begin. Rows do not tell how far an epilogue is: it counts as whole until the place behind it.
class FrameProgram {
 public:
  FrameProgram(const Image& image, const Function& function, Bytes& out)
      : row_(*function.row), code_(function.code), out_(out), at_(row_.begin) {
    prologue();
    for (const Place& place : image.places(row_)) {
      if (place.at < at_ || place.at >= row_.end || place.frameless == frameless_) continue;
      place.frameless ? leave(place.at) : enter(place.at);
    }
  }

 private:
  void prologue() {
    int64_t depth = 0;
    size_t at = 0;
    constexpr size_t kLongest = 8;
    while (depth < row_.stack_size && at + kLongest < code_.size()) {
      const native::PrologueStep step = native::prologue_step(&code_[at]);
      if (step.size == 0) break;
      at += step.size;
      if (step.depth == 0) continue;
      depth += step.depth;
      advance(row_.begin + static_cast<uint32_t>(at));
      cfa_offset(depth + kSlot);
      for (size_t i = 0; i < std::size(kSaved); ++i) {
        if (row_.saved[i] == -(depth + kSlot)) saved(i);
      }
    }
    frameless_ = depth != row_.stack_size;
  }

  void enter(uint32_t at) {
    advance(at);
    cfa_offset(row_.stack_size + kSlot);
    for (size_t i = 0; i < std::size(kSaved); ++i) saved(i);
    frameless_ = false;
  }

  void leave(uint32_t at) {
    advance(at);
    cfa_offset(kSlot);
    for (size_t i = 0; i < std::size(kSaved); ++i) {
      if (row_.saved[i] != 0) out_.byte(kRestore | kSaved[i]);
    }
    frameless_ = true;
  }

  void saved(size_t i) {
    if (row_.saved[i] >= 0 || row_.saved[i] % kSlot != 0) return;
    out_.byte(kOffset | kSaved[i]);
    out_.uleb(static_cast<uint64_t>(-row_.saved[i] / kSlot));
  }

  void cfa_offset(int64_t offset) {
    out_.byte(kDefCfaOffset);
    out_.uleb(static_cast<uint64_t>(offset));
  }

  void advance(uint32_t to) {
    const uint32_t by = to - at_;
    at_ = to;
    if (by == 0) return;
    if (by < kAdvance) return out_.byte(static_cast<uint8_t>(kAdvance | by));
    out_.byte(kAdvance4);
    out_.put(by);
  }

  const FrameRow& row_;
  std::span<const uint8_t> code_;
  Bytes& out_;
  uint32_t at_;
  bool frameless_ = true;
};

/// Runs `content` and puts the size in front, with padding behind.
template <class F>
void entry(Bytes& out, F content) {
  const size_t begin = out.size();
  out.put(uint32_t{0});
  content();
  out.pad_to(8, kNop);
  out.set(begin, static_cast<uint32_t>(out.size() - begin - sizeof(uint32_t)));
}

void common(Bytes& out) {
  entry(out, [&] {
    constexpr uint8_t kVersion = 1;
    out.put(uint32_t{0});
    out.byte(kVersion);
    out.text("zR");
    out.uleb(1);  // of code
    out.sleb(-kSlot);
    out.byte(kReturnAddress);
    out.uleb(1);
    out.byte(kPcRelative8);
    out.byte(kDefCfa);
    out.uleb(kStackPointer);
    out.uleb(kSlot);
    out.byte(kOffset | kReturnAddress);
    out.uleb(1);
  });
}

/// `address`: where the section will lie.
void function_entry(Bytes& out, const Image& image, const Function& function, uint64_t address) {
  entry(out, [&] {
    out.put(static_cast<uint32_t>(out.size()));  // back to the common entry at 0
    out.put(function.address() - (address + out.size()));
    out.put(uint64_t{function.code.size()});
    out.uleb(0);
    FrameProgram(image, function, out);
  });
}

}  // namespace

Bytes eh_frame(const Image& image, std::span<const Function> functions, uint64_t address) {
  Bytes out;
  if (image.target().arch != native::Arch::X86_64) return out;
  common(out);
  for (const Function& function : functions) function_entry(out, image, function, address);
  out.put(uint32_t{0});
  return out;
}

}  // namespace ashlar::inspect
