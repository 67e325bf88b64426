// Runs generated modules in the interpreter and as compiled code, and compares results, traps and what is left behind,
// fuel included.
//
//   compare_tiers [--gc yes] [--first SEED] [--seconds N] [--most COUNT] [--keep DIR] [SEED... | FILE...]
// Without --first, seeds begin by the clock. By the seed: guard pages or explicit checks, counting of fuel or not, the
// level of optimization, and whether all functions are compiled or some are left to the interpreter. Each batch runs in
// a process of its own, so that a crash is one finding among others. Seeds alone run in this process, for a debugger,
// and files as modules of seeds 0 to 7 would.
//
// With --gc the modules are about objects, and each runs in each tier once more while the collector runs at every
// allocation or few, and fills what it frees with a pattern: nothing may differ.
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>

#include "isa/op_table.h"
#include "support/execute.h"
#include "support/generate.h"
#include "tiering/attach.h"
#include "tiering/tiering.h"

using namespace ashlar;

namespace {

constexpr uint64_t kBatch = 50;
constexpr unsigned kModuleSeconds = 60;  // for one module, on a busy machine
constexpr int kMostFindings = 10;
constexpr int kObjectRounds = 4;  // objects of calls before are old
constexpr uint64_t kFileSeeds = 8;
constexpr int64_t kMuchFuel = int64_t{1} << 40;
constexpr uint64_t kFuelBits = 0x6675656c;

using Clock = std::chrono::steady_clock;

struct Arguments {
  uint64_t first = static_cast<uint64_t>(std::chrono::system_clock::now().time_since_epoch().count()) / 1000;
  double seconds = 120;
  uint64_t most = UINT64_MAX;
  std::string keep;
  bool gc = false;
  std::vector<uint64_t> seeds;
  std::vector<std::string> files;
};

/// Everything but the bits of NaNs, which nothing defines, and seldom a small choice of features.
fuzz::GenerateOptions generate_options(uint64_t seed, bool gc) {
  fuzz::GenerateOptions out;
  out.canonical_nans = true;
  if (gc) {
    out.objects = true;
    out.vectors = out.relaxed = seed % 4 == 0;
    out.exceptions = seed % 3 != 0;
    out.legacy_exceptions = seed % 3 == 2;
    out.atomics = out.wide = false;
    return out;
  }
  out.vectors = out.relaxed = seed % 2 == 0;
  out.references = seed % 3 != 0;
  out.gc = out.references && seed % 5 != 0;
  out.exceptions = out.legacy_exceptions = seed % 4 != 0;
  out.memory64 = out.several_memories = seed % 7 != 0;
  // With guard pages, at levels that double such loops.
  out.numeric_loops = seed % 4 == 0 || seed % 16 == 6;
  return out;
}

/// Compiles the module in the way that belongs to the seed.
Result<std::shared_ptr<native::Image>> compile(const runtime::CompiledModule& module, uint64_t seed) {
  const module::Module& m = module.module();
  const runtime::Config& config = module.engine()->config();
  tiering::ImageRequest request;
  request.wasm = [&m]() -> Result<std::span<const uint8_t>> { return m.bytes; };
  request.config.explicit_bounds = config.bounds_checks == runtime::BoundsChecks::Explicit;
  request.config.fuel = config.fuel;
  request.config.fuel_costs = config.fuel_costs.text();
  request.config.features = config.features.raw();
  constexpr char kLevels[] = {'2', '1', '2', '3', '2', '0', '2', 's'};
  request.level = kLevels[seed / 2 % std::size(kLevels)];
  std::mt19937_64 random(~seed);
  if (seed % 3 == 1) {
    for (module::FuncIdx f = m.imported_funcs; f < m.funcs.size(); ++f) {
      if (random() % 2 != 0) request.only.push_back(f);
    }
  }
  request.use_cache = false;
  request.keep_compiler = true;
  return tiering::image_for(request);
}

/// How often the collector runs, by the seed.
runtime::GcStress stress_of(uint64_t seed) {
  constexpr runtime::GcStress kModes[] = {{1, 0, true}, {0, 1, true},    {3, 7, true}, {2, 5000, true},
                                          {1, 5, true}, {1, 5000, true}, {5, 0, true}, {5, 200, true}};
  return kModes[seed % std::size(kModes)];
}

/// All of different costs, many of none.
isa::FuelCosts some_costs(uint64_t seed) {
  std::mt19937_64 random(seed);
  isa::FuelCosts out;
  for (const isa::OpInfo& op : isa::kOpTable) {
    const uint64_t r = random();
    out.set(op.mnemonic, r % 4 == 0 ? 0 : static_cast<uint32_t>(r / 4 % (r % 64 == 1 ? isa::FuelCosts::kMost : 20)));
  }
  return out;
}

/// In words, where the two differ; empty when they do not.
std::string compare(std::span<const uint8_t> module, uint64_t seed, bool gc) {
  fuzz::ExecuteOptions options;
  if (seed % 2 != 0) options.bounds_checks = runtime::BoundsChecks::Explicit;
  // Bits of their own: what else the seed says is combined with fuel in every way.
  const uint64_t fuel = std::mt19937_64(seed ^ kFuelBits)();
  if (fuel % 8 < 3) {
    options.fuel = fuel / 8 % 2 != 0 ? kMuchFuel : static_cast<int64_t>(fuel / 16 % 1000);
    if (fuel >> 60 < 5) options.fuel_costs = some_costs(seed);
  }
  if (gc) options.rounds = kObjectRounds;
  fuzz::ExecuteOptions compiled = options;
  compiled.tier = &tiering::tier();
  std::shared_ptr<native::Image> image;
  compiled.prepare = [seed, &image](runtime::CompiledModule& m) -> Status {
    if (image == nullptr) {
      TRY_ASSIGN(image, compile(m, seed));
    }
    return tiering::attach(m, image);
  };
  const fuzz::Execution expected = fuzz::execute(module, options);
  if (expected.outcome != "ok") return "not instantiated: " + expected.outcome;
  std::string differs = fuzz::difference(expected, fuzz::execute(module, compiled));
  if (!differs.empty()) return "interpreted / compiled:\n  " + differs;
  if (!gc) return {};
  options.stress = compiled.stress = stress_of(seed / 2);
  differs = fuzz::difference(expected, fuzz::execute(module, options));
  if (!differs.empty()) return "interpreted / the same with many collections:\n  " + differs;
  differs = fuzz::difference(expected, fuzz::execute(module, compiled));
  return differs.empty() ? std::string() : "interpreted / compiled, with many collections:\n  " + differs;
}

/// One seed; whether the tiers agree.
bool run_seed(uint64_t seed, const Arguments& arguments) {
  const std::vector<uint8_t> module =
      fuzz::generate_module(fuzz::random_input(seed), generate_options(seed, arguments.gc));
  // Before it runs, in case that it crashes.
  const std::string kept = arguments.keep + "/" + std::to_string(seed) + ".wasm";
  if (!arguments.keep.empty()) {
    std::filesystem::create_directories(arguments.keep);
    std::ofstream(kept, std::ios::binary)
        .write(reinterpret_cast<const char*>(module.data()), static_cast<std::streamsize>(module.size()));
  }
  const std::string differs = compare(module, seed, arguments.gc);
  if (differs.empty()) {
    if (!arguments.keep.empty()) std::filesystem::remove(kept);
    return true;
  }
  std::printf("tiers: seed %llu: %s\n", static_cast<unsigned long long>(seed), differs.c_str());
  std::fflush(stdout);
  return false;
}

/// A module as it is, in the ways of some seeds.
bool run_file(const std::string& path, bool gc) {
  std::ifstream file(path, std::ios::binary);
  const std::vector<uint8_t> module{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  bool good = !module.empty();
  if (!good) std::printf("tiers: %s: cannot be read\n", path.c_str());
  for (uint64_t seed = 0; seed < kFileSeeds && good; ++seed) {
    const std::string differs = compare(module, seed, gc);
    good = differs.empty();
    if (!good)
      std::printf("tiers: %s, seed %llu: %s\n", path.c_str(), static_cast<unsigned long long>(seed), differs.c_str());
  }
  std::fflush(stdout);
  return good;
}

/// What a batch's process tells, also when it crashes.
struct Progress {
  uint64_t done;  ///< seeds of the batch
  int findings;
};

/// Runs seeds [first, first + count) in a process of their own; returns how many were done.
uint64_t run_batch(uint64_t first, uint64_t count, const Arguments& arguments, Progress& shared, int& findings) {
  shared = {};
  std::fflush(stdout);
  const pid_t child = ::fork();
  if (child == 0) {
    for (uint64_t i = 0; i < count; ++i) {
      ::alarm(kModuleSeconds);
      if (!run_seed(first + i, arguments)) ++shared.findings;
      ++shared.done;
    }
    std::fflush(stdout);
    ::_exit(0);
  }
  int status = 0;
  if (child < 0 || ::waitpid(child, &status, 0) < 0) {
    std::perror("compare_tiers");
    std::exit(2);
  }
  findings += shared.findings;
  if (shared.done == count) return count;
  ++findings;
  const char* name = WIFSIGNALED(status) ? ::strsignal(WTERMSIG(status)) : "it ended by itself";
  std::printf("tiers: seed %llu: crash: %s\n", static_cast<unsigned long long>(first + shared.done), name);
  return shared.done + 1;
}

Arguments read_arguments(int argc, char** argv) {
  Arguments out;
  for (int i = 1; i < argc; ++i) {
    const std::string flag = argv[i];
    const char* value = flag.starts_with("--") && i + 1 < argc ? argv[++i] : "";
    if (flag == "--gc") {
      out.gc = std::string_view(value) == "yes";
    } else if (flag == "--first") {
      out.first = std::strtoull(value, nullptr, 10);
    } else if (flag == "--seconds") {
      out.seconds = std::strtod(value, nullptr);
    } else if (flag == "--most") {
      out.most = std::strtoull(value, nullptr, 10);
    } else if (flag == "--keep") {
      out.keep = value;
    } else if (flag.ends_with(".wasm")) {
      out.files.push_back(flag);
    } else if (!flag.starts_with("--")) {
      out.seeds.push_back(std::strtoull(argv[i], nullptr, 10));
    } else {
      std::fprintf(stderr,
                   "usage: compare_tiers [--gc yes] [--first SEED] [--seconds N] [--most COUNT] [--keep DIR] [SEED... "
                   "| FILE...]\n");
      std::exit(2);
    }
  }
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  const Arguments arguments = read_arguments(argc, argv);
  int findings = 0;
  for (const uint64_t seed : arguments.seeds) findings += run_seed(seed, arguments) ? 0 : 1;
  for (const std::string& file : arguments.files) findings += run_file(file, arguments.gc) ? 0 : 1;
  if (!arguments.seeds.empty() || !arguments.files.empty()) return findings == 0 ? 0 : 1;

  void* page = ::mmap(nullptr, sizeof(Progress), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) return 2;
  auto& shared = *static_cast<Progress*>(page);
  std::printf("tiers: seeds from %llu\n", static_cast<unsigned long long>(arguments.first));
  const Clock::time_point end =
      Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(arguments.seconds));
  uint64_t modules = 0;
  while (Clock::now() < end && modules < arguments.most && findings < kMostFindings) {
    const uint64_t count = std::min(kBatch, arguments.most - modules);
    modules += run_batch(arguments.first + modules, count, arguments, shared, findings);
  }
  std::printf("tiers: %llu modules, %d findings\n", static_cast<unsigned long long>(modules), findings);
  return findings == 0 ? 0 : 1;
}
