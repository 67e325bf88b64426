// Errors of the C API, and the one that a thread saw last.
#pragma once

#include <new>
#include <string>

#include "api/access.h"
#include "ashlar.h"

struct ashlar_error_t {
  explicit ashlar_error_t(ashlar::v0::Error e);
  ashlar::v0::Error error;
  // C's strings end with a zero.
  std::string id;
  std::string message;
  std::string text;
};

namespace ashlar::capi {

/// Makes it what ashlar_last_error() gives on this thread; null, to be returned. It has no exception, which would
/// belong to the thread that its store is given to.
std::nullptr_t fail(v0::Error error);
std::nullptr_t fail(internal::Error error);
/// The same for one that a function of <ashlar.h> gave; does nothing with null.
void keep(ashlar_error_t* error);

/// What functions return that caught std::bad_alloc: null or false, and null of what is no error. It is what
/// ashlar_last_error() gives then. No exception may get into C.
struct NoMemory {
  template <class T>
  operator T*() const {
    return nullptr;
  }
  operator bool() const { return false; }
  operator ashlar_error_t*() const;
};
NoMemory no_memory() noexcept;

/// What the functions of <ashlar.h> return: null for success.
ashlar_error_t* result(v0::Status status);
template <class T>
ashlar_error_t* error_of(v0::Result<T>& result) {
  return result ? nullptr : new ashlar_error_t(std::move(result).error());
}

}  // namespace ashlar::capi
