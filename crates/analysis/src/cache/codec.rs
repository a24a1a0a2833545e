//! Reports as bytes and back. What is not as it was written gives no report: never a wrong one, a panic, or
//! more memory than the bytes have.

use crate::report::{Report, Summary};
use stanch_base::TextRange;
use stanch_diagnostic::{
    Action, Cause, Check, Confidence, Diagnostic, Edit, Finding, Fix, Frame, Goroutine, Label,
    Location, Remedy, Safety, Severity, Step,
};

/// What can be written and read.
pub(super) trait Record: Sized {
    /// Appends it.
    fn write(&self, to: &mut Vec<u8>);
    /// Reads what `write` wrote.
    fn read(from: &mut Reader<'_>) -> Option<Self>;
}

/// Bytes that are read one after the other.
pub(super) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(len)?;
        self.rest = rest;
        Some(taken)
    }
}

impl Record for u8 {
    fn write(&self, to: &mut Vec<u8>) {
        to.push(*self);
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        from.take(1)?.first().copied()
    }
}

impl Record for u32 {
    fn write(&self, to: &mut Vec<u8>) {
        to.extend(self.to_le_bytes());
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        Some(Self::from_le_bytes(from.take(size_of::<Self>())?.try_into().ok()?))
    }
}

impl Record for u64 {
    fn write(&self, to: &mut Vec<u8>) {
        to.extend(self.to_le_bytes());
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        Some(Self::from_le_bytes(from.take(size_of::<Self>())?.try_into().ok()?))
    }
}

impl Record for String {
    fn write(&self, to: &mut Vec<u8>) {
        (self.len() as u64).write(to);
        to.extend(self.as_bytes());
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        let len = usize::try_from(u64::read(from)?).ok()?;
        Some(std::str::from_utf8(from.take(len)?).ok()?.to_owned())
    }
}

impl<T: Record> Record for Option<T> {
    fn write(&self, to: &mut Vec<u8>) {
        u8::from(self.is_some()).write(to);
        if let Some(value) = self {
            value.write(to);
        }
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        match u8::read(from)? {
            0 => Some(None),
            1 => T::read(from).map(Some),
            _ => None,
        }
    }
}

impl<T: Record> Record for Vec<T> {
    fn write(&self, to: &mut Vec<u8>) {
        (self.len() as u64).write(to);
        self.iter().for_each(|value| value.write(to));
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        let len = u64::read(from)?;
        // Not made for `len` values at once: each of them takes a byte at least.
        (0..len).map(|_| T::read(from)).collect()
    }
}

/// Checks go by their names.
impl Record for &'static Check {
    fn write(&self, to: &mut Vec<u8>) {
        self.name.to_owned().write(to);
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        let name = String::read(from)?;
        stanch_checks::ALL.iter().copied().find(|check| check.name == name)
    }
}

/// Structures: one field after the other.
macro_rules! fields {
    ($($name:ident { $($field:ident),* $(,)? })*) => {$(
        impl Record for $name {
            fn write(&self, to: &mut Vec<u8>) {
                let Self { $($field),* } = self;
                $($field.write(to);)*
            }

            fn read(from: &mut Reader<'_>) -> Option<Self> {
                $(let $field = Record::read(from)?;)*
                Some(Self { $($field),* })
            }
        }
    )*};
}

/// Enumerations: the place in the list.
macro_rules! variants {
    ($($name:ident { $($variant:ident),* $(,)? })*) => {$(
        impl Record for $name {
            fn write(&self, to: &mut Vec<u8>) {
                // A variant that is not in the list does not compile here.
                let place = |variant: &Self| match variant { $(Self::$variant => Self::$variant as u8),* };
                place(self).write(to);
            }

            fn read(from: &mut Reader<'_>) -> Option<Self> {
                let place = u8::read(from)?;
                [$(Self::$variant),*].into_iter().find(|variant| *variant as u8 == place)
            }
        }
    )*};
}

variants! {
    Cause { GoroutineLeak, ChannelBlocking, ClosureReference, UnreleasedResource, GlobalLifetime }
    Remedy {
        CloseChannel, UseContext, AvoidGlobal, ReleaseReference, BufferChannel, ReleaseResource,
        Restructure,
    }
    Severity { Error, Warning, Note }
    Confidence { Proved, Likely, Possible }
    Safety { Safe, Unsafe }
    Action {
        Go, Send, Receive, Close, Select, Lock, Unlock, Add, Done, Wait, Cancel, Branch, Call, Return,
        Block, End,
    }
}

fields! {
    TextRange { start, end }
    Location { file, range }
    Frame { function, location }
    Goroutine { entry, wait, frames, created_by }
    Step { goroutine, function, location, action, detail }
    Label { location, message }
    Edit { location, text }
    Fix { title, safety, edits }
    Diagnostic { severity, message, location }
    Finding {
        check, cause, remedy, severity, confidence, message, label, package, function, location,
        goroutine, also_blocked, related, witness, notes, help, fix, fingerprint,
    }
    Summary {
        packages, files, lines, findings, suppressed, unknown_expressions, roots, inconclusive, blurred,
        bounded, retries, left_out, largest, not_followed, functions, irrelevant, instructions, states,
    }
}

/// Without the texts, which are read again, and never one of a failed run.
impl Record for Report {
    fn write(&self, to: &mut Vec<u8>) {
        let Self { findings, diagnostics, sources: _, summary, job_failed: _ } = self;
        findings.write(to);
        diagnostics.write(to);
        summary.write(to);
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        let (findings, diagnostics) = (Record::read(from)?, Record::read(from)?);
        let summary = Record::read(from)?;
        Some(Self { findings, diagnostics, summary, ..Self::default() })
    }
}
