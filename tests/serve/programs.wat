;; A WASI program for tests of `ashlar serve`: the letter behind the path's '/' says what it does, well or badly. Asked
;; in the manner of CGI it finds the path in its environment, else in the text on its standard input.
(module
  (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_sizes_get" (func $environ_sizes_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_get" (func $environ_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll_oneoff (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  ;; 0: iovec, 8: result, 16..: polling, 0x400..: strings, 0x10000: what was read, 0x20000: environment
  (memory (export "memory") 8)
  (data (i32.const 0x400) "PATH_INFO=/\00")
  (data (i32.const 0x420) "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello\n\00")
  (data (i32.const 0x480) "HTTP/1.1 201 Created\nX-A: b\n\nlines\n\00")
  (data (i32.const 0x4c0) "HTTP/1.1 200 OK\r\n\r\n\00")
  (data (i32.const 0x4e0) "hello world\n\n\00")
  (data (i32.const 0x500) "HTTP/1.1 200 OK\r\nX: a\rSet-Cookie: b\r\n\r\n\00")
  (data (i32.const 0x540) "HTTP/1.1 200 OK\r\nConnection: close\r\nKeep-Alive: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n\00")
  (data (i32.const 0x5a0) "2\r\nde\r\n0\r\nX-Sum: 5\r\n\r\n\00")
  (data (i32.const 0x5c0) "X: y\r\n\00")
  (data (i32.const 0x5d0) "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello\00")
  (data (i32.const 0x600) "HTTP/1.1 200 OK\r\nX: \00")
  (data (i32.const 0x620) "Status: 404 Not Found\nContent-Type: text/plain\n\nmissing\n\00")
  (data (i32.const 0x660) "HTTP/1.1 100 Continue\r\n\r\n\00")
  (data (i32.const 0x680) "Location: /v/moved?from=here\n\n\00")
  (data (i32.const 0x6a0) "Location: /L\n\n\00")
  (data (i32.const 0x6b0) "Location: /W\n\n\00")
  (data (i32.const 0x6c0) "Location: http://example.org/\nContent-Type: text/plain\n\nthere\n\00")
  (data (i32.const 0x700) "Content-Type: text/plain\n\n\00")
  (data (i32.const 0x73f) "\n\00")
  (data (i32.const 0x750) "X-Trailing: x\n\00")
  (data (i32.const 0x770) "\nbody\n\00")
  (data (i32.const 0x780) "HTTP/1.1 204 No Content\r\n\r\nbody\00")
  (data (i32.const 0x7a0) "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\00")

  (func $write (param $at i32) (param $size i32)
    (loop $more
      (if (i32.eqz (local.get $size)) (then (return)))
      (i32.store (i32.const 0) (local.get $at))
      (i32.store (i32.const 4) (local.get $size))
      (if (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)) (then (call $proc_exit (i32.const 9))))
      (local.set $at (i32.add (local.get $at) (i32.load (i32.const 8))))
      (local.set $size (i32.sub (local.get $size) (i32.load (i32.const 8))))
      (br $more)))
  (func $size (param $at i32) (result i32) (local $n i32)
    (loop $more
      (if (i32.load8_u (i32.add (local.get $at) (local.get $n)))
        (then (local.set $n (i32.add (local.get $n) (i32.const 1))) (br $more))))
    (local.get $n))
  (func $puts (param $at i32) (call $write (local.get $at) (call $size (local.get $at))))
  (func $read (param $at i32) (param $size i32) (result i32)
    (i32.store (i32.const 0) (local.get $at))
    (i32.store (i32.const 4) (local.get $size))
    (if (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)) (then (call $proc_exit (i32.const 8))))
    (i32.load (i32.const 8)))
  ;; Copies standard input to standard output, from what is at 0x10000 on.
  (func $copy (param $n i32)
    (loop $more
      (call $write (i32.const 0x10000) (local.get $n))
      (local.set $n (call $read (i32.const 0x10000) (i32.const 0xffff)))
      (br_if $more (local.get $n))))
  (func $sleep (param $nanoseconds i64)
    (memory.fill (i32.const 16) (i32.const 0) (i32.const 128))
    (i32.store (i32.const 32) (i32.const 1))
    (i64.store (i32.const 40) (local.get $nanoseconds))
    (drop (call $poll_oneoff (i32.const 16) (i32.const 64) (i32.const 1) (i32.const 8))))
  ;; Waits until standard input can be read and standard output written; one event at least.
  (func $wait_for_streams
    (memory.fill (i32.const 16) (i32.const 0) (i32.const 128))
    (i32.store8 (i32.const 24) (i32.const 1))
    (i32.store8 (i32.const 72) (i32.const 2))
    (i32.store (i32.const 80) (i32.const 1))
    (if (call $poll_oneoff (i32.const 16) (i32.const 0x200) (i32.const 2) (i32.const 8)) (then (unreachable)))
    (if (i32.ne (i32.load (i32.const 8)) (i32.const 2)) (then (unreachable))))
  ;; Whether the text at $at begins as the one at $with does.
  (func $begins (param $at i32) (param $with i32) (result i32)
    (loop $more
      (if (i32.eqz (i32.load8_u (local.get $with))) (then (return (i32.const 1))))
      (if (i32.ne (i32.load8_u (local.get $at)) (i32.load8_u (local.get $with))) (then (return (i32.const 0))))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (local.set $with (i32.add (local.get $with) (i32.const 1)))
      (br $more))
    (unreachable))
  ;; All variables, a line each.
  (func $print_environment (local $i i32) (local $n i32)
    (drop (call $environ_sizes_get (i32.const 64) (i32.const 68)))
    (drop (call $environ_get (i32.const 0x20000) (i32.const 0x21000)))
    (local.set $n (i32.load (i32.const 64)))
    (loop $more
      (if (i32.lt_u (local.get $i) (local.get $n))
        (then
          (call $puts (i32.load (i32.add (i32.const 0x20000) (i32.mul (local.get $i) (i32.const 4)))))
          (call $puts (i32.const 0x73f))
          (local.set $i (i32.add (local.get $i) (i32.const 1)))
          (br $more)))))
  ;; The letter; 0x10000 holds what was read of the standard input, $n bytes.
  (func $letter (result i32) (local $i i32) (local $n i32) (local $at i32)
    (drop (call $environ_sizes_get (i32.const 64) (i32.const 68)))
    (drop (call $environ_get (i32.const 0x20000) (i32.const 0x21000)))
    (local.set $n (i32.load (i32.const 64)))
    (loop $more
      (if (i32.lt_u (local.get $i) (local.get $n))
        (then
          (local.set $at (i32.load (i32.add (i32.const 0x20000) (i32.mul (local.get $i) (i32.const 4)))))
          (if (call $begins (local.get $at) (i32.const 0x400)) (then (return (i32.load8_u offset=11 (local.get $at)))))
          (local.set $i (i32.add (local.get $i) (i32.const 1)))
          (br $more))))
    ;; The head, up to its empty line.
    (local.set $at (i32.const 0))
    (loop $head
      (local.set $i (call $read (i32.add (i32.const 0x10000) (local.get $at)) (i32.const 1)))
      (local.set $at (i32.add (local.get $at) (local.get $i)))
      (if (i32.eqz (local.get $i)) (then (call $proc_exit (i32.const 7))))
      (br_if $head (i32.lt_u (local.get $at) (i32.const 4)))
      (br_if $head (i32.ne (i32.load (i32.add (i32.const 0xfffc) (local.get $at))) (i32.const 0x0a0d0a0d))))
    (local.set $at (i32.const 0x10000))
    (loop $slash
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br_if $slash (i32.ne (i32.load8_u (local.get $at)) (i32.const 0x2f))))
    (i32.load8_u offset=1 (local.get $at)))
  (func $is (param $letter i32) (param $other i32) (result i32) (i32.eq (local.get $letter) (local.get $other)))

  (func (export "_start") (local $c i32) (local $n i32)
    (local.set $c (call $letter))
    ;; 'h': a whole response
    (if (call $is (local.get $c) (i32.const 0x68)) (then (call $puts (i32.const 0x420)) (return)))
    ;; 'l': lines end in LF, the body with the output
    (if (call $is (local.get $c) (i32.const 0x6c)) (then (call $puts (i32.const 0x480)) (return)))
    ;; 'e': echo
    (if (call $is (local.get $c) (i32.const 0x65)) (then (call $puts (i32.const 0x4c0)) (call $copy (i32.const 0)) (return)))
    ;; 'n': nothing
    (if (call $is (local.get $c) (i32.const 0x6e)) (then (return)))
    ;; 'm': no header
    (if (call $is (local.get $c) (i32.const 0x6d)) (then (call $puts (i32.const 0x4e0)) (unreachable)))
    ;; 'f': no field at all
    (if (call $is (local.get $c) (i32.const 0x66)) (then (call $puts (i32.const 0x770)) (unreachable)))
    ;; 'i': a line's end inside of a field
    (if (call $is (local.get $c) (i32.const 0x69)) (then (call $puts (i32.const 0x500)) (unreachable)))
    ;; 'k': chunks, with fields of the connection; cut in two
    (if (call $is (local.get $c) (i32.const 0x6b))
      (then
        (call $puts (i32.const 0x540))
        (call $sleep (i64.const 1000000))
        (call $write (i32.const 0x5a0) (i32.const 1))
        (call $sleep (i64.const 1000000))
        (call $puts (i32.const 0x5a1))
        (return)))
    ;; 'C': chunks that are none
    (if (call $is (local.get $c) (i32.const 0x43)) (then (call $puts (i32.const 0x7a0)) (unreachable)))
    ;; 'B': endless fields
    (if (call $is (local.get $c) (i32.const 0x42))
      (then (call $write (i32.const 0x4c0) (i32.const 17)) (loop $more (call $puts (i32.const 0x5c0)) (br $more))))
    ;; 'c': too many fields
    (if (call $is (local.get $c) (i32.const 0x63))
      (then
        (call $write (i32.const 0x4c0) (i32.const 17))
        (loop $more
          (call $puts (i32.const 0x5c0))
          (local.set $n (i32.add (local.get $n) (i32.const 1)))
          (br_if $more (i32.lt_u (local.get $n) (i32.const 300))))
        (call $write (i32.const 0x4d1) (i32.const 2))
        (unreachable)))
    ;; 't', 'u', 'w': traps before the head, behind it, behind all
    (if (call $is (local.get $c) (i32.const 0x74)) (then (unreachable)))
    (if (call $is (local.get $c) (i32.const 0x75)) (then (call $puts (i32.const 0x5d0)) (unreachable)))
    (if (call $is (local.get $c) (i32.const 0x77)) (then (call $puts (i32.const 0x420)) (unreachable)))
    ;; 's': spins
    (if (call $is (local.get $c) (i32.const 0x73)) (then (loop $more (br $more))))
    ;; 'o': endless output
    (if (call $is (local.get $c) (i32.const 0x6f))
      (then (call $puts (i32.const 0x4c0)) (loop $more (call $write (i32.const 0x30000) (i32.const 0x8000)) (br $more))))
    ;; 'p': half a body
    (if (call $is (local.get $c) (i32.const 0x70)) (then (call $puts (i32.const 0x5d0)) (return)))
    ;; 'q': half a head
    (if (call $is (local.get $c) (i32.const 0x71)) (then (call $puts (i32.const 0x600)) (return)))
    ;; 'x': a whole response, and an exit code
    (if (call $is (local.get $c) (i32.const 0x78)) (then (call $puts (i32.const 0x420)) (call $proc_exit (i32.const 3))))
    ;; 'X': the code alone
    (if (call $is (local.get $c) (i32.const 0x58)) (then (call $proc_exit (i32.const 4))))
    ;; 'g': takes all the memory that it can get, and writes it
    (if (call $is (local.get $c) (i32.const 0x67))
      (then
        (loop $more
          (local.set $n (memory.grow (i32.const 16)))
          (if (i32.ge_s (local.get $n) (i32.const 0))
            (then
              (memory.fill (i32.mul (local.get $n) (i32.const 0x10000)) (i32.const 7) (i32.const 0x100000))
              (br $more))))
        (call $puts (i32.const 0x420))
        (return)))
    ;; 'z': sleeps for a quarter of a second
    (if (call $is (local.get $c) (i32.const 0x7a))
      (then (call $sleep (i64.const 250000000)) (call $puts (i32.const 0x420)) (return)))
    ;; 'Z': sleeps for a minute
    (if (call $is (local.get $c) (i32.const 0x5a)) (then (call $sleep (i64.const 60000000000)) (return)))
    ;; 'y': polls both streams
    (if (call $is (local.get $c) (i32.const 0x79)) (then (call $wait_for_streams) (call $puts (i32.const 0x420)) (return)))
    ;; 'd', 'D': more than the length says, a line, and without an end
    (if (call $is (local.get $c) (i32.const 0x64)) (then (call $puts (i32.const 0x420)) (call $puts (i32.const 0x750)) (return)))
    (if (call $is (local.get $c) (i32.const 0x44))
      (then (call $puts (i32.const 0x420)) (loop $more (call $puts (i32.const 0x750)) (br $more))))
    ;; 'r': fields of CGI
    (if (call $is (local.get $c) (i32.const 0x72)) (then (call $puts (i32.const 0x620)) (return)))
    ;; '1': a status that is not the last
    (if (call $is (local.get $c) (i32.const 0x31)) (then (call $puts (i32.const 0x660)) (return)))
    ;; '2': a status without a body, and a body
    (if (call $is (local.get $c) (i32.const 0x32)) (then (call $puts (i32.const 0x780)) (return)))
    ;; 'R', 'L', 'U': redirected to a path, to itself, elsewhere
    (if (call $is (local.get $c) (i32.const 0x52)) (then (call $puts (i32.const 0x680)) (return)))
    (if (call $is (local.get $c) (i32.const 0x4c)) (then (call $puts (i32.const 0x6a0)) (return)))
    (if (call $is (local.get $c) (i32.const 0x55)) (then (call $puts (i32.const 0x6c0)) (return)))
    ;; 'W': the same after 300 ms
    (if (call $is (local.get $c) (i32.const 0x57))
      (then (call $sleep (i64.const 300000000)) (call $puts (i32.const 0x6b0)) (return)))
    ;; 'v': the environment; 'V': that of a request with a body, and the body
    (if (call $is (local.get $c) (i32.const 0x76)) (then (call $puts (i32.const 0x700)) (call $print_environment) (return)))
    (if (call $is (local.get $c) (i32.const 0x56))
      (then (call $puts (i32.const 0x700)) (call $print_environment) (call $copy (i32.const 0)) (return)))
    ;; 'H': the head as it was read
    (if (call $is (local.get $c) (i32.const 0x48))
      (then (call $puts (i32.const 0x700)) (call $puts (i32.const 0x10000)) (return)))
    ;; 'M': what lies in memory that nobody has written in this request, and then something
    (if (call $is (local.get $c) (i32.const 0x4d))
      (then
        (if (i32.load (i32.const 0x50000)) (then (unreachable)))
        (i32.store (i32.const 0x50000) (i32.const 1))
        (call $puts (i32.const 0x420))
        (return)))
    (call $puts (i32.const 0x620))))
