// Tells those who asked of every image that is attached.
#include "inspect/inspect.h"

#include <cstdlib>
#include <cstring>
#include <mutex>

#include "inspect/debug_object.h"
#include "inspect/functions.h"
#include "inspect/gdb.h"
#include "inspect/jitdump.h"
#include "inspect/perf_map.h"
#include "inspect/source.h"
#include "native/enter.h"
#include "os/code_pages.h"
#include "tiering/source_lines.h"

namespace ashlar::inspect {

namespace {

struct State {
  Options options;
  std::optional<PerfMap> map;
  std::optional<Jitdump> dump;
  std::mutex mutex;  ///< images are attached in any thread

  void show(const native::Image& image, const module::Module& m);
  void check(const Status& status) const {
    if (!status && options.warn) options.warn(status.error());
  }
};

native::SourceLines lines_of(const native::Image& image, const module::Module& m, const State& state) {
  if (!tiering::has_dwarf(m)) return {};
  Result<native::SourceLines> lines = source_lines_of(image, m);
  if (lines) return std::move(*lines);
  state.check(make_error(ErrorCode::no_source_lines, kNoOffset, lines.error().message()));
  return {};
}

void State::show(const native::Image& image, const module::Module& m) {
  const std::lock_guard lock(mutex);
  const std::vector<Function> functions = functions_of(image, m);
  if (map) check(map->add(functions, qualifier_of(m)));
  if (!dump && !options.debugger) return;
  const native::SourceLines lines = lines_of(image, m, *this);
  if (dump) check(dump->add(image, m, functions, lines, options.file));
  if (options.debugger) register_debug_object(make_debug_object(image, m, functions, lines));
}

State* state = nullptr;

void on_image(const native::Image& image, const module::Module& m) {
  // perf looks in its map only for code of no file.
  if (state->options.profile == Profile::Perf) {
    if (auto moved = os::detach_from_file(image.code(), image.text_size()); !moved) {
      state->check(
          make_error(ErrorCode::io_failed, kNoOffset, "pages for compiled code", std::strerror(moved.error())));
    }
  }
  state->show(image, m);
}

}  // namespace

std::optional<Profile> profile_from_name(std::string_view name) {
  if (name == "perf") return Profile::Perf;
  if (name == "jitdump") return Profile::Jitdump;
  return std::nullopt;
}

Status start(Options options) {
  state = new State;
  state->options = std::move(options);
  if (state->options.profile == Profile::Perf) {
    TRY_ASSIGN(state->map, PerfMap::create());
  }
  if (state->options.profile == Profile::Jitdump) {
    const char* folder = std::getenv("JITDUMPDIR");
    TRY_ASSIGN(state->dump, Jitdump::create(folder != nullptr && *folder != 0 ? folder : "."));
  }
  native::set_image_observer(on_image);
  return {};
}

}  // namespace ashlar::inspect
