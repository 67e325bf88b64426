// Disassembly by LLVM's machine-code layer.
#include "optimizing/disassemble.h"

#include <llvm/MC/MCAsmInfo.h>
#include <llvm/MC/MCContext.h>
#include <llvm/MC/MCDisassembler/MCDisassembler.h>
#include <llvm/MC/MCInst.h>
#include <llvm/MC/MCInstPrinter.h>
#include <llvm/MC/MCInstrAnalysis.h>
#include <llvm/MC/MCInstrInfo.h>
#include <llvm/MC/MCRegisterInfo.h>
#include <llvm/MC/MCSubtargetInfo.h>
#include <llvm/MC/MCTargetOptions.h>
#include <llvm/MC/TargetRegistry.h>
#include <llvm/Support/TargetSelect.h>
#include <llvm/Support/raw_ostream.h>
#include <llvm/TargetParser/Triple.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <unordered_map>

#include "binary/decode.h"
#include "native/compiler_protocol.h"
#include "native/image.h"

namespace ashlar::optimizing {
namespace {

using native::FrameRow;
using native::Image;
using native::Place;

/// LLVM's tools for one architecture; members are destroyed in the reverse of the order they need each other.
struct Tools {
  llvm::Triple triple;
  llvm::MCTargetOptions options;
  std::unique_ptr<llvm::MCRegisterInfo> registers;
  std::unique_ptr<llvm::MCAsmInfo> assembler;
  std::unique_ptr<llvm::MCSubtargetInfo> subtarget;
  std::unique_ptr<llvm::MCInstrInfo> instructions;
  std::unique_ptr<llvm::MCInstrAnalysis> analysis;
  std::unique_ptr<llvm::MCContext> context;
  std::unique_ptr<llvm::MCDisassembler> disassembler;
  std::unique_ptr<llvm::MCInstPrinter> printer;
};

Result<std::unique_ptr<Tools>> make_tools(native::Arch arch) {
  llvm::InitializeAllTargetInfos();
  llvm::InitializeAllTargetMCs();
  llvm::InitializeAllDisassemblers();
  const bool x86 = arch == native::Arch::X86_64;
  auto out = std::make_unique<Tools>();
  out->triple = llvm::Triple(x86 ? "x86_64-unknown-linux-gnu" : "aarch64-unknown-linux-gnu");
  std::string why;
  const llvm::Target* target = llvm::TargetRegistry::lookupTarget(out->triple, why);
  if (target == nullptr) return make_error(ErrorCode::unsupported_target, kNoOffset, why);
  out->registers.reset(target->createMCRegInfo(out->triple));
  out->assembler.reset(target->createMCAsmInfo(*out->registers, out->triple, out->options));
  // Whatever it was compiled for, every instruction is to be told.
  out->subtarget.reset(target->createMCSubtargetInfo(out->triple, "", x86 ? "" : "+all"));
  out->instructions.reset(target->createMCInstrInfo());
  out->analysis.reset(target->createMCInstrAnalysis(out->instructions.get()));
  out->context = std::make_unique<llvm::MCContext>(out->triple, out->assembler.get(), out->registers.get(),
                                                   out->subtarget.get(), nullptr, &out->options);
  out->disassembler.reset(target->createMCDisassembler(*out->subtarget, *out->context));
  constexpr unsigned kIntelSyntax = 1;
  out->printer.reset(target->createMCInstPrinter(out->triple, x86 ? kIntelSyntax : 0, *out->assembler,
                                                 *out->instructions, *out->registers));
  if (!out->disassembler || !out->printer) {
    return make_error(ErrorCode::unsupported_target, kNoOffset, "no disassembler for " + out->triple.str());
  }
  out->printer->setPrintImmHex(true);
  out->printer->setPrintBranchImmAsAddress(true);
  return out;
}

/// What the trap instruction at the beginning of the bytes tells; empty when it is none, or not one of ours.
std::string_view trap_text(native::Arch arch, std::span<const uint8_t> bytes) {
  unsigned number = 0;
  if (arch == native::Arch::X86_64) {
    // ud1 eax, [eax + number]
    constexpr uint8_t kTrap[] = {0x67, 0x0f, 0xb9, 0x40};
    if (bytes.size() != sizeof kTrap + 1 || !std::ranges::equal(kTrap, bytes.first(sizeof kTrap))) return {};
    number = bytes.back();
  } else {
    // brk #(0x5500 + number)
    if (bytes.size() != 4 || (bytes[0] & 0x1f) != 0 || (bytes[2] & 0xe0) != 0x20 || bytes[3] != 0xd4) return {};
    const unsigned immediate = (bytes[0] | bytes[1] << 8 | bytes[2] << 16) >> 5 & 0xffff;
    if (immediate >> 8 != 0x55) return {};
    number = immediate & 0xff;
  }
  switch (number) {
#define TRAP(number, id) \
  case number:           \
    return error_info(ErrorCode::id).text;
#include "runtime/traps.def"
#undef TRAP
    default:
      return {};
  }
}

class Disassembly {
 public:
  Disassembly(const Image& image, Tools& tools, int out)
      : image_(image), tools_(tools), out_(out), code_(image.code(), image.text_size()) {
    binary::DecodeOptions options;
    options.features = isa::Features::all();
    // Only for names: without them everything is shown by its number.
    if (auto module = binary::decode(image.wasm(), nullptr, options)) module_ = std::move(*module);
    for (const FrameRow& frame : image.frames()) entries_.emplace(frame.begin, frame.func);
  }

