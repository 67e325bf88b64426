// wasi:sockets through the interfaces that components call: states, policies, streams, limits.
#include <gtest/gtest.h>

#include <string>

#include "wasi/p2/interfaces.h"
#include "wasi/p2/sockets.h"

using namespace ashlar;
using namespace ashlar::wasi;
using namespace ashlar::wasi::p2;
using Code = socket_types::ErrorCode;
using Address = socket_types::IpSocketAddress;
using Family = socket_types::Family;

namespace {

class FewSockets final : public host::Quota {
 public:
  explicit FewSockets(int left) : left_(left) {}
  bool take() override { return left_ > 0 && left_-- > 0; }
  void give_back() override { ++left_; }
  int left() const { return left_; }

 private:
  int left_;
};

class P2Sockets : public testing::TestWithParam<Family> {
 protected:
  void allow(std::string_view rule) { ASSERT_TRUE(world.network.add(rule)); }
  bool v6() const { return GetParam() == Family::ipv6; }
  Address loopback(uint16_t port) const {
    return socket_types::address_to({*os::parse_ip_address(v6() ? "::1" : "127.0.0.1"), port, 0, 0});
  }
  Address address(const char* ip, uint16_t port) const {
    return socket_types::address_to({*os::parse_ip_address(ip), port, 0, 0});
  }
  Borrow<TcpHost::TcpSocket> make() { return {tcp.create_tcp_socket(GetParam()).value().value().rep}; }
  Borrow<UdpHost::UdpSocket> make_udp() { return {udp.create_udp_socket(GetParam()).value().value().rep}; }
  void bind(Borrow<TcpHost::TcpSocket> s, Address to) {
    ASSERT_TRUE(tcp.tcp_socket_start_bind(s, net, std::move(to)).value());
    ASSERT_TRUE(tcp.tcp_socket_finish_bind(s).value());
  }
  void bind(Borrow<UdpHost::UdpSocket> s) {
    ASSERT_TRUE(udp.udp_socket_start_bind(s, net, loopback(0)).value());
    ASSERT_TRUE(udp.udp_socket_finish_bind(s).value());
  }
  Borrow<TcpHost::TcpSocket> listen() {
    auto s = make();
    bind(s, loopback(0));
    EXPECT_TRUE(tcp.tcp_socket_start_listen(s).value());
    EXPECT_TRUE(tcp.tcp_socket_finish_listen(s).value());
    return s;
  }
  void block(uint32_t pollable) { ASSERT_TRUE(poll.pollable_block({pollable})); }
  /// A connection: the client's and the server's streams.
  struct Pair {
    Borrow<TcpHost::TcpSocket> client, server;
    Borrow<io::streams::InputStream> client_in, server_in;
    Borrow<io::streams::OutputStream> client_out, server_out;
  };
  Pair connect() {
    Pair out;
    const auto l = listen();
    out.client = make();
    EXPECT_TRUE(tcp.tcp_socket_start_connect(out.client, net, tcp.tcp_socket_local_address(l).value().value()).value());
    block(tcp.tcp_socket_subscribe(out.client).value().rep);
    const auto mine = tcp.tcp_socket_finish_connect(out.client).value().value();
    block(tcp.tcp_socket_subscribe(l).value().rep);
    const auto theirs = tcp.tcp_socket_accept(l).value().value();
    out.client_in = {std::get<0>(mine).rep};
    out.client_out = {std::get<1>(mine).rep};
    out.server = {std::get<0>(theirs).rep};
    out.server_in = {std::get<1>(theirs).rep};
    out.server_out = {std::get<2>(theirs).rep};
    return out;
  }
  /// Everything until the end.
  size_t drain(Borrow<io::streams::InputStream> in) {
    size_t size = 0;
    for (;;) {
      const auto got = streams.input_stream_blocking_read(in, 1 << 20).value();
      if (!got) return size;
      size += got->size();
    }
  }
  static std::vector<uint8_t> bytes(std::string_view s) { return {s.begin(), s.end()}; }

