// The stack of a thread, asked once a thread: for the first thread the system reads a file.
#include "os/thread_stack.h"

#include <pthread.h>

#include <cstddef>
#include <cstdint>

namespace ashlar::os {

namespace {

const void* ask() {
  pthread_attr_t attributes;
  if (pthread_getattr_np(pthread_self(), &attributes) != 0) return nullptr;
  void* low = nullptr;
  size_t size = 0;
  const bool known = pthread_attr_getstack(&attributes, &low, &size) == 0;
  pthread_attr_destroy(&attributes);
  return known ? static_cast<uint8_t*>(low) + size : nullptr;
}

}  // namespace

const void* thread_stack_end() {
  thread_local const void* const end = ask();
  return end;
}

}  // namespace ashlar::os
