// The store's observer, and the signal that asks it.
#include "inspect/heap_watch.h"

#include <atomic>
#include <utility>

#include "os/user_signal.h"

namespace ashlar::inspect {

namespace {

std::atomic<runtime::GcHeap*> g_heap{nullptr};

void ask() {
  if (runtime::GcHeap* heap = g_heap.load()) heap->ask_observer();
}

}  // namespace

std::string numbered_path(const std::string& path, unsigned n) {
  const size_t slash = path.rfind('/');
  const size_t name = slash == path.npos ? 0 : slash + 1;
  const size_t dot = path.rfind('.');
  const size_t at = dot == path.npos || dot <= name ? path.size() : dot;
  return path.substr(0, at) + "." + std::to_string(n) + path.substr(at);
}

HeapWatch::HeapWatch(runtime::Store& store, std::string path, Report report)
    : store_(store), path_(std::move(path)), report_(std::move(report)) {
  store.heap().set_observer(this);
  g_heap.store(&store.heap());
  os::set_user_signal_handler(&ask);
}

HeapWatch::~HeapWatch() {
  g_heap.store(nullptr);
  store_.heap().set_observer(nullptr);
}

void HeapWatch::finish(bool at_end) {
  if (store_.heap().take_request()) on_request();
  if (at_end && !exhausted_) write(path_);
}

void HeapWatch::on_request() { write(numbered_path(path_, ++asked_)); }

void HeapWatch::on_exhausted() {
  if (!std::exchange(exhausted_, true)) write(path_);
}

void HeapWatch::write(const std::string& path) { report_(path, write_heap_snapshot(store_, path)); }

}  // namespace ashlar::inspect
