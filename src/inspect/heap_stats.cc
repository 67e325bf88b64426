// Numbers of the garbage collector, and a count of the objects that are alive.
#include "inspect/heap_stats.h"

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <map>
#include <unordered_map>
#include <vector>

#include "inspect/heap_names.h"

namespace ashlar::inspect {

namespace {

struct Count {
  std::string name;
  uint64_t objects = 0;
  uint64_t bytes = 0;
};

[[gnu::format(printf, 2, 3)]] void add_line(std::string& out, const char* format, ...) {
  char line[160];
  va_list args;
  va_start(args, format);
  std::vsnprintf(line, sizeof line, format, args);
  va_end(args);
  out += "gc: ";
  out += line;
  out += '\n';
}

double in_mb(uint64_t bytes) { return static_cast<double>(bytes) / (1 << 20); }
double in_ms(uint64_t ns) { return static_cast<double>(ns) / 1e6; }

/// By bytes, descending. Types of one name count as one: compilers give it to what they make for each class.
std::vector<Count> count_objects(runtime::GcHeap& heap, const HeapNames& names) {
  std::unordered_map<uint32_t, Count> types;
  heap.for_each_object([&types](runtime::GcRef, const runtime::GcHeader& h, uint64_t bytes) {
    Count& count = types[h.type_id()];
    ++count.objects;
    count.bytes += bytes;
  });
  std::map<std::string, Count> counts;
  for (const auto& [id, count] : types) {
    const std::string name = names.type(id);
    Count& sum = counts[name];
    sum = {name, sum.objects + count.objects, sum.bytes + count.bytes};
  }
  std::vector<Count> out;
  out.reserve(counts.size());
  for (auto& [name, count] : counts) out.push_back(std::move(count));
  std::sort(out.begin(), out.end(),
            [](const Count& a, const Count& b) { return a.bytes != b.bytes ? a.bytes > b.bytes : a.name < b.name; });
  return out;
}

void add_types(std::string& out, const std::vector<Count>& counts, size_t most) {
  Count rest;
  for (size_t i = most; i < counts.size(); ++i) {
    rest.objects += counts[i].objects;
    rest.bytes += counts[i].bytes;
  }
  const auto add = [&out](const Count& c) {
    add_line(out, "type %.2f MB %llu objects", in_mb(c.bytes), static_cast<unsigned long long>(c.objects));
    out.back() = ' ';
    out += c.name + "\n";
  };
  for (size_t i = 0; i < std::min(most, counts.size()); ++i) add(counts[i]);
  if (rest.objects == 0) return;
  rest.name = "(" + std::to_string(counts.size() - most) + " other types)";
  add(rest);
}

}  // namespace

std::string describe_heap(runtime::Store& store, uint64_t run_ns, size_t most_types) {
  runtime::GcHeap& heap = store.heap();
  const runtime::GcStats s = heap.stats();
  const uint64_t peak = std::max(s.peak_bytes, heap.bytes_in_use());
  std::vector<Count> counts;
  if (heap.base() != nullptr) counts = count_objects(heap, HeapNames(store));
  Count live;
  for (const Count& c : counts) {
    live.objects += c.objects;
    live.bytes += c.bytes;
  }
  const auto number = [](uint64_t n) { return static_cast<unsigned long long>(n); };
  std::string out;
  add_line(out, "minor collections %llu", number(s.minor));
  add_line(out, "major collections %llu", number(s.major));
  add_line(out, "marking steps %llu", number(s.steps));
  add_line(out, "longest pause %.3f ms", in_ms(s.longest_ns));
  add_line(out, "mean pause %.3f ms", s.pauses == 0 ? 0 : in_ms(s.pause_ns) / static_cast<double>(s.pauses));
  add_line(out, "total pause %.3f ms", in_ms(s.pause_ns));
  add_line(out, "share of the run %.2f %%", run_ns == 0 ? 0 : 100 * in_ms(s.pause_ns) / in_ms(run_ns));
  add_line(out, "allocated %.2f MB", in_mb(s.allocated));
  add_line(out, "promoted %.2f MB", in_mb(s.promoted));
  add_line(out, "peak heap %.2f MB", in_mb(peak));
  add_line(out, "live %.2f MB", in_mb(live.bytes));
  add_line(out, "live objects %llu", number(live.objects));
  add_line(out, "finalized host objects %llu", number(s.finalized));
  add_types(out, counts, most_types);
  return out;
}

}  // namespace ashlar::inspect
