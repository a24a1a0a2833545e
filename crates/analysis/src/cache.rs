//! Results that are kept between runs: a run that reads what another one read says what that one said.
//!
//! An entry's key is a digest of everything that a run's result follows from: the build of stanch, the
//! request, the packages as they were loaded (which files belong to which package is found out anew in
//! each run), and the bytes of all their files, those of dependencies and of the standard library too. No
//! file's time stamp takes part. So an entry is never out of date; it is only not asked for any more. What
//! tells builds apart is for whoever runs this to say ([`Cache::build`]).

mod codec;

use crate::pipeline::Loaded;
use crate::report::{CheckRequest, Report};
use codec::{Reader, Record};
use rayon::prelude::*;
use stanch_diagnostic::Severity;
use std::fmt::Write;

/// Raised when entries are written in another way.
const FORMAT: &str = "stanch report 1";

/// Bytes of the digest that an entry begins with.
const DIGEST: usize = blake3::OUT_LEN;

/// A place where results are kept. Whatever goes wrong there is no concern of a run: what cannot be read
/// is not there, and what cannot be written is not kept.
pub trait Cache: Sync {
    /// What tells builds of stanch apart: another build may find something else.
    fn build(&self) -> &[u8];
    /// What was kept under a key (hexadecimal digits).
    fn get(&self, key: &str) -> Option<Vec<u8>>;
    /// Keeps an entry.
    fn put(&self, key: &str, entry: &[u8]);
}

/// The key of what `request` says of the packages that are loaded, as their files are now.
pub(crate) fn key(build: &[u8], loaded: &Loaded<'_>, request: &CheckRequest) -> String {
    let mut whole = Digest::default();
    whole.part(FORMAT.as_bytes()).part(build);
    // All fields, those too that will be added: the texts of `Debug` name them.
    whole.shown(&(request, &loaded.workspace.messages, loaded.word_size));
    let packages: Vec<_> = loaded.workspace.packages.iter().collect();
    let each: Vec<blake3::Hash> = packages
        .par_iter()
        .map(|package| {
            let mut one = Digest::default();
            one.shown(package);
            for file in &package.files {
                match loaded.fs.read(&file.path) {
                    Ok(bytes) => one.part(&bytes),
                    Err(error) => one.shown(&error),
                };
            }
            one.0.finalize()
        })
        .collect();
    for package in each {
        whole.part(package.as_bytes());
    }
    whole.0.finalize().to_hex().to_string()
}

/// What was kept under `key`, with the texts that it is shown with.
pub(crate) fn find(cache: &dyn Cache, key: &str, loaded: &Loaded<'_>) -> Option<Report> {
    let entry = cache.get(key)?;
    let (digest, rest) = entry.split_at_checked(DIGEST)?;
    if blake3::hash(rest).as_bytes() != digest {
        return None;
    }
    let mut from = Reader::new(rest);
    let mut report = Report::read(&mut from)?;
    if !from.is_at_end() {
        return None;
    }
    report.sources = loaded.texts(&report);
    Some(report)
}

/// Keeps a report under `key`, unless it tells of a defect, which may not come again.
pub(crate) fn keep(cache: &dyn Cache, key: &str, report: &Report) {
    let defect = report.diagnostics.iter().any(|d| d.severity == Severity::Error);
    if defect || report.job_failed.is_some() {
        return;
    }
    let mut body = Vec::new();
    report.write(&mut body);
    let mut entry = blake3::hash(&body).as_bytes().to_vec();
    entry.append(&mut body);
    cache.put(key, &entry);
}

/// A digest of parts: what one part ends with, the next does not begin with.
#[derive(Default)]
struct Digest(blake3::Hasher);

impl Digest {
    fn part(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.update(&(bytes.len() as u64).to_le_bytes()).update(bytes);
        self
    }

    fn shown(&mut self, value: &dyn std::fmt::Debug) -> &mut Self {
        let mut text = String::new();
        // Writing to a text does not fail.
        _ = write!(text, "{value:?}");
        self.part(text.as_bytes())
    }
}
