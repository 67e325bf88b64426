//! A command: arguments, environment, standard input, files, clocks and a hash table through Rust's standard library.
use std::collections::HashMap;
use std::io::{Read, Write};
use std::time::{Duration, Instant};

fn main() -> std::io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    println!("arguments {arguments:?} LANG {:?}", std::env::var("LANG"));
    let mut input = String::new();
    std::io::stdin().read_to_string(&mut input)?;
    let mut words = HashMap::new();
    input.split_whitespace().for_each(|w| *words.entry(w).or_insert(0) += 1);
    let mut counted: Vec<_> = words.into_iter().collect();
    counted.sort();
    println!("words {counted:?}");
    std::fs::create_dir_all("/data/rust")?;
    std::fs::File::create("/data/rust/a.txt")?.write_all(b"abc")?;
    std::fs::OpenOptions::new().append(true).open("/data/rust/a.txt")?.write_all(b"def")?;
    std::fs::rename("/data/rust/a.txt", "/data/rust/b.txt")?;
    for entry in std::fs::read_dir("/data/rust")? {
        let entry = entry?;
        println!("file {:?} {}", entry.file_name(), entry.metadata()?.len());
    }
    println!("text {}", std::fs::read_to_string("/data/rust/b.txt")?);
    println!("missing {:?}", std::fs::metadata("/data/rust/a.txt").unwrap_err().kind());
    println!("outside {:?}", std::fs::metadata("/etc").unwrap_err().kind());
    std::fs::remove_dir_all("/data/rust")?;
    let before = Instant::now();
    std::thread::sleep(Duration::from_millis(20));
    println!("slept {}", before.elapsed() >= Duration::from_millis(20));
    Ok(())
}
