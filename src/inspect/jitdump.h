// perf's dump of code made at run time: jit-PID.dump, with the code itself and lines. The format is that of perf's
// jitdump-specification.txt.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/error.h"
#include "inspect/functions.h"
#include "module/module.h"
#include "native/source_lines.h"
#include "os/file.h"

namespace ashlar::inspect {

class Jitdump {
 public:
  /// Makes the file of this process in `folder`, and maps it so that perf notes where it is. Errors: Io.
  static Result<Jitdump> create(const std::string& folder);
  /// Adds the functions of an image. Where there is no line for a place, it is the offset in `file`, the module.
  /// Errors: Io.
  Status add(const native::Image& image, const module::Module& m, std::span<const Function> functions,
             const native::SourceLines& lines, std::string_view file);

 private:
  Jitdump(std::string path, os::Fd file) : path_(std::move(path)), file_(std::move(file)) {}
  std::string path_;
  os::Fd file_;
  uint64_t next_ = 0;  ///< numbers code for good
};

}  // namespace ashlar::inspect
