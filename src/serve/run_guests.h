// The guests of one loop, as places in which programs run.
#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include <boost/asio/steady_timer.hpp>

#include "serve/guest_run.h"

namespace ashlar::serve {

class RunGuests final : public Guests {
 public:
  using Make = std::function<Result<std::unique_ptr<GuestRun>>(GuestRun::Done done)>;
  /// Both stay as long as this.
  RunGuests(boost::asio::io_context& loop, const AppOptions& options, Make make)
      : loop_(loop), options_(options), make_(std::move(make)), ticker_(loop) {}

  /// Makes a first place and tries it out, unless that has been `done`. Errors: those of both.
  Status try_out(std::atomic<bool>& done);
  void handle(wasi::host::HttpRequest request, std::shared_ptr<http::Answer> answer) override;
  size_t running() const override { return running_.size(); }
  std::shared_ptr<const runtime::Ledger> ledger() const override { return ledger_; }

 private:
  Result<std::unique_ptr<GuestRun>> make();
  void ended(GuestRun& run);
  void tick_later();
  void tick();
  void drop_overdue();

  boost::asio::io_context& loop_;
  const AppOptions& options_;
  const Make make_;
  /// A loop has its own: it counts, and limits nothing.
  const std::shared_ptr<runtime::Ledger> ledger_ = std::make_shared<runtime::Ledger>(runtime::LedgerLimits());
  std::vector<std::unique_ptr<GuestRun>> running_, idle_;
  std::vector<std::unique_ptr<GuestRun>> warm_;  ///< idle, with an instance; the one that ended last is the last
  boost::asio::steady_timer ticker_;
  size_t least_idle_ = 0;  ///< there were since the last tick
  unsigned quiet_ticks_ = 0;
  bool ticking_ = false;
  const std::shared_ptr<RunGuests*> self_ = std::make_shared<RunGuests*>(this);  ///< gone with this
};

}  // namespace ashlar::serve