  World world;
  PollHost poll{world};
  StreamsHost streams{world};
  NetworkHost network{world};
  TcpHost tcp{world};
  UdpHost udp{world};
  const Borrow<socket_types::Network> net{0};
};

TEST_P(P2Sockets, NothingIsAllowedByDefault) {
  const auto s = make();
  EXPECT_EQ(tcp.tcp_socket_start_bind(s, net, loopback(0)).value().error(), Code::access_denied);
  EXPECT_EQ(tcp.tcp_socket_start_connect(s, net, loopback(80)).value().error(), Code::access_denied);
  EXPECT_EQ(udp.udp_socket_start_bind(make_udp(), net, loopback(0)).value().error(), Code::access_denied);
  EXPECT_EQ(network.resolve_addresses(net, "localhost").value().error(), Code::access_denied);
  world.network.tcp = world.network.udp = false;
  EXPECT_EQ(tcp.create_tcp_socket(GetParam()).value().error(), Code::access_denied);
  EXPECT_EQ(udp.create_udp_socket(GetParam()).value().error(), Code::access_denied);
}

TEST_P(P2Sockets, OperationsInTheWrongState) {
  allow("*");
  const auto s = make();
  EXPECT_EQ(tcp.tcp_socket_finish_bind(s).value().error(), Code::not_in_progress);
  EXPECT_EQ(tcp.tcp_socket_finish_connect(s).value().error(), Code::not_in_progress);
  EXPECT_EQ(tcp.tcp_socket_finish_listen(s).value().error(), Code::not_in_progress);
  EXPECT_EQ(tcp.tcp_socket_start_listen(s).value().error(), Code::invalid_state);
  EXPECT_EQ(tcp.tcp_socket_accept(s).value().error(), Code::invalid_state);
  EXPECT_EQ(tcp.tcp_socket_local_address(s).value().error(), Code::invalid_state);
  EXPECT_EQ(tcp.tcp_socket_remote_address(s).value().error(), Code::invalid_state);
  EXPECT_EQ(tcp.tcp_socket_shutdown(s, sockets::tcp::ShutdownType::both).value().error(), Code::invalid_state);
  ASSERT_TRUE(tcp.tcp_socket_start_bind(s, net, loopback(0)).value());
  EXPECT_EQ(tcp.tcp_socket_start_bind(s, net, loopback(0)).value().error(), Code::concurrency_conflict);
  EXPECT_EQ(tcp.tcp_socket_start_listen(s).value().error(), Code::concurrency_conflict);
  ASSERT_TRUE(tcp.tcp_socket_finish_bind(s).value());
  EXPECT_EQ(tcp.tcp_socket_start_bind(s, net, loopback(0)).value().error(), Code::invalid_state);
  ASSERT_TRUE(tcp.tcp_socket_start_listen(s).value());
  EXPECT_EQ(tcp.tcp_socket_accept(s).value().error(), Code::invalid_state);
  ASSERT_TRUE(tcp.tcp_socket_finish_listen(s).value());
  EXPECT_EQ(tcp.tcp_socket_accept(s).value().error(), Code::would_block);
  EXPECT_EQ(tcp.tcp_socket_start_connect(s, net, loopback(1)).value().error(), Code::invalid_state);
}

TEST_P(P2Sockets, AddressesThatNoSocketTakes) {
  allow("*");
  const auto s = make();
  const auto bind_error = [&](const char* ip) {
    return tcp.tcp_socket_start_bind(s, net, address(ip, 0)).value().error();
  };
  const auto connect_error = [&](const char* ip, uint16_t port) {
    return tcp.tcp_socket_start_connect(s, net, address(ip, port)).value().error();
  };
  EXPECT_EQ(bind_error(v6() ? "127.0.0.1" : "::1"), Code::invalid_argument);
  EXPECT_EQ(bind_error(v6() ? "ff00::1" : "224.0.0.1"), Code::invalid_argument);
  EXPECT_EQ(bind_error(v6() ? "::ffff:127.0.0.1" : "255.255.255.255"), Code::invalid_argument);
  EXPECT_EQ(bind_error(v6() ? "2001:db8::1" : "192.0.2.1"), Code::address_not_bindable);
  EXPECT_EQ(connect_error(v6() ? "::" : "0.0.0.0", 80), Code::invalid_argument);
  EXPECT_EQ(connect_error(v6() ? "::1" : "127.0.0.1", 0), Code::invalid_argument);
  // None of that changed anything.
  bind(s, loopback(0));
}

TEST_P(P2Sockets, ARefusedConnectionClosesTheSocket) {
  allow("*");
  const auto other = make();
  bind(other, loopback(0));
  const auto to = tcp.tcp_socket_local_address(other).value().value();
  tcp.drop_tcp_socket(other.rep);
  const auto s = make();
  ASSERT_TRUE(tcp.tcp_socket_start_connect(s, net, to).value());
  block(tcp.tcp_socket_subscribe(s).value().rep);
  EXPECT_EQ(tcp.tcp_socket_finish_connect(s).value().error(), Code::connection_refused);
  EXPECT_EQ(tcp.tcp_socket_start_connect(s, net, to).value().error(), Code::invalid_state);
  EXPECT_EQ(tcp.tcp_socket_local_address(s).value().error(), Code::invalid_state);
}

TEST_P(P2Sockets, WhatListensMustBeAllowedByItself) {
  // Connecting to port 9 alone is granted, so an implicit bind is, but nobody can be served.
  allow(v6() ? "[::1]:9" : "127.0.0.1:9");
  const auto s = make();
  bind(s, address(v6() ? "::" : "0.0.0.0", 0));
  EXPECT_EQ(tcp.tcp_socket_start_listen(s).value().error(), Code::access_denied);
}

TEST_P(P2Sockets, WritesDoNotBlockAndLoseNothing) {
  allow("localhost");
  const Pair p = connect();
  size_t written = 0;
  for (;;) {
    const uint64_t permit = streams.output_stream_check_write(p.client_out).value().value();
    if (permit == 0) break;
    ASSERT_TRUE(streams.output_stream_write(p.client_out, std::vector<uint8_t>(permit)).value());
    written += permit;
  }
  // More than was permitted traps.
  EXPECT_FALSE(streams.output_stream_write(p.client_out, bytes("x")));
  EXPECT_FALSE(poll.pollable_ready({streams.output_stream_subscribe(p.client_out).value().rep}).value());
  ASSERT_TRUE(tcp.tcp_socket_shutdown(p.client, sockets::tcp::ShutdownType::send).value());
  // The socket and its streams may go; what was written arrives all the same, and then the end.
  streams.drop_output_stream(p.client_out.rep);
  tcp.drop_tcp_socket(p.client.rep);
  EXPECT_EQ(drain(p.server_in), written);
}

TEST_P(P2Sockets, ShutDownStreamsAreClosed) {
  allow("localhost");
  const Pair p = connect();
  ASSERT_TRUE(streams.output_stream_blocking_write_and_flush(p.server_out, bytes("unread")).value());
  block(streams.input_stream_subscribe(p.client_in).value().rep);
  ASSERT_TRUE(tcp.tcp_socket_shutdown(p.client, sockets::tcp::ShutdownType::both).value());
  ASSERT_TRUE(tcp.tcp_socket_shutdown(p.client, sockets::tcp::ShutdownType::both).value());
  const auto closed = [](const auto& outcome) {
    return !outcome && outcome.error().value.index() == io::streams::StreamError::kClosed;
  };
  EXPECT_TRUE(closed(streams.input_stream_read(p.client_in, 10).value()));
  EXPECT_TRUE(closed(streams.input_stream_read(p.client_in, 0).value()));
  EXPECT_TRUE(closed(streams.output_stream_check_write(p.client_out).value()));
  EXPECT_TRUE(closed(streams.output_stream_flush(p.client_out).value()));
  EXPECT_TRUE(closed(streams.input_stream_blocking_read(p.server_in, 10).value()));
}

TEST_P(P2Sockets, LimitsCountSocketsUntilTheirLastStreamGoes) {
  allow("localhost");
  FewSockets few(3);
  {
    world.quota = &few;
    const Pair p = connect();
    EXPECT_EQ(few.left(), 0);
    EXPECT_EQ(tcp.create_tcp_socket(GetParam()).value().error(), Code::new_socket_limit);
    EXPECT_EQ(udp.create_udp_socket(GetParam()).value().error(), Code::new_socket_limit);
    tcp.drop_tcp_socket(p.server.rep);
    EXPECT_EQ(few.left(), 0);
    streams.drop_input_stream(p.server_in.rep);
    streams.drop_output_stream(p.server_out.rep);
    EXPECT_EQ(few.left(), 1);
    tcp.drop_tcp_socket(0);
    tcp.drop_tcp_socket(p.client.rep);
    streams.drop_input_stream(p.client_in.rep);
    streams.drop_output_stream(p.client_out.rep);
  }
  // What is left are the pollables that connect() made, each with its socket.
  for (uint32_t i = 0; i < 2; ++i) poll.drop_pollable(i);
  EXPECT_EQ(few.left(), 3);
}

TEST_P(P2Sockets, WaitingIsInterrupted) {
  allow("localhost");
  int asked = 0;
  world.interrupt = host::Interrupt([&] { return ++asked > 3; });
  const auto l = listen();
  const auto done = poll.pollable_block({tcp.tcp_socket_subscribe(l).value().rep});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code(), ashlar::ErrorCode::interrupted);
}

