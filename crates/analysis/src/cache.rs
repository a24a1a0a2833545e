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
use twox_hash::XxHash3_128;

/// Raised when entries are written in another way.
const FORMAT: &str = "stanch report 2";

/// Bytes of the digest that an entry begins with.
const DIGEST: usize = size_of::<u128>();

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
    let each: Vec<u128> = packages
        .par_iter()
        .map_init(Vec::new, |buffer, package| {
            let mut one = Digest::default();
            one.shown(package);
            for file in &package.files {
                match loaded.fs.read_into(&file.path, buffer) {
                    Ok(()) => one.part(buffer),
                    Err(error) => one.shown(&error),
                };
            }
            one.0.finish_128()
        })
        .collect();
    for package in each {
        whole.part(&package.to_le_bytes());
    }
    format!("{:032x}", whole.0.finish_128())
}

/// What was kept under `key`, with the texts that it is shown with.
pub(crate) fn find(cache: &dyn Cache, key: &str, loaded: &Loaded<'_>) -> Option<Report> {
    let entry = cache.get(key)?;
    let (digest, rest) = entry.split_at_checked(DIGEST)?;
    if XxHash3_128::oneshot(rest).to_le_bytes() != digest {
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
    let mut entry = XxHash3_128::oneshot(&body).to_le_bytes().to_vec();
    entry.append(&mut body);
    cache.put(key, &entry);
}

/// A digest of parts: what one part ends with, the next does not begin with. Of 128 bits that are not
/// cryptographic: among a million states of a module two are taken for each other with a probability of
/// 10^-27, and who can write the files that are analysed can write the results just as well.
#[derive(Default)]
struct Digest(XxHash3_128);

impl Digest {
    fn part(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.write(&(bytes.len() as u64).to_le_bytes());
        self.0.write(bytes);
        self
    }

    fn shown(&mut self, value: &dyn std::fmt::Debug) -> &mut Self {
        let mut text = String::new();
        // Writing to a text does not fail.
        _ = write!(text, "{value:?}");
        self.part(text.as_bytes())
    }
}
