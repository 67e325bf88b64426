// The table of fused sequences and its lookup.
#include "interp/fuse.h"

#include <cstddef>
#include <vector>

namespace ashlar::interp {
namespace {

using enum isa::Op;

constexpr FusedRow kRows[] = {
    {nullptr, 0, {}},
#define FUSE(...) fused<__VA_ARGS__>(),
#define FUSE_IF(...) fused_if<__VA_ARGS__>(),
#define FUSE_BR(...) fused_br<__VA_ARGS__>(),
#include "interp/fused.def"
#undef FUSE
#undef FUSE_IF
#undef FUSE_BR
};

/// Open addressing over hashes of key sequences; every prefix of a row has an entry, its handler null when it is none.
class FusedIndex {
 public:
  FusedIndex() {
    size_t n = 16;
    while (n < std::size(kRows) * 8) n *= 2;
    cells_.resize(n);
    for (const FusedRow& row : kRows) {
      for (int k = 1; k <= row.n; ++k) {
        Cell& c = find(row.keys, k);
        c.n = static_cast<uint8_t>(k);
        std::memcpy(c.keys, row.keys, sizeof(Key) * static_cast<size_t>(k));
        if (k == row.n) c.handler = row.handler;
      }
    }
  }
  Handler handler(const Key* keys, int n) const {
    const Cell& c = const_cast<FusedIndex*>(this)->find(keys, n);
    return c.n == 0 ? nullptr : c.handler;
  }
  bool prefix(const Key* keys, int n) const { return const_cast<FusedIndex*>(this)->find(keys, n).n != 0; }

 private:
  struct Cell {
    Handler handler = nullptr;
    uint8_t n = 0;
    Key keys[kMaxFused] = {};
  };
  Cell& find(const Key* keys, int n) {
    uint64_t h = static_cast<uint64_t>(n);
    for (int i = 0; i < n; ++i) h = (h ^ keys[i]) * 0x9e3779b97f4a7c15u;
    for (size_t i = (h >> 32) & (cells_.size() - 1);; i = (i + 1) & (cells_.size() - 1)) {
      Cell& c = cells_[i];
      if (c.n == 0 || (c.n == n && std::memcmp(c.keys, keys, sizeof(Key) * static_cast<size_t>(n)) == 0)) return c;
    }
  }
  std::vector<Cell> cells_;
};

const FusedIndex& index() {
  static const FusedIndex instance;
  return instance;
}

}  // namespace

Handler find_fused(const Key* keys, int n) { return index().handler(keys, n); }
bool is_fused_prefix(const Key* keys, int n) { return index().prefix(keys, n); }

}  // namespace ashlar::interp