TEST_P(P2Sockets, DatagramsKeepToTheirRules) {
  allow("localhost");
  const auto s = make_udp();
  EXPECT_EQ(udp.udp_socket_stream(s, std::nullopt).value().error(), Code::invalid_state);
  bind(s);
  const auto old = udp.udp_socket_stream(s, std::nullopt).value().value();
  const auto pair = udp.udp_socket_stream(s, std::nullopt).value().value();
  // Of several pairs of streams the last works.
  EXPECT_EQ(udp.incoming_datagram_stream_receive({std::get<0>(old).rep}, 1).value().error(), Code::invalid_state);
  EXPECT_EQ(udp.outgoing_datagram_stream_check_send({std::get<1>(old).rep}).value().error(), Code::invalid_state);
  const Borrow<UdpHost::Outgoing> out{std::get<1>(pair).rep};
  const auto own = udp.udp_socket_local_address(s).value().value();
  // Without check-send nothing may be sent: that traps.
  EXPECT_FALSE(udp.outgoing_datagram_stream_send(out, {{bytes("x"), own}}));
  ASSERT_GT(udp.outgoing_datagram_stream_check_send(out).value().value(), 0u);
  EXPECT_FALSE(udp.outgoing_datagram_stream_send(out, std::vector<sockets::udp::OutgoingDatagram>(100'000)));
  EXPECT_EQ(udp.outgoing_datagram_stream_send(out, {{bytes("x"), std::nullopt}}).value().error(),
            Code::invalid_argument);
  ASSERT_GT(udp.outgoing_datagram_stream_check_send(out).value().value(), 0u);
  EXPECT_EQ(udp.outgoing_datagram_stream_send(out, {{std::vector<uint8_t>(70'000), own}}).value().error(),
            Code::datagram_too_large);
  ASSERT_GT(udp.outgoing_datagram_stream_check_send(out).value().value(), 0u);
  EXPECT_EQ(udp.outgoing_datagram_stream_send(out, {{bytes("x"), own}, {bytes(""), own}}).value().value(), 2u);
  const Borrow<UdpHost::Incoming> in{std::get<0>(pair).rep};
  block(udp.incoming_datagram_stream_subscribe(in).value().rep);
  const auto got = udp.incoming_datagram_stream_receive(in, ~uint64_t{0}).value().value();
  ASSERT_EQ(got.size(), 2u);
  EXPECT_EQ(got[0].data, bytes("x"));
  EXPECT_TRUE(udp.incoming_datagram_stream_receive(in, 5).value().value().empty());
  // Nobody that the policy does not know.
  EXPECT_EQ(udp.outgoing_datagram_stream_check_send(out).value().value(), 16u);
  EXPECT_EQ(udp.outgoing_datagram_stream_send(out, {{bytes("x"), address(v6() ? "2001:db8::1" : "192.0.2.1", 9)}})
                .value()
                .error(),
            Code::access_denied);
}

TEST_P(P2Sockets, APortStaysWhenThePeerChanges) {
  allow("localhost");
  const auto s = make_udp();
  bind(s);
  const auto own = socket_types::address_from(udp.udp_socket_local_address(s).value().value());
  ASSERT_TRUE(udp.udp_socket_stream(s, loopback(9)).value());
  const auto pair = udp.udp_socket_stream(s, std::nullopt).value();
  ASSERT_TRUE(pair);
  EXPECT_EQ(socket_types::address_from(udp.udp_socket_local_address(s).value().value()), own);
  EXPECT_EQ(udp.udp_socket_remote_address(s).value().error(), Code::invalid_state);
  const auto other = make_udp();
  bind(other);
  const Borrow<UdpHost::Outgoing> out{std::get<1>(udp.udp_socket_stream(other, std::nullopt).value().value()).rep};
  ASSERT_GT(udp.outgoing_datagram_stream_check_send(out).value().value(), 0u);
  ASSERT_EQ(udp.outgoing_datagram_stream_send(out, {{bytes("x"), socket_types::address_to(own)}}).value().value(), 1u);
  EXPECT_EQ(udp.incoming_datagram_stream_receive({std::get<0>(*pair).rep}, 5).value().value().size(), 1u);
}

TEST_P(P2Sockets, LookupsCountUntilTheyAreRead) {
  world.network.name_lookup = true;
  FewSockets few(1);
  world.quota = &few;
  const Borrow<NetworkHost::ResolveAddressStream> s{network.resolve_addresses(net, "localhost").value().value().rep};
  EXPECT_EQ(network.resolve_addresses(net, "localhost").value().error(), Code::temporary_resolver_failure);
  const uint32_t pollable = network.resolve_address_stream_subscribe(s).value().rep;
  block(pollable);
  poll.drop_pollable(pollable);
  EXPECT_EQ(few.left(), 0);
  EXPECT_TRUE(network.resolve_address_stream_resolve_next_address(s).value().value());
  EXPECT_EQ(few.left(), 1);
  block(network.resolve_address_stream_subscribe(s).value().rep);
}

TEST_P(P2Sockets, NamesAreLookedUpWhileOneWaits) {
  allow("localhost:1");
  const Borrow<NetworkHost::ResolveAddressStream> s{network.resolve_addresses(net, "LocalHost").value().value().rep};
  block(network.resolve_address_stream_subscribe(s).value().rep);
  EXPECT_TRUE(network.resolve_address_stream_resolve_next_address(s).value().value());
  while (network.resolve_address_stream_resolve_next_address(s).value().value()) {
  }
  EXPECT_EQ(network.resolve_addresses(net, "example.com").value().error(), Code::access_denied);
  EXPECT_EQ(network.resolve_addresses(net, "no name").value().error(), Code::invalid_argument);
  EXPECT_EQ(network.resolve_addresses(net, "::ffff:1.2.3.4").value().error(), Code::invalid_argument);
  world.network.resolver = false;
  EXPECT_EQ(network.resolve_addresses(net, "localhost").value().error(), Code::permanent_resolver_failure);
  // Addresses need nobody's permission.
  const Borrow<NetworkHost::ResolveAddressStream> ip{network.resolve_addresses(net, "[::1]").value().value().rep};
  EXPECT_TRUE(poll.pollable_ready({network.resolve_address_stream_subscribe(ip).value().rep}).value());
  EXPECT_TRUE(network.resolve_address_stream_resolve_next_address(ip).value().value());
}

INSTANTIATE_TEST_SUITE_P(Families, P2Sockets, testing::Values(Family::ipv4, Family::ipv6),
                         [](const auto& info) { return info.param == Family::ipv4 ? "IPv4" : "IPv6"; });

}  // namespace
