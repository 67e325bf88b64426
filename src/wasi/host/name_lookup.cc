// Resolver threads and Punycode; see name_lookup.h.
#include "wasi/host/name_lookup.h"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <new>
#include <span>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "base/utf8.h"
#include "os/quiet_thread.h"

namespace ashlar::wasi::host {
namespace {

/// One of the lookups that the process may have under way.
class LookupSlot {
 public:
  static std::optional<LookupSlot> take() {
    if (taken.fetch_add(1) < kMost) return LookupSlot();
    taken.fetch_sub(1);
    return std::nullopt;
  }
  LookupSlot(LookupSlot&& o) noexcept : held_(std::exchange(o.held_, false)) {}
  LookupSlot& operator=(LookupSlot&&) = delete;
  ~LookupSlot() {
    if (held_) taken.fetch_sub(1);
  }

 private:
  LookupSlot() = default;
  static constexpr int kMost = 64;
  static inline std::atomic<int> taken{0};
  bool held_ = true;
};

constexpr size_t kLongestName = 253, kLongestLabel = 63;

bool is_host_char(char32_t c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

/// RFC 3492, section 6.1.
uint32_t adapt(uint32_t delta, uint32_t points, bool first) {
  delta = first ? delta / 700 : delta / 2;
  delta += delta / points;
  uint32_t k = 0;
  for (; delta > 455; k += 36) delta /= 35;
  return k + 36 * delta / (delta + 38);
}

/// RFC 3492, section 6.3. A label has at most kLongestLabel characters, so that nothing overflows.
std::string punycode(const std::vector<char32_t>& label) {
  std::string out;
  for (char32_t c : label) {
    if (c < 0x80) out += static_cast<char>(c);
  }
  const auto basic = static_cast<uint32_t>(out.size());
  if (basic != 0) out += '-';
  uint32_t done = basic, n = 0x80, delta = 0, bias = 72;
  while (done < label.size()) {
    char32_t next = 0x10ffff;
    for (char32_t c : label) {
      if (c >= n) next = std::min(next, c);
    }
    delta += (next - n) * (done + 1);
    n = next;
    for (char32_t c : label) {
      if (c < n) ++delta;
      if (c != n) continue;
      uint32_t q = delta;
      for (uint32_t k = 36;; k += 36) {
        const uint32_t t = k <= bias ? 1 : std::min<uint32_t>(k - bias, 26);
        const uint32_t digit = q < t ? q : t + (q - t) % (36 - t);
        out += static_cast<char>(digit < 26 ? 'a' + digit : '0' + digit - 26);
        if (q < t) break;
        q = (q - t) / (36 - t);
      }
      bias = adapt(delta, done + 1, done == basic);
      delta = 0;
      ++done;
    }
    ++delta;
    ++n;
  }
  return out;
}

HostResult<std::string> ascii_label(std::string_view text) {
  std::vector<char32_t> points;
  bool ascii = true;
  const std::span bytes(reinterpret_cast<const uint8_t*>(text.data()), text.size());
  for (size_t at = 0; at < bytes.size();) {
    char32_t point = base::decode_utf8(bytes, at);
    if (point == base::kInvalidCodePoint) return fail(Errno::inval);
    if (point >= 0x80) {
      ascii = false;
    } else if (!is_host_char(point)) {
      return fail(Errno::inval);
    } else if (point >= 'A' && point <= 'Z') {
      point += 'a' - 'A';
    }
    points.push_back(point);
  }
  if (points.empty() || points.size() > kLongestLabel) return fail(Errno::inval);
  std::string out = ascii ? std::string(points.begin(), points.end()) : "xn--" + punycode(points);
  if (out.size() > kLongestLabel) return fail(Errno::inval);
  return out;
}

}  // namespace

HostResult<std::string> ascii_host_name(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  std::string out;
  for (size_t from = 0; from <= name.size();) {
    const size_t dot = std::min(name.find('.', from), name.size());
    HOST_ASSIGN(const std::string label, ascii_label(name.substr(from, dot - from)));
    out += (out.empty() ? "" : ".") + label;
    from = dot + 1;
  }
  if (out.size() > kLongestName) return fail(Errno::inval);
  return out;
}

struct NameLookup::Shared {
  os::Fd event;
  std::mutex mutex;
  std::optional<os::LookupResult> result;
};

HostResult<NameLookup> NameLookup::start(std::string name, Quota* quota) {
  Share share;
  if (!share.take(quota)) return fail(Errno::nfile);
  auto slot = LookupSlot::take();
  if (!slot) return fail(Errno::nfile);
  auto shared = std::make_shared<Shared>();
  HOST_ASSIGN(shared->event, from_os(os::make_event()));
  try {
    os::quiet_thread([shared, name = std::move(name), slot = std::move(*slot)] {
      os::LookupResult result;
      try {
        result = os::look_up_name(name);
      } catch (const std::bad_alloc&) {
        result = {os::LookupError::OutOfMemory, {}};
      }
      {
        const std::lock_guard lock(shared->mutex);
        shared->result = std::move(result);
      }
      os::raise_event(shared->event.raw());
    }).detach();
  } catch (const std::system_error&) {
    return fail(Errno::nfile);
  }
  return NameLookup(std::move(shared), std::move(share));
}

int NameLookup::handle() const { return shared_->event.raw(); }

std::optional<os::LookupResult> NameLookup::result() const {
  const std::lock_guard lock(shared_->mutex);
  return shared_->result;
}

}  // namespace ashlar::wasi::host
