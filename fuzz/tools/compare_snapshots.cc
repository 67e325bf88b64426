// Takes snapshots of generated modules between their calls: from there they must go on as if nothing had been.
//
//   compare_snapshots FIRST COUNT
// Each seed's module is called, written as it stands, and called again in a new store; what these calls give and leave
// behind is what they give without. A snapshot of an instance of a snapshot is the same bytes.
#include <cstdio>
#include <cstdlib>
#include <string>

#include "snapshot/snapshot.h"
#include "support/execute.h"
#include "support/generate.h"

using namespace ashlar;

namespace {

constexpr int kRounds = 3;
constexpr size_t kMostFindings = 10;

/// Few objects: they cannot be written.
fuzz::GenerateOptions options_of(uint64_t seed) {
  fuzz::GenerateOptions out;
  out.vectors = out.relaxed = seed % 2 == 0;
  out.references = seed % 3 != 0;
  out.gc = out.references && seed % 8 == 0;
  out.exceptions = out.legacy_exceptions = seed % 4 != 0;
  out.atomics = false;
  out.memory64 = out.several_memories = seed % 7 != 0;
  out.canonical_nans = true;
  return out;
}

Result<std::vector<uint8_t>> take(runtime::Instance& instance, std::span<const uint8_t> bytes) {
  const snapshot::Part part{&instance, bytes, ""};
  const snapshot::Options options{.features = isa::Features::all(), .limits = {}, .without = {}, .renamed = {}};
  TRY_ASSIGN(auto modules, snapshot::write(std::span(&part, 1), options));
  return std::move(modules[0]);
}

/// A refusal says so.
bool refused(const fuzz::Execution& run) { return run.outcome.find("no snapshot: ") != std::string::npos; }

/// Offsets in the module are others in each.
fuzz::Execution run(std::span<const uint8_t> module, const fuzz::ExecuteOptions& options) {
  fuzz::Execution out = fuzz::execute(module, options);
  for (fuzz::Call& call : out.calls) call.place.clear();
  return out;
}

/// What differs between a module and its snapshot after so many rounds.
std::string compare(std::span<const uint8_t> module, const fuzz::Execution& expected, int after, bool& taken) {
  std::vector<uint8_t> written, again;
  fuzz::ExecuteOptions options;
  options.rounds = kRounds;
  options.go_on_after = after;
  options.go_on = [&](runtime::Instance& instance, std::span<const uint8_t> bytes) {
    auto made = take(instance, bytes);
    if (made) written = *made;
    return made;
  };
  const fuzz::Execution found = run(module, options);
  taken = !refused(found);
  if (!taken) return {};
  std::string differs = fuzz::difference(expected, found);
  if (!differs.empty()) return differs;
  options.rounds = 1;
  options.go_on_after = 0;
  options.go_on = [&](runtime::Instance& instance, std::span<const uint8_t> bytes) {
    auto made = take(instance, bytes);
    if (made) again = *made;
    return made;
  };
  run(written, options);
  return again == written ? "" : "the snapshot of the snapshot is not the same";
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: compare_snapshots FIRST COUNT\n");
    return 2;
  }
  const uint64_t first = std::strtoull(argv[1], nullptr, 10);
  const uint64_t count = std::strtoull(argv[2], nullptr, 10);
  size_t all = 0, taken = 0, findings = 0;
  for (uint64_t seed = first; seed < first + count && findings < kMostFindings; ++seed) {
    const std::vector<uint8_t> module = fuzz::generate_module(fuzz::random_input(seed), options_of(seed));
    fuzz::ExecuteOptions plain;
    plain.rounds = kRounds;
    const fuzz::Execution expected = run(module, plain);
    for (int after = 0; after < kRounds; ++after) {
      bool was_taken = false;
      const std::string differs = compare(module, expected, after, was_taken);
      ++all;
      taken += was_taken;
      if (differs.empty()) continue;
      ++findings;
      std::printf("seed %llu, after %d rounds: %s\n", static_cast<unsigned long long>(seed), after, differs.c_str());
    }
  }
  std::printf("%zu of %zu snapshots taken, %zu findings\n", taken, all, findings);
  // Were most refused, this would compare nothing.
  return findings == 0 && taken * 2 > all ? 0 : 1;
}
