"""HTTP/2 frame by frame, for tests that say what is on the wire. Heads are written without compression; of those that
come only the status is understood."""

import socket
import struct

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
END_STREAM, ACK, END_HEADERS = 1, 1, 4
NO_ERROR, PROTOCOL_ERROR, INTERNAL_ERROR, FLOW_CONTROL_ERROR, STREAM_CLOSED = 0, 1, 2, 3, 5
REFUSED_STREAM, CANCEL, ENHANCE_YOUR_CALM = 7, 8, 11
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
# Statuses that HPACK's static table has (RFC 7541, A).
STATIC_STATUS = {0x88: 200, 0x89: 204, 0x8A: 206, 0x8B: 304, 0x8C: 400, 0x8D: 404, 0x8E: 500}


def frame(kind, flags, stream, payload=b""):
    return struct.pack("!I", len(payload))[1:] + bytes([kind, flags]) + struct.pack("!I", stream) + payload


def integer(value, bits, first=0):
    most = (1 << bits) - 1
    if value < most:
        return bytes([first | value])
    out = [first | most]
    value -= most
    while value >= 128:
        out.append(value % 128 + 128)
        value //= 128
    return bytes(out + [value])


def literal(name, value, index=False):
    """A field with its name in full."""
    return bytes([0x40 if index else 0]) + integer(len(name), 7) + name + integer(len(value), 7) + value


def fields(path="/hello", method="GET", more=(), authority="test"):
    all_fields = [(":method", method), (":scheme", "http"), (":path", path), (":authority", authority), *more]
    return b"".join(literal(n.encode(), v.encode("latin-1")) for n, v in all_fields)


def status_of(block):
    """Of a head that nghttp2 wrote: its first field."""
    # Changes of the table's size may stand before.
    while block[0] & 0xE0 == 0x20:
        block = block[1:]
    if block[0] in STATIC_STATUS:
        return STATIC_STATUS[block[0]]
    # A literal with an indexed name; digits are five or six bits in HPACK's Huffman code.
    size = block[1] & 0x7F
    if not block[1] & 0x80:
        return int(block[2 : 2 + size])
    bits = "".join(f"{b:08b}" for b in block[2 : 2 + size])
    digits, at = "", 0
    codes = {"00000": "0", "00001": "1", "00010": "2", "011001": "3", "011010": "4", "011011": "5", "011100": "6",
             "011101": "7", "011110": "8", "011111": "9"}
    while len(digits) < 3:
        length = 5 if bits[at : at + 5] in codes else 6
        digits += codes[bits[at : at + length]]
        at += length
    return int(digits)


class Session:
    """A client's connection. Frames that come are kept until they are asked for."""

    def __init__(self, s, settings=b""):
        self.socket = s
        self.data = b""
        self.closed = False
        # No table: the server writes every field in full.
        self.send(PREFACE + frame(SETTINGS, 0, 0, struct.pack("!HI", 1, 0) + settings))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def request(self, stream, path="/hello", method="GET", more=(), end=True, **rest):
        flags = END_HEADERS | (END_STREAM if end else 0)
        self.send(frame(HEADERS, flags, stream, fields(path, method, more, **rest)))

    def next(self):
        """Kind, flags, stream, payload; None when the server has closed."""
        while len(self.data) < 9 or len(self.data) < 9 + int.from_bytes(self.data[:3], "big"):
            try:
                more = self.socket.recv(65536)
            except (ConnectionResetError, BrokenPipeError):
                more = b""
            if not more:
                self.closed = True
                return None
            self.data += more
        size = int.from_bytes(self.data[:3], "big")
        kind, flags, stream = self.data[3], self.data[4], int.from_bytes(self.data[5:9], "big") & 0x7FFFFFFF
        payload = self.data[9 : 9 + size]
        self.data = self.data[9 + size :]
        if kind == SETTINGS and not flags & ACK:
            self.send_if_open(frame(SETTINGS, ACK, 0))
        return kind, flags, stream, payload

    def send_if_open(self, data):
        try:
            self.send(data)
        except OSError:
            pass

    def wait_for(self, *kinds, stream=None):
        """The next frame of one of these kinds; None when the server closes before."""
        while got := self.next():
            if got[0] in kinds and stream in (None, got[2]):
                return got
        return None

    def answers(self, streams, room=True):
        """Waits until these have ended. {stream: (status, body, trailers' block, how it was reset)}"""
        out = {}
        parts = {s: [None, b"", b"", None] for s in streams}
        while len(out) < len(parts):
            got = self.next()
            assert got is not None, f"closed with {out.keys()} of {parts.keys()} answered"
            kind, flags, stream, payload = got
            assert kind != GOAWAY or int.from_bytes(payload[4:8], "big") == NO_ERROR, payload
            if stream not in parts:
                continue
            part = parts[stream]
            if kind == HEADERS and part[0] is None and status_of(payload) >= 200:
                part[0] = status_of(payload)
            elif kind == HEADERS and part[0] is not None:
                part[2] = payload
            elif kind == DATA:
                part[1] += payload
                if room and payload:
                    increment = struct.pack("!I", len(payload))
                    self.send_if_open(frame(WINDOW_UPDATE, 0, 0, increment) + frame(WINDOW_UPDATE, 0, stream, increment))
            elif kind == RST_STREAM:
                part[3] = int.from_bytes(payload, "big")
            ended = kind in (HEADERS, DATA) and flags & END_STREAM
            if ended or kind == RST_STREAM:
                out[stream] = tuple(part)
        return out

    def answer(self, stream=1):
        return self.answers([stream])[stream]

    def how_it_ends(self):
        """The code of GOAWAY, or None; the server has closed."""
        code = None
        while got := self.next():
            if got[0] == GOAWAY:
                code = int.from_bytes(got[3][4:8], "big")
        return code
