// Where nghttp2 is missing: HTTP/2 is neither offered nor recognized; see http2_connection.h.
#include "http/http2_connection.h"

namespace ashlar::http {

bool has_http2() { return false; }
std::shared_ptr<Connection> make_http2_connection(Server&, Stream) { return nullptr; }

}  // namespace ashlar::http
