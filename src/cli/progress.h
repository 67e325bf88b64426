// A line on the terminal that says how far long work is.
#pragma once

#include <cstdint>
#include <string>

namespace ashlar::cli {

/// Shown on standard error when that is a terminal and the work takes longer than half a second; gone at the end.
class ProgressBar {
 public:
  /// `what`: "compiling app.wasm".
  explicit ProgressBar(std::string what);
  ~ProgressBar() { clear(); }
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  /// `all` is 0 as long as nobody knows.
  void update(uint64_t done, uint64_t all);
  void clear();

 private:
  std::string what_;
  uint64_t started_;
  bool possible_;
  bool shown_ = false;
  uint64_t drawn_ = 0;  ///< when
};

/// The line, without what the terminal needs. `elapsed_ns`: since the work began.
std::string progress_line(const std::string& what, uint64_t done, uint64_t all, uint64_t elapsed_ns, unsigned columns);

/// "3.4 MB", "812 bytes".
std::string size_text(uint64_t bytes);

}  // namespace ashlar::cli
