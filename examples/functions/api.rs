//! A function of a serverless tutorial: it reads the text of one HTTP request and writes the text of the response.
//!
//!     rustc -O --target wasm32-wasip1 api.rs -o api.wasm && ashlar serve api.wasm

use std::io::{self, Read, Write};

const USERS: usize = 1000;
const MOST_INPUT: usize = 1 << 20;

struct Request {
    method: String,
    path: String,
    body: Vec<u8>,
}

fn find_end(head: &[u8]) -> Option<usize> {
    head.windows(4).position(|w| w == b"\r\n\r\n")
}

fn length_of(head: &str) -> Option<usize> {
    head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        if name.eq_ignore_ascii_case("content-length") { value.trim().parse().ok() } else { None }
    })
}

/// Reads until the body is as long as the head says, or to the end.
fn read_request() -> Option<Request> {
    let mut data = Vec::new();
    let mut piece = [0; 16 << 10];
    let mut stdin = io::stdin().lock();
    let end = loop {
        let end = find_end(&data);
        let length = end.and_then(|e| length_of(std::str::from_utf8(&data[..e]).ok()?).map(|n| e + 4 + n));
        if length.is_some_and(|n| data.len() >= n) {
            break end;
        }
        match stdin.read(&mut piece) {
            Ok(0) => break end,
            Ok(n) if data.len() + n <= MOST_INPUT => data.extend_from_slice(&piece[..n]),
            _ => return None,
        }
    }?;
    let head = std::str::from_utf8(&data[..end]).ok()?;
    let mut words = head.lines().next()?.split(' ');
    let method = words.next()?.to_string();
    let path = words.next()?.split('?').next()?.to_string();
    Some(Request { method, path, body: data[end + 4..].to_vec() })
}

/// What follows a JSON value; none where there is no value.
fn skip_value(text: &[u8], depth: usize) -> Option<&[u8]> {
    let text = text.trim_ascii_start();
    if depth > 64 {
        return None;
    }
    for word in ["true", "false", "null"] {
        if let Some(rest) = text.strip_prefix(word.as_bytes()) {
            return Some(rest);
        }
    }
    match text.first()? {
        b'{' => skip_members(&text[1..], b'}', depth),
        b'[' => skip_members(&text[1..], b']', depth),
        b'"' => skip_string(text),
        _ => {
            let digits = text.iter().take_while(|c| b"+-.0123456789eE".contains(c)).count();
            if digits == 0 { None } else { Some(&text[digits..]) }
        }
    }
}

fn skip_string(text: &[u8]) -> Option<&[u8]> {
    let mut rest = text.strip_prefix(b"\"")?;
    loop {
        match rest.first()? {
            b'"' => return Some(&rest[1..]),
            b'\\' => rest = rest.get(2..)?,
            c if *c < b' ' => return None,
            _ => rest = &rest[1..],
        }
    }
}

fn skip_members(text: &[u8], end: u8, depth: usize) -> Option<&[u8]> {
    let mut rest = text.trim_ascii_start();
    if rest.first() == Some(&end) {
        return Some(&rest[1..]);
    }
    loop {
        if end == b'}' {
            rest = skip_string(rest.trim_ascii_start())?.trim_ascii_start().strip_prefix(b":")?;
        }
        rest = skip_value(rest, depth + 1)?.trim_ascii_start();
        match *rest.first()? {
            c if c == end => return Some(&rest[1..]),
            b',' => rest = &rest[1..],
            _ => return None,
        }
    }
}

fn users() -> Vec<u8> {
    let all: Vec<String> = (1..=USERS)
        .map(|i| format!(r#"{{"id":{i},"name":"User {i}","email":"user{i}@example.com"}}"#))
        .collect();
    format!("[{}]", all.join(",")).into_bytes()
}

fn answer(request: &Request) -> (&'static str, Vec<u8>) {
    match (request.method.as_str(), request.path.as_str()) {
        ("GET", "/health") => ("200 OK", br#"{"status":"ok"}"#.to_vec()),
        ("GET", "/api/users") => ("200 OK", users()),
        ("POST", "/api/data") => match skip_value(&request.body, 0) {
            Some(rest) if rest.trim_ascii_start().is_empty() => {
                ("200 OK", [br#"{"received":"#, request.body.as_slice(), b"}"].concat())
            }
            _ => ("400 Bad Request", br#"{"error":"the body is no JSON"}"#.to_vec()),
        },
        _ => ("404 Not Found", br#"{"error":"not found"}"#.to_vec()),
    }
}

fn main() -> io::Result<()> {
    let (status, body) = match read_request() {
        Some(request) => answer(&request),
        None => ("400 Bad Request", br#"{"error":"bad request"}"#.to_vec()),
    };
    let length = body.len();
    let head = format!("HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n");
    let mut stdout = io::stdout().lock();
    stdout.write_all(head.as_bytes())?;
    stdout.write_all(&body)?;
    stdout.flush()
}
