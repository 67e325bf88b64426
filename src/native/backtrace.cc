// The modules of images, and the wasm frames that an address in compiled code stands for.
#include "native/backtrace.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <unordered_map>

#include "native/enter.h"

namespace ashlar::native {

namespace {

struct ModuleMap {
  std::mutex mutex;
  std::unordered_map<const Image*, const module::Module*> modules;
};
ModuleMap& module_map() {
  static ModuleMap* const map = new ModuleMap;  // outlives every image
  return *map;
}

constinit std::atomic<ImageObserver> image_observer = nullptr;

const module::Module* module_of(const Image& image) {
  ModuleMap& map = module_map();
  std::lock_guard lock(map.mutex);
  auto it = map.modules.find(&image);
  return it == map.modules.end() ? nullptr : it->second;
}

/// The function whose body holds the byte at `offset`. Bodies ascend.
module::FuncIdx func_at(const module::Module& m, uint32_t offset) {
  auto first = m.funcs.begin() + m.imported_funcs;
  auto it = std::upper_bound(first, m.funcs.end(), offset,
                             [](uint32_t o, const module::Func& f) { return o < f.body_offset; });
  return static_cast<module::FuncIdx>((it == first ? it : std::prev(it)) - m.funcs.begin());
}

void add_frames(const Image& image, const void* pc, Trace::First what, runtime::Backtrace& out) {
  const bool returning = what == Trace::First::Return;
  const FrameRow* row = image.find_frame(pc, returning);
  if (row == nullptr) return;
  const module::Module* m = module_of(image);
  if (m == nullptr) return;
  std::optional<Place> place = image.find_place(*row, pc, returning);
  if (!place && what == Trace::First::Anywhere) place = image.place_before(*row, pc);
  if (!place) {
    if (row->func >= m->funcs.size()) return;  // code of no function
    out.add(*m, row->func, m->funcs[row->func].body_offset);
    return;
  }
  out.add(*m, func_at(*m, place->wasm), place->wasm);
  for (uint32_t call : place->inlined_at) out.add(*m, func_at(*m, call), call);
}

}  // namespace

void attach(const Image& image, const module::Module& m) {
  {
    ModuleMap& map = module_map();
    std::lock_guard lock(map.mutex);
    map.modules[&image] = &m;
  }
  if (const ImageObserver observer = image_observer; observer != nullptr) observer(image, m);
}

void set_image_observer(ImageObserver observer) { image_observer = observer; }

bool has_image_observer() { return image_observer != nullptr; }

void detach(const Image& image) {
  ModuleMap& map = module_map();
  std::lock_guard lock(map.mutex);
  map.modules.erase(&image);
}

runtime::Backtrace backtrace_of(const Trace& trace) {
  runtime::Backtrace out;
  for (uint32_t i = 0; i < trace.count; ++i) {
    const void* pc = trace.pcs[i];
    if (const Image* image = find_image(pc)) add_frames(*image, pc, i == 0 ? trace.first : Trace::First::Return, out);
  }
  out.skip(trace.more);
  return out;
}

void leave_frames(const Trace& trace, runtime::LeftFrames& out) {
  const auto tell = [](const void* pc, runtime::Backtrace& told) {
    if (const Image* image = find_image(pc)) add_frames(*image, pc, Trace::First::Return, told);
  };
  for (uint32_t i = 0; i < trace.count; ++i) out.add(trace.pcs[i], tell);
  out.skip(trace.more);
}

}  // namespace ashlar::native
