// Makes the table from p1.def; a signature that does not fit its function does not compile.
#include "wasi/p1/entries.h"

#include <array>
#include <type_traits>
#include <utility>

#include "wasi/p1/functions.h"

namespace ashlar::wasi::p1 {
namespace {

template <class T>
constexpr char letter_of() {
  static_assert(std::is_same_v<T, uint32_t> || std::is_same_v<T, uint64_t>);
  return sizeof(T) == 4 ? 'i' : 'l';
}

template <class F>
struct Shape;
template <class R, class... A>
struct Shape<R (*)(Context&, GuestMemory, A...)> {
  static constexpr bool matches(std::string_view sig) {
    const std::array<char, sizeof...(A) + 2> letters{letter_of<A>()..., '>', 'i'};
    return sig == std::string_view(letters.data(), letters.size() - (std::is_void_v<R> ? 1 : 0));
  }
  template <R (*kFunction)(Context&, GuestMemory, A...)>
  static CallOutcome call(Context& context, GuestMemory memory, const uint64_t* args, uint64_t* results) {
    return call_with<kFunction>(context, memory, args, results, std::index_sequence_for<A...>());
  }

 private:
  template <R (*kFunction)(Context&, GuestMemory, A...), size_t... kIndex>
  static CallOutcome call_with(Context& context, GuestMemory memory, [[maybe_unused]] const uint64_t* args,
                               [[maybe_unused]] uint64_t* results, std::index_sequence<kIndex...>) {
    if constexpr (std::is_void_v<R>) {
      kFunction(context, memory, static_cast<A>(args[kIndex])...);
    } else {
      results[0] = static_cast<uint64_t>(kFunction(context, memory, static_cast<A>(args[kIndex])...));
    }
    if (auto code = context.take_exit()) return {CallOutcome::Kind::Exit, *code};
    if (context.interrupt().fired()) return {CallOutcome::Kind::Interrupted, 0};
    return {};
  }
};

template <auto kFunction>
constexpr HostEntry entry(std::string_view module, std::string_view name, std::string_view sig) {
  return {module, name, sig, &Shape<decltype(kFunction)>::template call<kFunction>};
}

#define P1(name, sig) static_assert(Shape<decltype(&fn::name)>::matches(sig));
#define SNAPSHOT(name, sig) P1(name, sig)
#define UNSTABLE(name, sig) static_assert(Shape<decltype(&unstable::name)>::matches(sig));
#include "wasi/p1/p1.def"

constexpr HostEntry kEntries[] = {
#define P1(name, sig) entry<&fn::name>("wasi_snapshot_preview1", #name, sig),
#define SNAPSHOT(name, sig) entry<&fn::name>("wasi_snapshot_preview1", #name, sig),
#include "wasi/p1/p1.def"
#define P1(name, sig) entry<&fn::name>("wasi_unstable", #name, sig),
#define UNSTABLE(name, sig) entry<&unstable::name>("wasi_unstable", #name, sig),
#include "wasi/p1/p1.def"
};

}  // namespace

std::span<const HostEntry> host_entries() { return kEntries; }

const HostEntry* find_host_entry(std::string_view module, std::string_view name) {
  for (const HostEntry& entry : kEntries) {
    if (entry.name == name && entry.module == module) return &entry;
  }
  return nullptr;
}

}  // namespace ashlar::wasi::p1
