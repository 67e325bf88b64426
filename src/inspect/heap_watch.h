// Heap snapshots of a program that runs: when somebody sends SIGUSR2, when the heap is exhausted, at the end.
#pragma once

#include <functional>
#include <string>

#include "inspect/heap_snapshot.h"
#include "runtime/store.h"

namespace ashlar::inspect {

/// The path of the n-th snapshot that was asked for: "app.heapsnapshot" becomes "app.1.heapsnapshot".
std::string numbered_path(const std::string& path, unsigned n);

/// While it lives, the process's SIGUSR2 is about this store. One at a time.
class HeapWatch final : private runtime::GcObserver {
 public:
  /// Called after each snapshot, on the store's thread.
  using Report = std::function<void(const std::string& path, const Result<SnapshotSize>& written)>;

  /// `path`: of the snapshot at the end, or of the first one that is made because the heap is exhausted; those that are
  /// asked for are numbered.
  HeapWatch(runtime::Store& store, std::string path, Report report);
  ~HeapWatch();
  HeapWatch(const HeapWatch&) = delete;
  HeapWatch& operator=(const HeapWatch&) = delete;

  /// After the program: what was asked for meanwhile; and with `at_end` the snapshot of the end, unless the heap was
  /// exhausted, which shows more.
  void finish(bool at_end);

 private:
  void on_request() override;
  void on_exhausted() override;
  void write(const std::string& path);

  runtime::Store& store_;
  std::string path_;
  Report report_;
  unsigned asked_ = 0;
  bool exhausted_ = false;
};

}  // namespace ashlar::inspect
