//! Which code is there to try other code: tests, examples, benchmarks, doubles. What it keeps ends with it.

use crate::summary::Summary;
use stanch_effects::Keeping;
use stanch_ir::Span;
use stanch_types::Program;

/// The packages that lie in folders for trials, beside others that do not.
pub(crate) struct Trials<'p> {
    program: &'p Program<'p>,
    keeping: &'p Keeping,
    packages: Vec<bool>,
}

impl<'p> Trials<'p> {
    pub(crate) fn new(
        program: &'p Program<'p>,
        keeping: &'p Keeping,
        summaries: &[&Summary],
    ) -> Self {
        let paths: Vec<Vec<&str>> =
            summaries.iter().map(|s| parts(program.package_path(s.package))).collect();
        // Below the folder that all have in common: where there is nothing but trials, they are what is asked
        // about.
        let common = paths.iter().fold(paths.first().map_or(0, Vec::len), |common, path| {
            let first = paths.first().map_or(&[][..], |v| v);
            common.min(first.iter().zip(path).take_while(|(a, b)| a == b).count())
        });
        let own = |path: &Vec<&str>| path.iter().skip(common).any(|part| is_trial(keeping, part));
        let mut packages: Vec<bool> = paths.iter().map(own).collect();
        if packages.iter().all(|&trial| trial) {
            packages.fill(false);
        }
        Self { program, keeping, packages }
    }

    /// Whether what stands here, in the package with this number, is for trials.
    pub(crate) fn has(&self, summary: u32, span: Span) -> bool {
        self.packages.get(summary as usize).copied().unwrap_or(false)
            || self.program.file_path(span.package, span.file).is_some_and(|file| {
                let name = file.rsplit('/').next().unwrap_or_default();
                name.contains('_') && is_trial(self.keeping, name.trim_end_matches(".go"))
            })
    }
}

/// The folders of an import path, without the mark of a variant with tests.
fn parts(path: &str) -> Vec<&str> {
    path.split(' ').next().unwrap_or_default().split('/').collect()
}

fn is_trial(keeping: &Keeping, name: &str) -> bool {
    name.split(['-', '_', '.']).any(|word| keeping.is_trial(word))
}
