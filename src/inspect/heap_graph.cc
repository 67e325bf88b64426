// Numbering of the heap's objects, and what refers to them from outside.
#include "inspect/heap_graph.h"

#include "module/types.h"

namespace ashlar::inspect {

namespace {

using runtime::GcRef;
using runtime::GcSpace;

class StackScanner final : public runtime::GcScanner {
 public:
  explicit StackScanner(const runtime::GcHeap& heap) : heap_(heap) {}

  /// Reads stacks, of which sanitizers have an opinion.
  [[gnu::no_sanitize("address", "thread")]] void scan(const void* begin, const void* end, Insides insides) override {
    const auto* const last = static_cast<const uint32_t*>(end);
    for (const auto* p = static_cast<const uint32_t*>(begin); p < last; ++p) {
      if (*p < GcSpace::kHeapStart || *p == before_) continue;
      const GcRef r = heap_.object_at(*p);
      if (r == runtime::kNullRef || (r != *p && !heap_.may_be_inside(p, last, insides))) continue;
      before_ = *p;
      found.push_back(r);
    }
  }

  std::vector<GcRef> found;

 private:
  const runtime::GcHeap& heap_;
  uint32_t before_ = 0;
};

}  // namespace

HeapGraph::HeapGraph(runtime::Store& store, const HeapNames& names, const void* sp)
    : heap_(store.heap()), end_(kFirstWord), pending_exception_(store.pending_exception) {
  if (heap_.base() != nullptr) end_ = heap_.space().frontier() * (GcSpace::kBlockSize / 512);
  sums_.reserve(end_ - kFirstWord);
  for (uint32_t word = kFirstWord; word < end_; ++word) {
    sums_.push_back(static_cast<uint32_t>(objects_));
    objects_ += static_cast<uint32_t>(__builtin_popcountll(heap_.space().starts[word]));
  }
  find_stacks(sp);
  find_roots(store, names);
}

void HeapGraph::find_stacks(const void* sp) {
  StackScanner scanner(heap_);
  heap_.scan_conservative(scanner, sp);
  stacks_ = std::move(scanner.found);
  std::sort(stacks_.begin(), stacks_.end());
  stacks_.erase(std::unique(stacks_.begin(), stacks_.end()), stacks_.end());
}

void HeapGraph::find_roots(runtime::Store& store, const HeapNames& names) {
  for (const runtime::GlobalInstance* global : store.ref_globals()) {
    const auto r = static_cast<GcRef>(global->value[0]);
    if (is_object(r)) globals_.push_back({global, r});
  }
  for (runtime::Table* table : store.ref_tables()) {
    lists_.push_back({names.table(table), {table->raw_elems(), table->size()}});
  }
  table_count_ = static_cast<uint32_t>(lists_.size());
  for (const auto& instance : store.instances()) {
    const module::Module& m = instance->module();
    for (uint32_t i = 0; i < m.elems.size(); ++i) {
      if (store.is_func_ref(module::to_canonical(m, m.elems[i].type)) || instance->elem(i).empty()) continue;
      lists_.push_back({HeapNames::elem(*instance, i), instance->elem(i)});
    }
  }
}

}  // namespace ashlar::inspect
