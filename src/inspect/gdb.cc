// What GDB looks for by name, and the list behind it.
#include "inspect/gdb.h"

#include <memory>

// Names and layout are the interface (GDB's manual, "JIT Compilation Interface"). Weak, because another compiler in the
// same process may bring them too: there is one list then.
// NOLINTBEGIN(bugprone-reserved-identifier)
extern "C" {

struct jit_code_entry {
  jit_code_entry* next_entry;
  jit_code_entry* prev_entry;
  const char* symfile_addr;
  uint64_t symfile_size;
};

struct jit_descriptor {
  uint32_t version;
  uint32_t action_flag;
  jit_code_entry* relevant_entry;
  jit_code_entry* first_entry;
};

[[gnu::weak, gnu::visibility("default")]] jit_descriptor __jit_debug_descriptor = {1, 0, nullptr, nullptr};

// A debugger stops here, and reads the descriptor.
[[gnu::weak, gnu::noinline, gnu::visibility("default")]] void __jit_debug_register_code() {
  asm volatile("" ::: "memory");
}
}
// NOLINTEND(bugprone-reserved-identifier)

namespace ashlar::inspect {

void register_debug_object(std::vector<uint8_t> object) {
  constexpr uint32_t kRegister = 1;
  auto* kept = new std::vector<uint8_t>(std::move(object));
  jit_descriptor& list = __jit_debug_descriptor;
  auto* entry =
      new jit_code_entry{list.first_entry, nullptr, reinterpret_cast<const char*>(kept->data()), kept->size()};
  if (list.first_entry != nullptr) list.first_entry->prev_entry = entry;
  list.first_entry = entry;
  list.relevant_entry = entry;
  list.action_flag = kRegister;
  __jit_debug_register_code();
}

}  // namespace ashlar::inspect
