// The progress line of long work.
#include "cli/progress.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "cli/output.h"
#include "os/clock.h"

namespace ashlar::cli {
namespace {

constexpr uint64_t kShowAfter = 500'000'000;
constexpr uint64_t kRedrawAfter = 100'000'000;
constexpr double kNsPerSecond = 1e9;

bool is_terminal() {
  const char* terminal = std::getenv("TERM");
  return terminal && std::string_view(terminal) != "dumb" && ::isatty(kStderr) == 1;
}

unsigned columns() {
  winsize size = {};
  constexpr unsigned kUsual = 80;
  return ::ioctl(kStderr, TIOCGWINSZ, &size) == 0 && size.ws_col != 0 ? size.ws_col : kUsual;
}

std::string time_text(double seconds) {
  const unsigned whole = static_cast<unsigned>(std::min(seconds, 86400.0));
  return whole < 60 ? strf("%u s", whole) : strf("%u:%02u min", whole / 60, whole % 60);
}

}  // namespace

std::string size_text(uint64_t bytes) {
  constexpr const char* kUnits[] = {"KB", "MB", "GB", "TB"};
  if (bytes < 1024) return strf("%u bytes", static_cast<unsigned>(bytes));
  double value = static_cast<double>(bytes) / 1024;
  size_t unit = 0;
  while (value >= 1024 && unit + 1 < std::size(kUnits)) {
    value /= 1024;
    ++unit;
  }
  return strf("%.1f %s", value, kUnits[unit]);
}

std::string progress_line(const std::string& what, uint64_t done, uint64_t all, uint64_t elapsed_ns, unsigned columns) {
  const double elapsed = static_cast<double>(elapsed_ns) / kNsPerSecond;
  std::string out = what + "  ";
  if (all == 0) {
    out += time_text(elapsed);
  } else {
    const double part = static_cast<double>(std::min(done, all)) / static_cast<double>(all);
    constexpr unsigned kCells = 24;
    const auto full = static_cast<unsigned>(part * kCells);
    out += "[" + std::string(full, '=') + (full < kCells ? ">" : "") +
           std::string(full < kCells ? kCells - full - 1 : 0, ' ');
    out += strf("] %3u %%", static_cast<unsigned>(part * 100));
    // Before that the guess would jump.
    constexpr double kGuessFrom = 0.05;
    if (part >= kGuessFrom) out += "  " + time_text(elapsed / part - elapsed) + " left";
  }
  // A line that wraps could not be taken back. One column stays free: some terminals wrap at the last.
  if (columns != 0 && out.size() >= columns) out.resize(columns - 1);
  return out;
}

ProgressBar::ProgressBar(std::string what)
    : what_(std::move(what)), started_(os::monotonic_now()), possible_(is_terminal()) {}

void ProgressBar::update(uint64_t done, uint64_t all) {
  if (!possible_) return;
  const uint64_t now = os::monotonic_now();
  const uint64_t elapsed = now - started_;
  if (elapsed < kShowAfter || now - drawn_ < kRedrawAfter) return;
  shown_ = true;
  drawn_ = now;
  write_all(kStderr, "\r" + progress_line(what_, done, all, elapsed, columns()) + "\x1b[K");
}

void ProgressBar::clear() {
  if (shown_) write_all(kStderr, "\r\x1b[K");
  shown_ = false;
}

}  // namespace ashlar::cli
