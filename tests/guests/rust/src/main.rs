//! A guest in Rust over real crates: finds words by a regular expression, hashes them, and reports in JSON.
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashMap};
use std::io::Read;

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Report {
    arguments: Vec<String>,
    words: usize,
    most: Vec<(String, u32)>,
    by_length: BTreeMap<usize, u32>,
    sha256: String,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    let word = regex::Regex::new(r"(?i)\b[a-z][a-z'-]*\b")?;
    let mut counts: HashMap<String, u32> = HashMap::new();
    for found in word.find_iter(&text) {
        *counts.entry(found.as_str().to_lowercase()).or_default() += 1;
    }
    let mut most: Vec<_> = counts.iter().map(|(word, &count)| (word.clone(), count)).collect();
    most.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    most.truncate(5);
    let mut by_length = BTreeMap::new();
    for (word, count) in &counts {
        *by_length.entry(word.len()).or_default() += count;
    }
    let report = Report {
        arguments: std::env::args().skip(1).collect(),
        words: counts.len(),
        most,
        by_length,
        sha256: Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect(),
    };
    let json = serde_json::to_string_pretty(&report)?;
    assert_eq!(serde_json::from_str::<Report>(&json)?, report);
    println!("{json}");
    Ok(())
}
