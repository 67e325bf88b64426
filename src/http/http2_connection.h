// Connections that speak HTTP/2.
#pragma once

#include <memory>

#include "http/connection.h"

namespace ashlar::http {

/// Whether this build speaks it.
bool has_http2();
/// Its first bytes are the client's preface. Null without has_http2().
std::shared_ptr<Connection> make_http2_connection(Server& server, Stream stream);

}  // namespace ashlar::http
