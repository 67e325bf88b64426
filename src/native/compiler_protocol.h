// How the command asks the compiler program for work: its arguments, its exit codes, and what it says meanwhile.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "isa/features.h"
#include "native/image.h"

namespace ashlar::native {

/// Goes up when the meaning of an argument changes: a program of another version is refused, not misunderstood.
inline constexpr unsigned kCompilerProtocol = 1;

/// Exit codes of the compiler program. Of an error it writes one line to standard error.
enum CompilerExit : int {
  kCompilerDone = 0,
  kCompilerBadModule = 1,    ///< malformed, invalid or beyond a limit
  kCompilerFailed = 2,       ///< wrong arguments, or a fault of the compiler
  kCompilerUnsupported = 3,  ///< a target that it does not know
  kCompilerFiles = 4,        ///< a file cannot be read or written
};

/// One run of the compiler program. Files are paths, or "fd:N" for an inherited descriptor.
struct CompileRequest {
  enum class Emit : uint8_t { Artifact, Ir, Disassembly, SourceLines };

  std::string input;
  std::string output;  ///< not for Disassembly, which goes to standard output
  Emit emit = Emit::Artifact;
  char level = '2';  ///< 0 to 3, or s
  std::string arch;  ///< empty: this machine's
  std::string cpu;   ///< empty: this machine's
  unsigned threads = 0;
  ImageConfig config{.features = isa::Features().raw()};
  bool all_places = false;          ///< the artifact tells of every instruction where it comes from
  std::string source_lines;         ///< for SourceLines: a file of the offsets (32 bits each) that are asked for
  std::string only;                 ///< a file of function indices, one a line; empty: all functions
  std::string passes;               ///< developers: replaces the level's pipeline
  std::string pretend_unsupported;  ///< tests: mnemonics; functions that use one are left out
  int progress = -1;                ///< descriptor that gets lines "DONE ALL" (bytes of code), and "ok" at the end
  bool background = false;          ///< leave the processor to others
  int64_t parent = 0;               ///< process with which it dies; 0: none
  int serve = -1;                   ///< compile for many: a socket from which requests come; all else is unused
};

// A server. It first sends the protocol's version (an unsigned) on its socket (SOCK_SEQPACKET). A request is one
// message: arguments of one run, each with a NUL behind it, and the descriptors that it inherits: standard error, and
// then 3, 4, and so on. The answer is the status of that run, as waitpid gives it (an int). The next request comes
// behind the answer. Each run is a process of its own, which ends with the server; the server ends when its socket is
// closed.
inline constexpr size_t kMostRequest = 64 << 10;
inline constexpr size_t kMostDescriptors = 8;

/// Bits as isa::Features::raw has them, back to the set. Unknown bits are dropped.
isa::Features features_from_bits(uint64_t bits);

/// The program's arguments, its own name not included.
std::vector<std::string> to_arguments(const CompileRequest& request);
/// Reads them back. Errors: Usage.
Result<CompileRequest> parse_arguments(std::span<char* const> arguments);

/// The descriptor that "fd:N" names; -1 for a path.
int descriptor_of(std::string_view file);

}  // namespace ashlar::native
