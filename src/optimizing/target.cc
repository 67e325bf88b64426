// Chooses LLVM's target, processor, instruction-set extensions and code generation options.
#include "optimizing/target.h"

#include <llvm/ADT/StringMap.h>
#include <llvm/MC/MCSubtargetInfo.h>
#include <llvm/MC/TargetRegistry.h>
#include <llvm/Support/CommandLine.h>
#include <llvm/Support/TargetSelect.h>
#include <llvm/Target/TargetOptions.h>
#include <llvm/TargetParser/Host.h>
#include <llvm/TargetParser/Triple.h>

#include <algorithm>
#include <mutex>

#include "os/cpu_extensions.h"

namespace ashlar::optimizing {

namespace {

void initialize_llvm() {
  static std::once_flag once;
  std::call_once(once, [] {
    // Vectors of 128 bits join to wider ones; what is left of unrolled loops stands behind them, as they may begin
    // where the vectors are aligned.
    const char* const options[] = {"ashlar-llvm", "-slp-revec", "-unroll-runtime-epilog"};
    llvm::cl::ParseCommandLineOptions(std::size(options), options);
    LLVMInitializeX86TargetInfo();
    LLVMInitializeX86Target();
    LLVMInitializeX86TargetMC();
    LLVMInitializeX86AsmPrinter();
    LLVMInitializeX86AsmParser();  // inline assembler
    LLVMInitializeAArch64TargetInfo();
    LLVMInitializeAArch64Target();
    LLVMInitializeAArch64TargetMC();
    LLVMInitializeAArch64AsmPrinter();
    LLVMInitializeAArch64AsmParser();
  });
}

std::unexpected<Error> unsupported(std::string what) {
  return make_error(ErrorCode::unsupported_target, kNoOffset, std::move(what));
}

bool is_host(const std::string& arch) { return arch == os::cpu_arch(); }

// Extensions that code may use. Ashlar itself needs SSE4.1 on x86-64, so compiled code may always count on it: it would
// have to call functions for rounding otherwise. What os/cpu_extensions.def does not list must not be used, as nobody
// could tell whether it is there.
std::string feature_string(const std::string& arch, bool native) {
  std::string out;
  if (native) {
    const llvm::StringMap<bool> host = llvm::sys::getHostCPUFeatures();
    std::vector<std::string> sorted;
    for (const auto& feature : host) sorted.push_back((feature.second ? "+" : "-") + feature.first().str());
    std::sort(sorted.begin(), sorted.end());
    for (const std::string& feature : sorted) out += feature + ",";
  }
  if (arch == "x86_64") {
    out += "+cx16,+sahf,+popcnt,+sse3,+ssse3,+sse4.1,+sse4.2,";
    out += "-egpr,-push2pop2,-ppx,-ndd,-ccmp,-nf,-cf,-zu,-avx10.1,-avx10.2,-amx-tile,";
    // Vectors of 512 bits lower the clock on many machines; gathers are slower than loads on most.
    out += "+prefer-256-bit,+prefer-no-gather,+prefer-no-scatter,";
  }
  if (!out.empty()) out.pop_back();
  return out;
}

llvm::CodeGenOptLevel codegen_level(OptLevel level) {
  switch (level) {
    case OptLevel::O0:
      return llvm::CodeGenOptLevel::None;
    case OptLevel::O1:
      return llvm::CodeGenOptLevel::Less;
    case OptLevel::O2:
    case OptLevel::Os:
      return llvm::CodeGenOptLevel::Default;
    case OptLevel::O3:
      return llvm::CodeGenOptLevel::Aggressive;
  }
  return llvm::CodeGenOptLevel::Default;
}

llvm::TargetOptions target_options() {
  llvm::TargetOptions options;
  options.ExceptionModel = llvm::ExceptionHandling::DwarfCFI;
  // Code never runs into what lies behind it, whatever the optimizer believed to be unreachable.
  options.TrapUnreachable = true;
  options.NoTrapAfterNoreturn = true;
  options.AllowFPOpFusion = llvm::FPOpFusion::Strict;
  return options;
}

std::string processor(const std::string& arch, const std::string& wanted, bool native) {
  if (native) return llvm::sys::getHostCPUName().str();
  if (!wanted.empty() && wanted != "native" && wanted != "generic") return wanted;
  return arch == "x86_64" ? "x86-64-v2" : "generic";
}

}  // namespace

Result<std::unique_ptr<llvm::TargetMachine>> make_target(const CompileOptions& options) {
  initialize_llvm();
  const std::string arch = options.arch.empty() ? std::string(os::cpu_arch()) : options.arch;
  if (os::cpu_extensions(arch).empty()) return unsupported("architecture '" + arch + "'; there are x86_64 and aarch64");
  const bool wants_native = options.cpu.empty() || options.cpu == "native";
  if (options.cpu == "native" && !is_host(arch)) return unsupported("this machine's processor is not of " + arch);
  const bool native = wants_native && is_host(arch);

  const llvm::Triple triple(arch + "-unknown-linux-gnu");
  std::string message;
  const llvm::Target* target = llvm::TargetRegistry::lookupTarget(triple, message);
  if (target == nullptr) return unsupported(message);
  const std::string cpu = processor(arch, options.cpu, native);
  std::unique_ptr<llvm::MCSubtargetInfo> known(target->createMCSubtargetInfo(triple, "", ""));
  if (known == nullptr || !known->isCPUStringValid(cpu)) return unsupported("processor '" + cpu + "' of " + arch);

  std::unique_ptr<llvm::TargetMachine> machine(
      target->createTargetMachine(triple, cpu, feature_string(arch, native), target_options(), llvm::Reloc::PIC_,
                                  llvm::CodeModel::Small, codegen_level(options.level)));
  if (machine == nullptr) return unsupported(arch);
  return machine;
}

native::ImageTarget image_target(const llvm::TargetMachine& target) {
  const bool x86 = target.getTargetTriple().isX86();
  native::ImageTarget out;
  out.arch = x86 ? native::Arch::X86_64 : native::Arch::Aarch64;
  out.cpu = target.getTargetCPU().str();
  const std::vector<llvm::SubtargetFeatureKV> enabled = target.getMCSubtargetInfo()->getEnabledProcessorFeatures();
  for (std::string_view name : os::cpu_extensions(x86 ? "x86_64" : "aarch64")) {
    const bool is_enabled = std::any_of(enabled.begin(), enabled.end(),
                                        [name](const llvm::SubtargetFeatureKV& row) { return name == row.Key; });
    if (!is_enabled) continue;
    if (!out.features.empty()) out.features += ',';
    out.features += '+';
    out.features += name;
  }
  return out;
}

}  // namespace ashlar::optimizing