  void run() {
    uint32_t shown = 0;
    for (const FrameRow& frame : image_.frames()) {
      // A cache's artifacts are not checked row by row.
      if (frame.begin < shown || frame.end < frame.begin || frame.end > code_.size()) continue;
      shown = frame.end;
      function(frame);
      constexpr size_t kFlushAt = 1 << 16;
      if (text_.size() >= kFlushAt && !flush()) return;
    }
    flush();
  }

 private:
  template <class... Args>
  void print(const char* format, Args... args) {
    char line[96];
    text_ += std::string_view(line, static_cast<size_t>(std::snprintf(line, sizeof line, format, args...)));
  }

  void name(uint32_t func) {
    print("func[%u]", func);
    if (!module_) return;
    const auto found = module_->names.funcs.find(func);
    if (found == module_->names.funcs.end()) return;
    text_ += " <";
    for (char c : found->second) {
      if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
        print("\\%02x", static_cast<unsigned char>(c));
      } else {
        text_ += c;
      }
    }
    text_ += '>';
  }

  void function(const FrameRow& frame) {
    print("\n%06x ", frame.begin);
    name(frame.func);
    print(": %u bytes, frame of %u\n", frame.end - frame.begin, frame.stack_size);
    places_ = image_.places(frame);
    next_place_ = 0;
    for (uint64_t at = frame.begin; at < frame.end;) at += instruction(at, frame);
    pads(frame);
  }

  /// The place of the instruction in [at, end): its own, or, behind it, where its callee returns to.
  const Place* find_place(uint64_t at, uint64_t end) {
    while (next_place_ < places_.size() && places_[next_place_].at < at) ++next_place_;
    const Place* found = nullptr;
    for (size_t i = next_place_; i < places_.size() && places_[i].at <= end; ++i) {
      const bool own = places_[i].at == at && !places_[i].call;
      if (own) return &places_[i];
      if (places_[i].at == end && places_[i].call) found = &places_[i];
    }
    return found;
  }

