// Idle connections; see wire_pool.h.
#include "http/wire_pool.h"

#include <array>
#include <chrono>

#include <boost/asio/steady_timer.hpp>

namespace ashlar::http {

namespace {

constexpr size_t kMostOfServer = 64, kMost = 512;
/// Shorter than servers keep theirs, as a rule: what a server closes just then is a request that has to be repeated.
constexpr std::chrono::seconds kIdleTime{15};

}  // namespace

struct WirePool::Idle {
  Idle(boost::asio::io_context& loop, std::unique_ptr<Wire> w, std::shared_ptr<size_t> c)
      : wire(std::move(w)), timer(loop), count(std::move(c)) {
    ++*count;
  }
  ~Idle() { close(); }
  Idle(const Idle&) = delete;
  Idle& operator=(const Idle&) = delete;
  void close() {
    wire.reset();
    if (!open) return;
    open = false;
    --*count;
    timer.cancel();
  }
  std::unique_ptr<Wire> wire;  ///< null: taken, or closed
  boost::asio::steady_timer timer;
  std::shared_ptr<size_t> count;
  bool open = true;
};

std::unique_ptr<Wire> WirePool::take(const std::string& server) {
  const auto found = idle_.find(server);
  if (found == idle_.end()) return nullptr;
  std::unique_ptr<Wire> out;
  while (!out && !found->second.empty()) {
    const std::shared_ptr<Idle> last = found->second.back().lock();
    found->second.pop_back();
    if (!last || !last->wire) continue;
    // What comes before anything was asked for is no answer.
    std::array<uint8_t, 1> byte;
    if (last->wire->read_some(byte).step == TlsStep::WantsRead) {
      out = std::move(last->wire);
      out->cancel();
    }
    last->close();
  }
  if (found->second.empty()) idle_.erase(found);
  return out;
}

/// What is left of those that were closed.
void WirePool::prune() {
  for (auto at = idle_.begin(); at != idle_.end();) {
    std::erase_if(at->second, [](const std::weak_ptr<Idle>& w) {
      const auto idle = w.lock();
      return !idle || !idle->open;
    });
    at = at->second.empty() ? idle_.erase(at) : std::next(at);
  }
}

void WirePool::give(const std::string& server, std::unique_ptr<Wire> wire) {
  if (*count_ >= kMost) return;
  if (idle_.size() >= 2 * kMost || idle_[server].size() >= kMostOfServer) prune();
  std::vector<std::weak_ptr<Idle>>& others = idle_[server];
  if (others.size() >= kMostOfServer) return;
  const auto idle = std::make_shared<Idle>(loop_, std::move(wire), count_);
  others.push_back(idle);
  idle->wire->wait(TlsStep::WantsRead, [idle] { idle->close(); });
  idle->timer.expires_after(kIdleTime);
  idle->timer.async_wait([idle](boost::system::error_code ec) {
    if (!ec) idle->close();
  });
}

}  // namespace ashlar::http
