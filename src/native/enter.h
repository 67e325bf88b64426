// Running machine code: calls into it, what tiers and contexts point to, faults, and the modules of images.
#pragma once

#include "base/error.h"
#include "module/module.h"
#include "native/abi.h"
#include "native/image.h"
#include "os/fault.h"
#include "runtime/store.h"

namespace ashlar::native {

/// Runs compiled code at `entry` (never the bridge) with f's context; arguments by f's type from slots[0..], results to
/// slots[0..], their unused high halves zero. Errors: traps with a backtrace, what callees gave, call_stack_exhausted.
/// Nests in any order with the interpreter and other stores. A callee's uncaught exception is in
/// store.pending_exception.
Status call(runtime::Store& store, const runtime::FuncCell& f, const void* entry, runtime::Slot* slots);

/// The same for a compiled loop entry (Image::loops): goes on in the frame that the interpreter made of f.
Status enter_loop(runtime::Store& store, const runtime::FuncCell& f, const void* entry, runtime::Slot* frame);

/// runtime::Tier::bridge: the entry in the native convention of functions that are not compiled.
const void* bridge();
/// runtime::Tier::host_stub: the entry of host functions that take their arguments in registers.
const void* host_stub();
// For such a function while it runs, called by compiled code of that store:
/// What it returns then is nothing; the error counts.
void fail_host_call(runtime::Store& store, Error error);
/// The calling instance. To be asked before the function calls into the store.
runtime::Instance* host_caller(runtime::Store& store);

/// runtime::Tier::libcalls: entries of libcalls.def, by number.
const void* const* libcall_table();

/// For backtraces: the module whose code an image holds, while both live. Thread-safe.
void attach(const Image& image, const module::Module& m);
void detach(const Image& image);

/// Is called by attach() before the image's code runs, in any thread.
using ImageObserver = void (*)(const Image&, const module::Module&);
/// There is one at most; to be set before the first image is attached.
void set_image_observer(ImageObserver observer);
bool has_image_observer();

/// Ends the activation whose code faulted; false when the fault is none of compiled code's. For the fault handler.
bool on_fault(const os::Fault& fault);
/// Ends the activation of this thread when its store was interrupted. When it is to give a turn (Store::request_turn),
/// and may, returns what does that (turn.h). For alarms (os/thread_alarm.h).
const void* on_alarm(const os::Fault& at);

}  // namespace ashlar::native
