// Writing of jitdump files.
#include "inspect/jitdump.h"

#include <elf.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "inspect/bytes.h"
#include "inspect/perf_map.h"
#include "inspect/source.h"
#include "os/clock.h"
#include "os/file_bytes.h"
#include "os/pages.h"
#include "tiering/child.h"

namespace ashlar::inspect {

namespace {

constexpr uint32_t kMagic = 0x4a695444;  // "JiTD"
constexpr uint32_t kVersion = 1;

enum RecordId : uint32_t { kCodeLoad = 0, kDebugInfo = 2 };

struct Header {
  uint32_t magic = kMagic;
  uint32_t version = kVersion;
  uint32_t size = sizeof(Header);
  uint32_t machine = 0;
  uint32_t unused = 0;
  uint32_t pid = 0;
  uint64_t time = 0;
  uint64_t flags = 0;
};
static_assert(sizeof(Header) == 40);

#if defined(__x86_64__)
constexpr uint32_t kMachine = EM_X86_64;
#elif defined(__aarch64__)
constexpr uint32_t kMachine = EM_AARCH64;
#endif

template <class F>
void record(Bytes& out, RecordId id, F content) {
  const size_t begin = out.size();
  out.put<uint32_t>(id);
  const size_t size = out.size();
  out.put(uint32_t{0});
  out.put(os::monotonic_now());
  content();
  // Of code perf takes the last bytes of the record: nothing may stand behind them.
  if (id != kCodeLoad) out.pad_to(8);
  out.set(size, static_cast<uint32_t>(out.size() - begin));
}

struct Line {
  uint64_t address;
  uint32_t line;
  std::string_view file;
};

std::vector<Line> lines_of(const native::Image& image, const module::Module& m, const Function& function,
                           const native::SourceLines& lines, std::string_view module_file) {
  std::vector<Line> out;
  for (const PlaceStart& start : place_starts(image, *function.row, m)) {
    Line line{reinterpret_cast<uint64_t>(image.code()) + start.at, start.place.wasm, module_file};
    if (const native::SourceRow* row = lines.find(start.place.wasm)) {
      const native::SourceFrame& frame = lines.frames_of(*row).front();
      if (frame.line == 0) continue;  // of no line: goes on with the one before
      line.line = frame.line;
      line.file = lines.text(frame.file);
    }
    if (out.empty() || out.back().line != line.line || out.back().file != line.file) out.push_back(line);
  }
  return out;
}

void add_debug_info(Bytes& out, const Function& function, std::span<const Line> lines) {
  if (lines.empty()) return;
  record(out, kDebugInfo, [&] {
    out.put(function.address());
    out.put(uint64_t{lines.size()});
    for (const Line& line : lines) {
      out.put(line.address);
      out.put(line.line);
      out.put(uint32_t{0});  // discriminator
      out.text(line.file);
    }
  });
}

}  // namespace

Result<Jitdump> Jitdump::create(const std::string& folder) {
  std::string path = folder + "/jit-" + std::to_string(::getpid()) + ".dump";
  TRY_ASSIGN(os::Fd file, create_anew(path));
  Header header;
  header.machine = kMachine;
  header.pid = static_cast<uint32_t>(::getpid());
  header.time = os::monotonic_now();
  Bytes bytes;
  bytes.put(header);
  TRY(os::write_all(file.raw(), bytes.bytes(), path));
  // perf records what is mapped executable, and so learns the name. It stays.
  if (::mmap(nullptr, os::page_size(), PROT_READ | PROT_EXEC, MAP_PRIVATE, file.raw(), 0) == MAP_FAILED) {
    return tiering::io_failed(path.c_str(), errno);
  }
  return Jitdump(std::move(path), std::move(file));
}

Status Jitdump::add(const native::Image& image, const module::Module& m, std::span<const Function> functions,
                    const native::SourceLines& lines, std::string_view file) {
  const std::string qualifier = qualifier_of(m);
  const auto pid = static_cast<uint32_t>(::getpid());
  const auto tid = static_cast<uint32_t>(::syscall(SYS_gettid));
  Bytes out;
  for (const Function& function : functions) {
    add_debug_info(out, function, lines_of(image, m, function, lines, file));
    record(out, kCodeLoad, [&] {
      out.put(pid);
      out.put(tid);
      out.put(function.address());
      out.put(function.address());
      out.put(uint64_t{function.code.size()});
      out.put(next_++);
      out.text(qualifier + function.name);
      out.append(function.code);
    });
    constexpr size_t kMost = 1 << 20;
    if (out.size() < kMost) continue;
    TRY(os::write_all(file_.raw(), out.bytes(), path_));
    out = {};
  }
  return os::write_all(file_.raw(), out.bytes(), path_);
}

}  // namespace ashlar::inspect
