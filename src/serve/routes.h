// What a service answers with: programs, and the requests that each is for.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "http/address_rules.h"
#include "http/client.h"
#include "serve/app.h"
#include "serve/guest_output.h"
#include "serve/router.h"

namespace ashlar::serve {

/// A program with its name in the log. Kept as long as any loop has requests for it.
struct ServedApp {
  std::string name;
  std::shared_ptr<const App> app;
  std::shared_ptr<const http::AddressRules> http;  ///< where it may send requests; null: nowhere
  std::shared_ptr<http::ClientTls> tls;            ///< with http: whom it trusts
  std::shared_ptr<GuestOutput> output;             ///< where it prints to; null: standard error
};

/// Immutable, shared by loops. A service goes from one to the next as a whole.
struct Routes {
  Router router;
  std::vector<std::shared_ptr<const ServedApp>> apps;  ///< by the router's numbers, each once
};

}  // namespace ashlar::serve
