// Internal code of a module: per-function entries, lowered on first call and shared by all instances.
#pragma once

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "interp/state.h"
#include "runtime/engine.h"

namespace ashlar::native {
class Image;
}

namespace ashlar::interp {

/// One catch clause of a protected range.
struct CatchEntry {
  enum class Kind : uint8_t { Tag, All };
  Kind kind;
  bool with_ref;          ///< the exnref is written to ref_slot
  uint32_t tag;           ///< Tag: index in the module
  uint32_t target;        ///< offset in the code
  uint16_t payload_slot;  ///< first slot the payload goes to
  uint16_t ref_slot;
};

/// Instructions in [begin, end) are protected by these clauses. Inner ranges come first.
struct HandlerRange {
  uint32_t begin;
  uint32_t end;
  uint32_t depth;  ///< of the try among the open labels
  /// Legacy delegate: from here on only ranges of at most this depth are asked; no clauses. kNoDelegate otherwise.
  uint32_t delegate_depth;
  static constexpr uint32_t kNoDelegate = ~uint32_t{0};
  std::vector<CatchEntry> catches;
};

/// Words from malloc, whose end can be cut off in place.
struct FreeWords {
  void operator()(uint64_t* words) const { std::free(words); }
};
using CodeWords = std::unique_ptr<uint64_t[], FreeWords>;

/// A loop, in the order of the source. Machine code that enters it replaces its first handler (ModuleCode::set_loop).
struct LoopHead {
  uint32_t code = 0;  ///< offset of its head
  uint32_t end = 0;   ///< of what follows it
  uint32_t wasm = 0;  ///< byte offset in the module
  const void* entry = nullptr;
};

/// Lowered code of one function. But for the heads of loops, immutable once published.
struct FuncCode {
  uint32_t index = 0;
  uint16_t header = 0;  ///< slot of the return address: max(parameter slots, result slots)
  uint32_t size = 0;
  CodeWords words;  ///< the code
  std::vector<HandlerRange> handlers;
  std::vector<LoopHead> loops;
  const Code* begin() const { return reinterpret_cast<const Code*>(words.get()); }
  const Code* end() const { return begin() + size; }
};

/// Code offset to module byte offset of the wasm instruction; ascending.
struct OffsetPair {
  uint32_t code;
  uint32_t wasm;
};

class ModuleCode final : public runtime::TierModule {
 public:
  ModuleCode(const module::Module& m, const runtime::Config& config);
  ~ModuleCode() override;

  /// Where calls of a function begin: code is the lowered function, or the stub below it which lowers first.
  struct Entry {
    std::atomic<const Code*> code;
    Handler stub;
    uint64_t index;
    std::atomic<const void*> native{nullptr};  ///< machine code; then stub calls it
    std::atomic<uint32_t> crossings{0};        ///< calls by machine code while there was none for this function
  };

  const void* entry(module::FuncIdx f) override { return entry_of(f)->code.load(); }
  const void* native_entry(module::FuncIdx f) override;
  const uint8_t* native_image() override { return native_image_.load(std::memory_order_relaxed); }
  /// From now on calls of f run this machine code. Thread-safe.
  void set_native(module::FuncIdx f, const void* code);
  /// From now on frames of f that come to the head of the loop at this wasm offset go on in machine code there.
  /// Thread-safe. Nothing happens when f has not been lowered: then no such frame exists.
  void set_loop(module::FuncIdx f, uint32_t wasm, const void* entry);
  /// Keeps what holds the machine code alive, and says where it begins.
  void keep_native(std::shared_ptr<const void> owner, const uint8_t* image);
  /// Takes the machine code of all functions that the image has, function by function when they are first asked for.
  /// The image is kept by keep_native. False, and nothing done, when there is such an image already. Thread-safe.
  bool use_image(const native::Image& image);
  /// Entries are made when they are first asked for: a large program uses few. Thread-safe.
  Entry* entry_of(module::FuncIdx f) {
    Entry& e = entries_[f - m_.imported_funcs];
    if (e.code.load(std::memory_order_acquire) == nullptr) [[unlikely]]
      make_entries(f);
    return &e;
  }

  /// Lowers f unless that has been done; thread-safe. Errors: only with lazy validation, or an implementation limit.
  Result<const Code*> lower_now(module::FuncIdx f);

  /// The module byte offset of the wasm instruction whose code contains `at`. Lowers f again to find out.
  uint32_t wasm_offset(const FuncCode& f, const Code* at) const;

  /// Machine code calls f, which is interpreted: that costs more than either alone.
  void count_crossing(module::FuncIdx f) {
    const auto add = [](std::atomic<uint32_t>& n) {
      n.store(n.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    };
    add(entry_of(f)->crossings);
    add(crossings_);
  }
  uint32_t crossings(module::FuncIdx f) const {
    return entries_[f - m_.imported_funcs].crossings.load(std::memory_order_relaxed);
  }
  uint32_t crossings() const { return crossings_.load(std::memory_order_relaxed); }

  const module::Module& module() const { return m_; }
  const runtime::Config& config() const { return config_; }
  /// Everything that has been lowered.
  const std::vector<std::unique_ptr<FuncCode>>& codes() const { return codes_; }

 private:
  void make_entries(module::FuncIdx f);

  struct Free {
    void operator()(void* p) const { std::free(p); }
  };
  const module::Module& m_;
  runtime::Config config_;
  std::unique_ptr<Entry[], Free> entries_;  ///< from calloc; an entry without code is not made yet
  std::mutex make_mutex_;  ///< of making entries, and of the next two; inside mutex_ where both are held
  std::atomic<const native::Image*> image_ = nullptr;
  bool made_any_ = false;
  std::atomic<bool> set_any_ = false;  ///< some entry has other machine code than the image's
  std::mutex mutex_;
  std::vector<std::unique_ptr<FuncCode>> codes_;
  std::vector<std::shared_ptr<const void>> native_owners_;
  std::atomic<const uint8_t*> native_image_ = nullptr;
  std::atomic<uint32_t> crossings_{0};  ///< of all functions
};

/// Finds lowered code by an address inside it; null when it is none of ours. Thread-safe.
struct CodeOwner {
  const FuncCode* func = nullptr;
  ModuleCode* module = nullptr;
};
/// For runtime::Tier::native_stub.
Handler native_cell_handler();

CodeOwner find_code(const Code* at);

}  // namespace ashlar::interp
