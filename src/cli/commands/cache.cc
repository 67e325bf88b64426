// ashlar cache: shows and clears the cache of compiled code.
#include "tiering/cache.h"

#include <ctime>

#include "cli/output.h"
#include "cli/progress.h"
#include "cli/registry.h"

namespace ashlar::cli {
namespace {

using tiering::Cache;
using tiering::CacheEntry;

Result<Cache> open_cache() {
  const std::string folder = Cache::default_folder();
  if (folder.empty()) {
    return make_error(ErrorCode::no_cache, kNoOffset, "neither XDG_CACHE_HOME nor HOME names a folder");
  }
  TRY_ASSIGN(const uint64_t limit, Cache::default_limit());
  return Cache::open(folder, limit);
}

std::string time_text(int64_t seconds) {
  const auto time = static_cast<std::time_t>(seconds);
  std::tm parts = {};
  char text[32];
  if (!::localtime_r(&time, &parts) || std::strftime(text, sizeof text, "%Y-%m-%d %H:%M", &parts) == 0) return "?";
  return text;
}

Status show(const Cache& cache) {
  const std::vector<CacheEntry> entries = cache.list();
  uint64_t bytes = 0;
  for (const CacheEntry& entry : entries) bytes += entry.size;
  const std::string limit = cache.limit() == 0 ? "off (ASHLAR_CACHE_SIZE is 0)" : "at most " + size_text(cache.limit());
  std::string out = "folder   " + cache.folder() + "\n" + strf("entries  %zu\n", entries.size()) + "size     " +
                    size_text(bytes) + ", " + limit + "\n";
  if (!entries.empty()) out += "\n      SIZE  LAST USED         PROGRAM\n";
  for (const CacheEntry& entry : entries) {
    out += strf("%10s  %-16s  ", size_text(entry.size).c_str(), time_text(entry.used).c_str());
    out += (entry.source.empty() ? entry.name : printable(entry.source)) + "\n";
  }
  write_all(kStdout, out);
  return {};
}

Status run_action(std::string_view action) {
  if (action == "path") {
    const std::string folder = Cache::default_folder();
    if (!folder.empty()) write_all(kStdout, folder + "\n");
    if (!folder.empty()) return {};
  }
  TRY_ASSIGN(Cache cache, open_cache());
  if (action != "clear") return show(cache);
  const tiering::CacheRemoved removed = cache.clear();
  write_all(kStdout, strf("%llu %s removed, %s\n", static_cast<unsigned long long>(removed.files),
                          removed.files == 1 ? "entry" : "entries", size_text(removed.bytes).c_str()));
  return {};
}

int run_cache(const Args& args) {
  const std::string_view action = args.operands.empty() ? "list" : args.operands[0];
  if (args.operands.size() > 1) {
    return report_usage(Error(ErrorCode::extra_operand, kNoOffset, std::string(args.operands[1])), "cache");
  }
  if (action != "list" && action != "clear" && action != "path") {
    return report_usage(Error(ErrorCode::bad_argument, kNoOffset, "1", std::string(action), "list, clear or path"),
                        "cache");
  }
  const Status done = run_action(action);
  return done ? kExitOk : report(done.error());
}

}  // namespace

constinit const Command kCacheCommand = {
    .name = "cache",
    .operands = "[list|clear|path]",
    .summary = "Show or clear the cache of compiled code",
    .details =
        "list (or nothing) shows where the cache is and what is in it, clear empties it, path prints its folder:\n"
        "$XDG_CACHE_HOME/ashlar, else $HOME/.cache/ashlar. ASHLAR_CACHE_SIZE (such as 512M; 1G unless set; 0 for no\n"
        "cache) limits its size: what was not used for longest goes first. 'ashlar run --no-cache' does without.",
    .flags = {},
    .flags_end_at_operand = false,
    .run = run_cache,
};

}  // namespace ashlar::cli