  uint64_t instruction(uint64_t at, const FrameRow& frame) {
    llvm::MCInst inst;
    uint64_t size = 0;
    const llvm::ArrayRef<uint8_t> rest(code_.data() + at, frame.end - at);
    const bool known =
        tools_.disassembler->getInstruction(inst, size, rest, at, llvm::nulls()) != llvm::MCDisassembler::Fail;
    size = std::clamp<uint64_t>(size, 1, rest.size());
    print(" %06llx", static_cast<unsigned long long>(at));
    if (const Place* place = find_place(at, at + size)) {
      print(" %06x%c |", place->wasm, place->inlined_at.empty() ? ' ' : '*');
    } else {
      text_ += "         |";
    }
    if (!known) {
      for (uint64_t i = 0; i < size; ++i) print(" %02x", code_[at + i]);
      text_ += '\n';
      return size;
    }
    std::string line;
    llvm::raw_string_ostream stream(line);
    // Where branches count from: the next instruction on x86-64, this one on AArch64.
    const uint64_t origin = tools_.triple.isX86() ? at + size : at;
    tools_.printer->printInst(&inst, origin, "", *tools_.subtarget, stream);
    append_instruction(line);
    target(inst, at, size, frame);
    const std::string_view trap = trap_text(image_.target().arch, code_.subspan(at, size));
    if (!trap.empty()) text_ += "  ; trap: " + std::string(trap);
    text_ += '\n';
    return size;
  }

  /// LLVM's "\tmnemonic\toperands", without the tabs.
  void append_instruction(std::string_view line) {
    text_ += ' ';
    line.remove_prefix(std::min(line.find_first_not_of("\t "), line.size()));
    const size_t tab = line.find('\t');
    std::string mnemonic(line.substr(0, tab));
    if (tab != line.npos) {
      constexpr size_t kColumn = 8;
      mnemonic.resize(std::max(mnemonic.size() + 1, kColumn), ' ');
      mnemonic += line.substr(tab + 1);
    }
    text_ += mnemonic;
  }

  /// Says which function a call or jump goes to.
  void target(const llvm::MCInst& inst, uint64_t at, uint64_t size, const FrameRow& frame) {
    uint64_t to = 0;
    if (!tools_.analysis || !tools_.analysis->evaluateBranch(inst, at, size, to)) return;
    const auto found = entries_.find(static_cast<uint32_t>(to));
    const bool is_call = tools_.analysis->isCall(inst);
    if (found == entries_.end() || to != found->first || (!is_call && to >= frame.begin && to < frame.end)) return;
    text_ += "  ; ";
    name(found->second);
  }

  void pads(const FrameRow& frame) {
    for (const Place& place : places_) {
      if (!place.call) continue;
      const void* pad = image_.find_pad(frame, image_.code() + place.at);
      if (pad == nullptr) continue;
      const auto to = static_cast<const uint8_t*>(pad) - image_.code();
      print("   a throw before %06x goes to %06x\n", place.at, static_cast<unsigned>(to));
    }
  }

  bool flush() {
    std::string_view rest = text_;
    while (!rest.empty()) {
      const ssize_t written = ::write(out_, rest.data(), rest.size());
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) return false;
      rest.remove_prefix(static_cast<size_t>(written));
    }
    text_.clear();
    return true;
  }

  const Image& image_;
  Tools& tools_;
  int out_;
  std::span<const uint8_t> code_;
  std::unique_ptr<module::Module> module_;
  std::unordered_map<uint32_t, uint32_t> entries_;  ///< offset of the code to function
  std::vector<Place> places_;                       ///< of the function being shown
  size_t next_place_ = 0;
  std::string text_;
};

}  // namespace

Status disassemble_artifact(const std::string& artifact, int out) {
  const int fd = native::descriptor_of(artifact);
  const std::string path = fd < 0 ? artifact : "/proc/self/fd/" + std::to_string(fd);
  TRY_ASSIGN(const std::shared_ptr<Image> image, Image::open(path, Image::Trust::Inspect));
  TRY_ASSIGN(const std::unique_ptr<Tools> tools, make_tools(image->target().arch));
  Disassembly(*image, *tools, out).run();
  return {};
}

}  // namespace ashlar::optimizing
