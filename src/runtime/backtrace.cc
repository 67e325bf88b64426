// Names and lines of backtraces.
#include "runtime/backtrace.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "runtime/trace_text.h"

namespace ashlar::runtime {

namespace {

constexpr std::string_view kHeader = "wasm backtrace:";

/// The backtrace that ends some notes.
struct Shown {
  int64_t frames = 0;
  uint64_t more = 0;
  std::string_view text;  ///< all notes, without the line that counts the others
};

constexpr std::string_view kMore = "\n  ... ";

Shown read_notes(std::string_view notes) {
  const size_t header = notes.rfind(kHeader);
  if (header == std::string_view::npos) return {.text = notes};
  Shown out{.text = notes};
  if (const size_t more = notes.find(kMore, header); more != std::string_view::npos) {
    out.more = std::strtoull(notes.data() + more + kMore.size(), nullptr, 10);
    out.text = notes.substr(0, more);
  }
  out.frames = std::count(out.text.begin() + static_cast<ptrdiff_t>(header), out.text.end(), '\n');
  return out;
}

}  // namespace

std::string func_name(const module::Module& m, module::FuncIdx f) {
  const module::NameMap& names = m.debug_names();
  if (auto it = names.funcs.find(f); it != names.funcs.end()) return std::string(it->second);
  for (const module::Export& e : m.exports)
    if (e.kind == module::ExternKind::Func && e.index == f) return std::string(e.name);
  return "func[" + std::to_string(f) + "]";
}

void Backtrace::add(const module::Module& m, module::FuncIdx f, uint32_t offset) {
  if (full()) {
    ++more_;
    return;
  }
  char at[32];
  std::snprintf(at, sizeof at, "%#8x - ", offset);
  lines_.push_back(at + told_name(m, f));
}

std::string told_name(const module::Module& m, module::FuncIdx f) {
  const std::string_view named = m.debug_names().module;
  const std::string_view module = named.empty() ? std::string_view("<unknown>") : named;
  return std::string(module) + '!' + func_name(m, f);
}

std::vector<ToldFrame> told_frames(std::string_view notes) {
  std::vector<ToldFrame> out;
  const size_t header = notes.rfind(kHeader);
  if (header == std::string_view::npos) return out;
  for (size_t at = notes.find('\n', header); at != std::string_view::npos; at = notes.find('\n', at + 1)) {
    const std::string line(notes.substr(at + 1, notes.find('\n', at + 1) - at - 1));
    unsigned number = 0;
    unsigned offset = 0;
    int name = 0;
    // A name of several lines is cut at its first.
    if (std::sscanf(line.c_str(), " %u: %x - %n", &number, &offset, &name) != 2 || name == 0) continue;
    out.push_back({offset, notes.substr(at + 1 + static_cast<size_t>(name), line.size() - static_cast<size_t>(name))});
  }
  return out;
}

Backtrace LeftFrames::take() {
  Backtrace out;
  for (const Frame& frame : frames_) frame.tell(frame.at, out);
  out.skip(more_);
  clear();
  return out;
}

Error add_backtrace(Error e, const Backtrace& trace) {
  if (trace.lines_.empty()) return e;
  const std::string notes = e.notes();
  const Shown shown = read_notes(notes);
  int64_t number = shown.frames;
  uint64_t more = shown.more + trace.more_;
  std::string out(shown.text);
  if (number == 0) {
    if (!out.empty()) out += '\n';
    out += kHeader;
  }
  for (const std::string& line : trace.lines_) {
    if (number >= Backtrace::kMost) {
      ++more;
      continue;
    }
    char prefix[16];
    std::snprintf(prefix, sizeof prefix, "\n  %4d: ", static_cast<int>(number++));
    out += prefix + line;
  }
  if (more != 0) out += std::string(kMore) + std::to_string(more) + " more frames";
  return std::move(e).set_notes(std::move(out));
}

}  // namespace ashlar::runtime
