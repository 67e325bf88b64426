// Names and lines of backtraces.
#include "runtime/backtrace.h"

#include <algorithm>
#include <cstdio>
#include <string_view>
#include <utility>

namespace ashlar::runtime {

namespace {

std::string text_of(const ErrorFrames& frames) {
  std::string out = "wasm backtrace:";
  int number = 0;
  for (const ErrorFrame& f : frames.known) {
    char prefix[48];
    std::snprintf(prefix, sizeof prefix, "\n  %4d: %#8llx - ", number++, static_cast<unsigned long long>(f.offset));
    out += prefix;
    out += f.module_name.empty() ? std::string_view("<unknown>") : std::string_view(f.module_name);
    out += '!';
    out += f.func_name;
  }
  if (frames.more != 0) out += "\n  ... " + std::to_string(frames.more) + " more frames";
  return out;
}

/// The notes in front of the backtrace that ends them.
std::string_view without_backtrace(std::string_view notes, const ErrorFrames& frames) {
  const std::string shown = text_of(frames);
  if (frames.known.empty() || !notes.ends_with(shown)) return notes;
  notes.remove_suffix(shown.size());
  if (notes.ends_with('\n')) notes.remove_suffix(1);
  return notes;
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
  if (full()) return skip(1);
  frames_.known.push_back({.module = &m,
                           .func = f,
                           .offset = offset,
                           .func_offset = offset - m.funcs[f].body_offset,
                           .module_name = std::string(m.debug_names().module),
                           .func_name = func_name(m, f)});
}

Backtrace LeftFrames::take() {
  Backtrace out;
  for (const Frame& frame : frames_) frame.tell(frame.at, out);
  out.skip(more_);
  clear();
  return out;
}

Error add_backtrace(Error e, Backtrace trace) {
  if (trace.frames_.known.empty()) return e;
  ErrorFrames all = e.frames();
  std::string notes(without_backtrace(e.notes(), all));
  for (ErrorFrame& f : trace.frames_.known) {
    if (all.known.size() >= Backtrace::kMost) {
      ++all.more;
    } else {
      all.known.push_back(std::move(f));
    }
  }
  all.more += trace.frames_.more;
  if (!notes.empty()) notes += '\n';
  notes += text_of(all);
  return std::move(e).set_notes(std::move(notes)).set_frames(std::move(all));
}

}  // namespace ashlar::runtime
