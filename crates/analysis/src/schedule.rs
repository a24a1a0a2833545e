//! Packages in parallel, each after the packages that it imports.

use rayon::Scope;
use stanch_base::{FxHashSet, IndexVec};
use stanch_project::{Import, Package, PackageId};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Runs `job` once for every package, and not before it has returned for all packages that the
/// package imports. `imports` has no cycles (they are cut when packages are loaded).
pub(crate) fn in_import_order(
    imports: &IndexVec<PackageId, Vec<PackageId>>,
    job: &(dyn Fn(PackageId) + Sync),
) {
    let graph = Graph::new(imports);
    rayon::scope(|scope| {
        for (id, imports) in imports.iter_enumerated() {
            if imports.is_empty() {
                let graph = &graph;
                scope.spawn(move |scope| graph.run(scope, id, job));
            }
        }
    });
}

/// The packages that each package imports directly, each named once.
pub(crate) fn imports(
    packages: &IndexVec<PackageId, Package>,
) -> IndexVec<PackageId, Vec<PackageId>> {
    let of = |(id, package): (PackageId, &Package)| {
        let mut imports: Vec<PackageId> = package
            .imports
            .values()
            .filter_map(|import| match import {
                // Packages are numbered imports first.
                Import::Package(to) if *to < id => Some(*to),
                _ => None,
            })
            .collect();
        imports.sort_unstable();
        imports.dedup();
        imports
    };
    packages.iter_enumerated().map(of).collect()
}

/// The packages that a package imports, also through others.
pub(crate) fn below(
    imports: &IndexVec<PackageId, Vec<PackageId>>,
    package: PackageId,
) -> FxHashSet<PackageId> {
    let mut found = FxHashSet::default();
    let mut todo = vec![package];
    while let Some(id) = todo.pop() {
        for &to in imports.get(id).into_iter().flatten() {
            if found.insert(to) {
                todo.push(to);
            }
        }
    }
    found
}

struct Graph {
    importers: IndexVec<PackageId, Vec<PackageId>>,
    /// Imports that are not done yet.
    waits_for: IndexVec<PackageId, AtomicUsize>,
}

impl Graph {
    fn new(imports: &IndexVec<PackageId, Vec<PackageId>>) -> Self {
        let mut importers = IndexVec::from_elem(Vec::new(), imports.len());
        for (id, imports) in imports.iter_enumerated() {
            for &to in imports {
                importers[to].push(id);
            }
        }
        let waits_for = imports.iter().map(|imports| AtomicUsize::new(imports.len())).collect();
        Self { importers, waits_for }
    }

    fn run<'s>(&'s self, scope: &Scope<'s>, id: PackageId, job: &'s (dyn Fn(PackageId) + Sync)) {
        job(id);
        for &importer in &self.importers[id] {
            // Whoever takes the last one away starts it; `AcqRel` makes the results of all visible.
            if self.waits_for[importer].fetch_sub(1, Ordering::AcqRel) == 1 {
                scope.spawn(move |scope| self.run(scope, importer, job));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    #[test]
    fn every_package_runs_once_and_after_its_imports() {
        let imports: IndexVec<PackageId, Vec<PackageId>> = (0u32..200)
            .map(|n| {
                let mut imports: Vec<u32> =
                    [n / 2, n / 3, n.saturating_sub(1)].into_iter().filter(|&i| i < n).collect();
                imports.sort_unstable();
                imports.dedup();
                imports.into_iter().map(PackageId::from_raw).collect()
            })
            .collect();
        let order: Mutex<Vec<u32>> = Mutex::default();
        in_import_order(&imports, &|id| order.lock().expect("no panic").push(id.raw()));
        let order = order.into_inner().expect("no panic");
        assert_eq!(order.len(), imports.len());
        let place = |n: u32| order.iter().position(|&o| o == n).expect("it ran");
        for n in 1u32..200 {
            assert!(place(n / 2) < place(n) && place(n - 1) < place(n));
        }
    }
}
