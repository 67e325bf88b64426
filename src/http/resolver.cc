// Lookups of names on a loop; see resolver.h.
#include "http/resolver.h"

#include <unistd.h>

#include <algorithm>
#include <optional>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "wasi/host/name_lookup.h"

namespace ashlar::http {

namespace asio = boost::asio;
using boost::system::error_code;
using wasi::host::HttpError;
using wasi::host::HttpErrorCode;

namespace {

constexpr std::chrono::seconds kKnownFor{1};
constexpr size_t kMostKnown = 1024;
/// Before it is tried again, where too many lookups are under way.
constexpr std::chrono::milliseconds kBusy{20};

asio::ip::address to_asio(const os::IpAddress& ip) {
  if (ip.v6) {
    asio::ip::address_v6::bytes_type bytes;
    std::copy_n(ip.bytes.begin(), bytes.size(), bytes.begin());
    return asio::ip::address_v6(bytes);
  }
  asio::ip::address_v4::bytes_type bytes;
  std::copy_n(ip.bytes.begin(), bytes.size(), bytes.begin());
  return asio::ip::address_v4(bytes);
}

Resolver::Answer answer_of(const os::LookupResult& result) {
  switch (result.error) {
    case os::LookupError::None:
      break;
    case os::LookupError::NoSuchName:
      return std::unexpected(HttpError{HttpErrorCode::DnsError, "there is no such name", {}});
    case os::LookupError::Temporary:
      return std::unexpected(HttpError{HttpErrorCode::DnsTimeout, {}, {}});
    case os::LookupError::Permanent:
      return std::unexpected(HttpError{HttpErrorCode::DnsError, "the name server fails", {}});
    case os::LookupError::OutOfMemory:
      return std::unexpected(HttpError{HttpErrorCode::InternalError, "no memory for a lookup", {}});
  }
  Resolver::Addresses out;
  for (const os::IpAddress& ip : result.addresses) out.push_back(to_asio(ip));
  return out;
}

}  // namespace

struct Resolver::Lookup {
  Lookup(asio::io_context& loop, std::string n) : name(std::move(n)), handle(loop), timer(loop) {}
  std::string name;
  std::optional<wasi::host::NameLookup> lookup;
  asio::posix::stream_descriptor handle;  ///< of its own: readable with the result
  asio::steady_timer timer;
  std::vector<std::shared_ptr<Done>> waiting;

  bool wanted() const {
    return std::ranges::any_of(waiting, [](const std::shared_ptr<Done>& w) { return static_cast<bool>(*w); });
  }
};

std::weak_ptr<Resolver::Done> Resolver::look_up(const std::string& host, Done done) {
  auto out = std::make_shared<Done>(std::move(done));
  const auto tell = [&](Answer answer) {
    asio::post(loop_, [out, answer = std::move(answer)] {
      if (*out) (*out)(answer);
    });
    return out;
  };
  const auto name = wasi::host::ascii_host_name(host);
  if (!name) return tell(std::unexpected(HttpError{HttpErrorCode::DnsError, "it cannot be a host's name", {}}));
  if (const auto known = known_.find(*name); known != known_.end() && Clock::now() < known->second.until) {
    return tell(known->second.addresses);
  }
  std::shared_ptr<Lookup> lookup = under_way_[*name].lock();
  if (lookup) {
    lookup->waiting.push_back(out);
    return out;
  }
  lookup = std::make_shared<Lookup>(loop_, *name);
  lookup->waiting.push_back(out);
  under_way_[*name] = lookup;
  begin(lookup);
  return out;
}

void Resolver::begin(const std::shared_ptr<Lookup>& lookup) {
  auto started = wasi::host::NameLookup::start(lookup->name, nullptr);
  if (!started) {
    lookup->timer.expires_after(kBusy);
    lookup->timer.async_wait([weak = weak_from_this(), lookup](error_code) {
      const auto self = weak.lock();
      if (!self) return;
      if (lookup->wanted()) return self->begin(lookup);
      self->under_way_.erase(lookup->name);
    });
    return;
  }
  lookup->lookup.emplace(std::move(*started));
  error_code ec;
  lookup->handle.assign(::dup(lookup->lookup->handle()), ec);
  if (ec) return finish(lookup, std::unexpected(HttpError{HttpErrorCode::DnsError, ec.message(), {}}));
  lookup->handle.async_wait(asio::posix::stream_descriptor::wait_read, [weak = weak_from_this(), lookup](error_code) {
    const auto self = weak.lock();
    const auto result = lookup->lookup->result();
    if (self && result) self->finish(lookup, answer_of(*result));
  });
}

// From the loop even where it fails at once: who asks has nothing in his hands yet.
void Resolver::finish(const std::shared_ptr<Lookup>& lookup, const Answer& answer) {
  under_way_.erase(lookup->name);
  if (answer) remember(lookup->name, *answer);
  asio::post(loop_, [waiting = std::move(lookup->waiting), answer] {
    for (const std::shared_ptr<Done>& w : waiting) {
      if (*w) (*w)(answer);
    }
  });
}

void Resolver::remember(const std::string& name, const Addresses& addresses) {
  const auto now = Clock::now();
  if (known_.size() >= kMostKnown) {
    std::erase_if(known_, [&](const auto& k) { return k.second.until <= now; });
    if (known_.size() >= kMostKnown) return;
  }
  known_[name] = {addresses, now + kKnownFor};
}

}  // namespace ashlar::http
