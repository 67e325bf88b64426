// A listening socket that the host opened: accept, poll, receive, peek, send, shut down.
#include "check.h"

int main(void) {
  enum { LISTENER = 3 };
  u32 n = 0, stream = ~0u, flags;
  u16 out_flags = 99;
  char buffer[16];
  FdStat stat;
  OK(fd_fdstat_get(LISTENER, P(&stat)));
  EQ(stat.type, T_STREAM);
  Iovec part = {P(buffer), 5};
  EQ(sock_recv(LISTENER, P(&part), 1, 0, P(&n), P(&out_flags)), E_NOTCONN);
  EQ(sock_accept(LISTENER, 1, P(&stream)), E_INVAL);
  EQ(sock_accept(LISTENER, 0, ~0u), E_FAULT);

  // The host connects when it sees this line.
  printf("listening\n");
  fflush(stdout);
  Subscription wanted;
  memset(&wanted, 0, sizeof wanted);
  wanted.tag = 1;
  wanted.fd = LISTENER;
  Event event;
  OK(poll_oneoff(P(&wanted), P(&event), 1, P(&n)));
  EQ(event.error, 0);
  OK(sock_accept(LISTENER, 0, P(&stream)));
  OK(fd_fdstat_get(stream, P(&stat)));
  EQ(stat.type, T_STREAM);
  EQ(stat.base & R_SOCK_ACCEPT, 0);

  OK(sock_recv(stream, P(&part), 1, 2 /* wait for all */, P(&n), P(&out_flags)));
  EQ(n, 5);
  TRUE(memcmp(buffer, "hello", 5) == 0);
  EQ(out_flags, 0);
  part.size = sizeof buffer;
  OK(sock_recv(stream, P(&part), 1, 1 /* peek */, P(&n), P(&out_flags)));
  TRUE(n >= 1 && buffer[0] == ' ');
  OK(fd_read(stream, P(&part), 1, P(&n)));
  TRUE(n >= 1 && buffer[0] == ' ');
  EQ(sock_recv(stream, P(&part), 1, 4, P(&n), P(&out_flags)), E_INVAL);
  EQ(sock_send(stream, P(&part), 1, 1, P(&n)), E_INVAL);
  part.data = P("answer");
  part.size = 6;
  OK(sock_send(stream, P(&part), 1, 0, P(&n)));
  EQ(n, 6);
  EQ(sock_shutdown(stream, 4), E_INVAL);
  EQ(sock_shutdown(stream, 0), E_INVAL);
  OK(sock_shutdown(stream, 2));
  TRUE(sock_send(stream, P(&part), 1, 0, P(&n)) != E_SUCCESS);  // an error, not a signal
  // The other end closes too.
  do {
    part.data = P(buffer);
    flags = sock_recv(stream, P(&part), 1, 0, P(&n), P(&out_flags));
  } while (flags == E_SUCCESS && n != 0);
  OK(flags);
  OK(fd_close(stream));
  EQ(sock_shutdown(stream, 3), E_BADF);
  return finish();
}
