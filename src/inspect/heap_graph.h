// The heap as a graph with numbered nodes: roots, then objects by address.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "inspect/heap_names.h"
#include "runtime/store.h"

namespace ashlar::inspect {

/// Nodes 0 and 1 are the root and what it leads to, "(GC roots)". The kinds of roots follow, then tables and element
/// segments, which are as large as they are, then the objects. Lives inside GcHeap::look().
///
/// The number of an object is a count of the bits of the heap's start bitmap: of the words in front, which are kept as
/// sums, and of the bits before its own. That takes 4 bytes for every 512 of the heap, however small its objects are.
class HeapGraph {
 public:
  /// The kinds of roots: their nodes, in this order, begin at kFirstRoot.
  enum class Root : uint8_t { Stacks, Globals, Tables, Elems, Handles };
  static constexpr uint32_t kRoots = 5;
  static constexpr uint32_t kFirstRoot = 2;
  static constexpr uint32_t kFirstList = kFirstRoot + kRoots;

  struct Global {
    const runtime::GlobalInstance* global;
    runtime::GcRef ref;
  };
  /// A table or an element segment.
  struct List {
    std::string name;
    std::span<const runtime::Slot> slots;
  };

  /// `sp`: what look() gave.
  HeapGraph(runtime::Store& store, const HeapNames& names, const void* sp);

  runtime::GcHeap& heap() const { return heap_; }
  const std::vector<runtime::GcRef>& stacks() const { return stacks_; }  ///< objects, ascending, each once
  const std::vector<Global>& globals() const { return globals_; }        ///< of those that refer to objects
  runtime::GcRef pending_exception() const { return pending_exception_; }
  /// Tables first.
  const std::vector<List>& lists() const { return lists_; }
  uint32_t table_count() const { return table_count_; }

  uint64_t object_count() const { return objects_; }
  uint64_t node_count() const { return first_object() + objects_; }
  uint64_t first_object() const { return kFirstList + lists_.size(); }
  bool is_object(runtime::GcRef r) const {
    return r != runtime::kNullRef && !runtime::is_i31(r) && r >= runtime::GcSpace::kHeapStart && r / 512 < end_ &&
           runtime::GcSpace::test(heap_.space().starts, r >> 3);
  }
  /// Of an object.
  uint64_t node_of(runtime::GcRef r) const {
    const uint32_t word = r / 512;
    const uint64_t before = heap_.space().starts[word] & ((uint64_t{1} << (r >> 3 & 63)) - 1);
    return first_object() + sums_[word - kFirstWord] + static_cast<uint32_t>(__builtin_popcountll(before));
  }
  /// Calls f(reference, header) for every object, ascending.
  template <class F>
  void for_each_object(F f) const {
    heap_.space().for_each_start(uint64_t{kFirstWord} * 512, uint64_t{end_} * 512,
                                 [&](runtime::GcRef r) { f(r, *heap_.header(r)); });
  }

 private:
  /// Words of the bitmap have a bit for each 8 of 512 bytes.
  static constexpr uint32_t kFirstWord = runtime::GcSpace::kHeapStart / 512;

  void find_stacks(const void* sp);
  void find_roots(runtime::Store& store, const HeapNames& names);

  runtime::GcHeap& heap_;
  uint32_t end_;  ///< behind the last word
  std::vector<uint32_t> sums_;
  uint64_t objects_ = 0;
  std::vector<runtime::GcRef> stacks_;
  std::vector<Global> globals_;
  std::vector<List> lists_;
  uint32_t table_count_ = 0;
  runtime::GcRef pending_exception_;
};

}  // namespace ashlar::inspect
