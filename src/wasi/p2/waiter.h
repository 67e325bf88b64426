// Waking of a program that waits on an event loop.
#pragma once

#include "wasi/host/waiter.h"

namespace ashlar::wasi::p2 {

using host::Waiter;

/// Where a program's events are told, which may still happen when it has gone.
struct Waking {
  Waiter* waiter = nullptr;  ///< null: calls block
  void wake() const {
    if (waiter != nullptr) waiter->wake();
  }
};

}  // namespace ashlar::wasi::p2
