// What a peer may cost, of servers and clients.
#pragma once

#include <chrono>
#include <cstdint>

namespace ashlar::http {

struct HttpLimits {
  uint32_t header_bytes = 64 << 10;                   ///< of a message's head, and of its trailers
  uint32_t fields = 256;                              ///< of a head or trailers
  uint64_t body_bytes = 1ull << 40;                   ///< of a message that comes in
  std::chrono::milliseconds head_time{10'000};        ///< from a head's first byte to its last
  std::chrono::milliseconds idle_time{60'000};        ///< between requests, and between two bytes of a body
  std::chrono::milliseconds half_closed_time{3'000};  ///< of a peer that sends no more and waits for its answer
  uint32_t connections = 16'384;                      ///< of a server at once; more wait
  uint32_t streams = 100;                             ///< of a connection at once, with HTTP/2
};

}  // namespace ashlar::http
