// Internal code of a module: per-function entries, lowered on first call and shared by all instances.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "interp/state.h"
#include "runtime/engine.h"

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

/// Lowered code of one function. Immutable once published.
struct FuncCode {
  uint32_t index = 0;
  uint16_t header = 0;  ///< slot of the return address: max(parameter slots, result slots)
  uint32_t size = 0;
  std::unique_ptr<uint64_t[]> words;  ///< the code, 8-aligned
  std::vector<HandlerRange> handlers;
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
  };

  const void* entry(module::FuncIdx f) override { return entries_[f - m_.imported_funcs].code.load(); }
  const void* native_entry(module::FuncIdx f) override {
    return entries_[f - m_.imported_funcs].native.load(std::memory_order_acquire);
  }
  const uint8_t* native_image() override { return native_image_; }
  /// From now on calls of f run this machine code. Thread-safe.
  void set_native(module::FuncIdx f, const void* code);
  /// Keeps what holds the machine code alive, and says where it begins.
  void keep_native(std::shared_ptr<const void> owner, const uint8_t* image);
  Entry* entry_of(module::FuncIdx f) { return &entries_[f - m_.imported_funcs]; }

  /// Lowers f unless that has been done; thread-safe. Errors: only with lazy validation, or an implementation limit.
  Result<const Code*> lower_now(module::FuncIdx f);

  /// The module byte offset of the wasm instruction whose code contains `at`. Lowers f again to find out.
  uint32_t wasm_offset(const FuncCode& f, const Code* at) const;

  const module::Module& module() const { return m_; }
  const runtime::Config& config() const { return config_; }

 private:
  const module::Module& m_;
  runtime::Config config_;
  std::unique_ptr<Entry[]> entries_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<FuncCode>> codes_;
  std::vector<std::shared_ptr<const void>> native_owners_;
  const uint8_t* native_image_ = nullptr;
};

/// Finds lowered code by an address inside it; null when it is none of ours. Thread-safe.
struct CodeOwner {
  const FuncCode* func = nullptr;
  ModuleCode* module = nullptr;
};
CodeOwner find_code(const Code* at);

}  // namespace ashlar::interp
