// From a store's calls to the table's entries.
#include "wasi/p1/host_func.h"

#include <new>
#include <string>

namespace ashlar::wasi::p1 {

namespace {

/// Where the host has no memory the program sees an error, as it would of a system.
CallOutcome call_checked(const HostEntry& entry, Context& context, GuestMemory memory, runtime::Slot* slots) {
  try {
    return entry.call(context, memory, slots, slots);
  } catch (const std::bad_alloc&) {
    slots[0] = static_cast<uint64_t>(Errno::nomem);
    return {};
  }
}

Status call_entry(const HostEntry& entry, Context& context, runtime::Caller& caller, runtime::Slot* slots) {
  GuestMemory memory;
  if (const runtime::Memory* own = caller.memory()) memory = GuestMemory(own->base(), own->byte_size());
  const CallOutcome outcome = call_checked(entry, context, memory, slots);
  switch (outcome.kind) {
    case CallOutcome::Kind::Return:
      return {};
    case CallOutcome::Kind::Exit:
      return make_error(ErrorCode::program_exit, kNoOffset, std::to_string(outcome.code));
    case CallOutcome::Kind::Interrupted:
      return make_error(ErrorCode::interrupted, kNoOffset, caller.store.interrupt_reason());
  }
  return {};
}

}  // namespace

module::FuncType type_of(std::string_view sig) {
  module::FuncType out;
  std::vector<isa::ValType>* list = &out.params;
  for (char letter : sig) {
    if (letter == '>') {
      list = &out.results;
    } else {
      list->push_back(letter == 'l' ? isa::ValType::i64() : isa::ValType::i32());
    }
  }
  return out;
}

runtime::HostFunc host_func(const HostEntry& entry, Context& context) {
  runtime::HostFunc out;
  out.name.append(entry.module).append(".").append(entry.name);
  out.call = [&entry, &context](runtime::Caller& caller, runtime::Slot* slots) {
    return call_entry(entry, context, caller, slots);
  };
  return out;
}

}  // namespace ashlar::wasi::p1
