// Sockets on granted listeners.
#include <arpa/inet.h>
#include <sys/socket.h>

#include <thread>

#include "guest.h"
#include "os/socket.h"

namespace ashlar::wasi::testing {
namespace {

class SockTest : public ::testing::Test {
 protected:
  SockTest() : guest_(make()) {}
  Guest make() {
    auto listener = os::listen_tcp("127.0.0.1:0");
    EXPECT_TRUE(listener.has_value());
    port_ = os::local_port(listener->raw()).value_or(0);
    Context::Builder b;
    b.preopen_listener(std::move(*listener)).preopen_dir(dir_.granted(), "/", false);
    return Guest(b);
  }
  int connect() {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port_);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to), 0);
    return fd;
  }
  Errno receive(uint32_t fd, uint32_t size, uint32_t flags) {
    guest_.iovec(0, Guest::kData, size);
    const Errno code = guest_.call("sock_recv", fd, Guest::kIovecs, 1, flags, Guest::kResult, Guest::kResult + 8);
    got_ = code == Errno::success ? guest_.text(Guest::kData, guest_.load<uint32_t>(Guest::kResult)) : "";
    return code;
  }

  static constexpr uint32_t kListener = 4;  // behind the directory
  TempDir dir_;
  uint16_t port_ = 0;
  Guest guest_;
  std::string got_;
};

TEST_F(SockTest, AcceptAndTalk) {
  EXPECT_EQ(guest_.call("fd_prestat_get", kListener, Guest::kResult), Errno::badf) << "ends the search for directories";
  EXPECT_EQ(guest_.call("fd_fdstat_set_flags", kListener, 4), Errno::success);
  EXPECT_EQ(guest_.call("sock_accept", kListener, 0, Guest::kResult), Errno::again);
  EXPECT_EQ(guest_.call("sock_accept", kListener, 1, Guest::kResult), Errno::inval);
  EXPECT_EQ(guest_.call("sock_accept", kListener, 0, 0xfffffffe), Errno::fault);
  const int peer = connect();
  EXPECT_EQ(guest_.call("fd_fdstat_set_flags", kListener, 0), Errno::success);
  ASSERT_EQ(guest_.call("sock_accept", kListener, 4, Guest::kResult), Errno::success);
  const uint32_t fd = guest_.load<uint32_t>(Guest::kResult);
  EXPECT_EQ(fd, 5u);
  EXPECT_EQ(receive(fd, 10, 0), Errno::again);
  EXPECT_EQ(guest_.call("fd_fdstat_set_flags", fd, 0), Errno::success);
  ASSERT_EQ(::send(peer, "hello", 5, 0), 5);
  EXPECT_EQ(receive(fd, 3, 1), Errno::success);
  EXPECT_EQ(got_, "hel");
  EXPECT_EQ(receive(fd, 3, 0), Errno::success);
  EXPECT_EQ(got_, "hel");
  EXPECT_EQ(guest_.read(fd), Errno::success);
  EXPECT_EQ(guest_.got, "lo");
  std::thread later([&] {
    ::send(peer, "one ", 4, 0);
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    ::send(peer, "two", 3, 0);
  });
  EXPECT_EQ(receive(fd, 7, 2), Errno::success);
  EXPECT_EQ(got_, "one two");
  later.join();
  EXPECT_EQ(receive(fd, 3, 4), Errno::inval);

  EXPECT_EQ(guest_.write(fd, "reply"), Errno::success);
  guest_.iovec(0, guest_.kData, guest_.put(Guest::kData, "!"));
  EXPECT_EQ(guest_.call("sock_send", fd, Guest::kIovecs, 1, 0, Guest::kResult), Errno::success);
  EXPECT_EQ(guest_.call("sock_send", fd, Guest::kIovecs, 1, 1, Guest::kResult), Errno::inval);
  char text[16];
  ASSERT_EQ(::recv(peer, text, 6, MSG_WAITALL), 6);
  EXPECT_EQ(std::string(text, 6), "reply!");
  EXPECT_EQ(guest_.call("sock_shutdown", fd, 0), Errno::inval);
  EXPECT_EQ(guest_.call("sock_shutdown", fd, 4), Errno::inval);
  EXPECT_EQ(guest_.call("sock_shutdown", fd, 2), Errno::success);
  EXPECT_EQ(::recv(peer, text, 6, 0), 0);
  ::close(peer);
  EXPECT_EQ(guest_.write(fd, "x"), Errno::pipe) << "and no signal";
}

TEST_F(SockTest, OnlySockets) {
  for (uint32_t fd : {1u, 3u}) {
    EXPECT_EQ(guest_.call("sock_shutdown", fd, 1), Errno::notsock);
    EXPECT_EQ(guest_.call("sock_accept", fd, 0, Guest::kResult), Errno::notsock);
    EXPECT_EQ(receive(fd, 1, 0), Errno::notsock);
    EXPECT_EQ(guest_.call("sock_send", fd, Guest::kIovecs, 1, 0, Guest::kResult), Errno::notsock);
  }
  EXPECT_EQ(guest_.call("sock_shutdown", 99, 1), Errno::badf);
  EXPECT_EQ(receive(kListener, 1, 0), Errno::notconn);
  EXPECT_EQ(guest_.read(kListener), Errno::notcapable);
}

TEST_F(SockTest, PollSeesConnections) {
  guest_.fill(0x2000, 96, 0);
  guest_.store<uint64_t>(0x2000, 1);
  guest_.store<uint8_t>(0x2008, 1);
  guest_.store<uint32_t>(0x2010, kListener);
  guest_.store<uint32_t>(0x2030 + 16, 1);
  guest_.store<uint64_t>(0x2030 + 24, 5'000'000'000);
  const int peer = connect();
  ASSERT_EQ(guest_.call("poll_oneoff", 0x2000, 0x6000, 2, Guest::kResult), Errno::success);
  EXPECT_EQ(guest_.load<uint32_t>(Guest::kResult), 1u);
  EXPECT_EQ(guest_.load<uint64_t>(0x6000), 1u);
  ::close(peer);
}

TEST(Listen, Addresses) {
  for (const char* wrong : {"", ":", "80", "host:80", "127.0.0.1:", "127.0.0.1:99999", "127.0.0.1:8x", "[::1:80"}) {
    EXPECT_FALSE(os::listen_tcp(wrong).has_value()) << wrong;
  }
  EXPECT_TRUE(os::listen_tcp("localhost:0").has_value());
  Context::Builder b;
  b.preopen_listener("nowhere:80");
  auto built = b.build();
  ASSERT_FALSE(built.has_value());
  EXPECT_EQ(built.error().code(), ErrorCode::wasi_listen_failed);
}

}  // namespace
}  // namespace ashlar::wasi::testing
