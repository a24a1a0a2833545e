//! One file a check: an engine's raw finding becomes words, labels and a witness.

pub mod abandoned_receive;
pub mod abandoned_send;
pub mod add_without_done;
#[cfg(test)]
mod asked_tests;
pub mod body_not_closed;
pub mod cancel_overwritten;
mod causes;
mod clocks;
pub mod closer_not_closed;
pub mod closure_pins_large;
mod confidence;
pub mod constructor_error_leak;
mod context;
pub mod counter_not_lowered;
pub mod defer_in_endless_loop;
pub mod delete_missed_on_path;
pub mod double_lock;
mod doubts;
pub mod dropped_while_open;
#[cfg(test)]
mod ended_tests;
pub mod finalizer_cycle;
#[cfg(test)]
mod finalizer_tests;
mod generated;
mod gives;
pub mod global_channel_without_partner;
pub mod goroutine_pins_argument;
pub mod growing_context;
pub mod growing_field;
pub mod growing_global;
pub mod growing_local;
mod growths;
pub mod lock_held_waiting;
pub mod lock_order;
mod lock_words;
pub mod lost_cancel;
pub mod lost_reference;
pub mod lost_semaphore_slot;
pub mod lowered;
pub mod missed_signal;
pub mod missing_close;
pub mod missing_unlock;
mod module;
pub mod pool_keeps_references;
pub mod pool_of_giants;
pub mod popped_slot_keeps_pointer;
pub mod pull_without_stop;
pub mod range_over_ticker;
pub mod range_without_close;
pub mod read_lock_reentry;
pub mod registry_without_unsubscribe;
mod resource;
mod retentions;
pub mod rows_not_closed;
pub mod signal_without_stop;
mod slot_words;
pub mod start_without_stop;
pub mod stop_forgets_resource;
#[cfg(test)]
mod stops_tests;
pub mod stuck_lock;
pub mod stuck_worker;
pub mod subslice_pins_buffer;
mod suppress;
mod symbol;
pub mod ticker_not_stopped;
pub mod timer_per_turn;
pub mod timer_rearms_itself;
mod times;
pub mod waitgroup_never_done;
mod waits;
mod weigh;
mod words;

pub use causes::settle;
pub use context::Ctx;
pub use generated::{ALL, explanation};
pub use module::ModuleCtx;
pub use suppress::{Suppressions, suppressed};

use stanch_diagnostic::{Check, Finding};
use std::fmt::Write;

/// A check and the function that runs it.
pub struct Entry {
    /// Identity and metadata.
    pub check: &'static Check,
    /// The check's source file, which documents it.
    pub source: &'static str,
    /// Whose results it puts into words.
    pub engine: Engine,
    /// Findings of one package.
    pub run: fn(&Ctx<'_>) -> Vec<Finding>,
}

/// The engines whose results checks read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Engine {
    /// Interleavings of goroutines.
    Explorer,
    /// What is taken must be given back.
    Obligations,
}

impl Entry {
    /// Whether the check looks at what an engine found.
    pub fn uses(&self, engine: Engine) -> bool {
        // Locks that are left locked, or taken twice, are told by the checks of these.
        self.engine == engine
            || engine == Engine::Obligations && self.check.code == stuck_lock::CHECK.code
    }
}

/// Every check, by code.
pub const REGISTRY: &[Entry] = &[
    Entry {
        check: &abandoned_send::CHECK,
        source: include_str!("abandoned_send.rs"),
        engine: Engine::Explorer,
        run: abandoned_send::run,
    },
    Entry {
        check: &abandoned_receive::CHECK,
        source: include_str!("abandoned_receive.rs"),
        engine: Engine::Explorer,
        run: abandoned_receive::run,
    },
    Entry {
        check: &range_without_close::CHECK,
        source: include_str!("range_without_close.rs"),
        engine: Engine::Explorer,
        run: range_without_close::run,
    },
    Entry {
        check: &stuck_worker::CHECK,
        source: include_str!("stuck_worker.rs"),
        engine: Engine::Explorer,
        run: stuck_worker::run,
    },
    Entry {
        check: &waitgroup_never_done::CHECK,
        source: include_str!("waitgroup_never_done.rs"),
        engine: Engine::Explorer,
        run: waitgroup_never_done::run,
    },
    Entry {
        check: &stuck_lock::CHECK,
        source: include_str!("stuck_lock.rs"),
        engine: Engine::Explorer,
        run: stuck_lock::run,
    },
    Entry {
        check: &range_over_ticker::CHECK,
        source: include_str!("range_over_ticker.rs"),
        engine: Engine::Obligations,
        run: range_over_ticker::run,
    },
    Entry {
        check: &timer_per_turn::CHECK,
        source: include_str!("timer_per_turn.rs"),
        engine: Engine::Obligations,
        run: timer_per_turn::run,
    },
    Entry {
        check: &missed_signal::CHECK,
        source: include_str!("missed_signal.rs"),
        engine: Engine::Explorer,
        run: missed_signal::run,
    },
    Entry {
        check: &lost_cancel::CHECK,
        source: include_str!("lost_cancel.rs"),
        engine: Engine::Obligations,
        run: lost_cancel::run,
    },
    Entry {
        check: &missing_unlock::CHECK,
        source: include_str!("missing_unlock.rs"),
        engine: Engine::Obligations,
        run: missing_unlock::run,
    },
    Entry {
        check: &add_without_done::CHECK,
        source: include_str!("add_without_done.rs"),
        engine: Engine::Obligations,
        run: add_without_done::run,
    },
    Entry {
        check: &lost_semaphore_slot::CHECK,
        source: include_str!("lost_semaphore_slot.rs"),
        engine: Engine::Obligations,
        run: lost_semaphore_slot::run,
    },
    Entry {
        check: &double_lock::CHECK,
        source: include_str!("double_lock.rs"),
        engine: Engine::Obligations,
        run: double_lock::run,
    },
    Entry {
        check: &body_not_closed::CHECK,
        source: include_str!("body_not_closed.rs"),
        engine: Engine::Obligations,
        run: body_not_closed::run,
    },
    Entry {
        check: &rows_not_closed::CHECK,
        source: include_str!("rows_not_closed.rs"),
        engine: Engine::Obligations,
        run: rows_not_closed::run,
    },
    Entry {
        check: &closer_not_closed::CHECK,
        source: include_str!("closer_not_closed.rs"),
        engine: Engine::Obligations,
        run: closer_not_closed::run,
    },
    Entry {
        check: &constructor_error_leak::CHECK,
        source: include_str!("constructor_error_leak.rs"),
        engine: Engine::Obligations,
        run: constructor_error_leak::run,
    },
    Entry {
        check: &ticker_not_stopped::CHECK,
        source: include_str!("ticker_not_stopped.rs"),
        engine: Engine::Obligations,
        run: ticker_not_stopped::run,
    },
    Entry {
        check: &pull_without_stop::CHECK,
        source: include_str!("pull_without_stop.rs"),
        engine: Engine::Obligations,
        run: pull_without_stop::run,
    },
    Entry {
        check: &start_without_stop::CHECK,
        source: include_str!("start_without_stop.rs"),
        engine: Engine::Obligations,
        run: start_without_stop::run,
    },
    Entry {
        check: &lost_reference::CHECK,
        source: include_str!("lost_reference.rs"),
        engine: Engine::Obligations,
        run: lost_reference::run,
    },
    Entry {
        check: &cancel_overwritten::CHECK,
        source: include_str!("cancel_overwritten.rs"),
        engine: Engine::Obligations,
        run: cancel_overwritten::run,
    },
    Entry {
        check: &dropped_while_open::CHECK,
        source: include_str!("dropped_while_open.rs"),
        engine: Engine::Obligations,
        run: dropped_while_open::run,
    },
    Entry {
        check: &signal_without_stop::CHECK,
        source: include_str!("signal_without_stop.rs"),
        engine: Engine::Obligations,
        run: signal_without_stop::run,
    },
];

/// The engines that see the whole module.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ModuleEngine {
    /// What only grows and what is kept too long.
    Lifetime,
    /// Locks of all packages.
    Locks,
    /// What callers of one function do with what it returns.
    Duties,
}

/// A check of the whole module.
pub struct ModuleEntry {
    /// Identity and metadata.
    pub check: &'static Check,
    /// The check's source file, which documents it.
    pub source: &'static str,
    /// Whose results it puts into words.
    pub engine: ModuleEngine,
    /// Findings of all packages.
    pub run: fn(&ModuleCtx<'_>) -> Vec<Finding>,
}

/// Every check of the whole module, by code.
pub const MODULE_REGISTRY: &[ModuleEntry] = &[
    ModuleEntry {
        check: &registry_without_unsubscribe::CHECK,
        source: include_str!("registry_without_unsubscribe.rs"),
        engine: ModuleEngine::Lifetime,
        run: registry_without_unsubscribe::run,
    },
    ModuleEntry {
        check: &closure_pins_large::CHECK,
        source: include_str!("closure_pins_large.rs"),
        engine: ModuleEngine::Lifetime,
        run: closure_pins_large::run,
    },
    ModuleEntry {
        check: &goroutine_pins_argument::CHECK,
        source: include_str!("goroutine_pins_argument.rs"),
        engine: ModuleEngine::Lifetime,
        run: goroutine_pins_argument::run,
    },
    ModuleEntry {
        check: &finalizer_cycle::CHECK,
        source: include_str!("finalizer_cycle.rs"),
        engine: ModuleEngine::Lifetime,
        run: finalizer_cycle::run,
    },
    ModuleEntry {
        check: &growing_context::CHECK,
        source: include_str!("growing_context.rs"),
        engine: ModuleEngine::Lifetime,
        run: growing_context::run,
    },
    ModuleEntry {
        check: &popped_slot_keeps_pointer::CHECK,
        source: include_str!("popped_slot_keeps_pointer.rs"),
        engine: ModuleEngine::Lifetime,
        run: popped_slot_keeps_pointer::run,
    },
    ModuleEntry {
        check: &pool_keeps_references::CHECK,
        source: include_str!("pool_keeps_references.rs"),
        engine: ModuleEngine::Lifetime,
        run: pool_keeps_references::run,
    },
    ModuleEntry {
        check: &subslice_pins_buffer::CHECK,
        source: include_str!("subslice_pins_buffer.rs"),
        engine: ModuleEngine::Lifetime,
        run: subslice_pins_buffer::run,
    },
    ModuleEntry {
        check: &growing_global::CHECK,
        source: include_str!("growing_global.rs"),
        engine: ModuleEngine::Lifetime,
        run: growing_global::run,
    },
    ModuleEntry {
        check: &growing_field::CHECK,
        source: include_str!("growing_field.rs"),
        engine: ModuleEngine::Lifetime,
        run: growing_field::run,
    },
    ModuleEntry {
        check: &growing_local::CHECK,
        source: include_str!("growing_local.rs"),
        engine: ModuleEngine::Lifetime,
        run: growing_local::run,
    },
    ModuleEntry {
        check: &timer_rearms_itself::CHECK,
        source: include_str!("timer_rearms_itself.rs"),
        engine: ModuleEngine::Lifetime,
        run: timer_rearms_itself::run,
    },
    ModuleEntry {
        check: &defer_in_endless_loop::CHECK,
        source: include_str!("defer_in_endless_loop.rs"),
        engine: ModuleEngine::Lifetime,
        run: defer_in_endless_loop::run,
    },
    ModuleEntry {
        check: &pool_of_giants::CHECK,
        source: include_str!("pool_of_giants.rs"),
        engine: ModuleEngine::Lifetime,
        run: pool_of_giants::run,
    },
    ModuleEntry {
        check: &delete_missed_on_path::CHECK,
        source: include_str!("delete_missed_on_path.rs"),
        engine: ModuleEngine::Lifetime,
        run: delete_missed_on_path::run,
    },
    ModuleEntry {
        check: &counter_not_lowered::CHECK,
        source: include_str!("counter_not_lowered.rs"),
        engine: ModuleEngine::Lifetime,
        run: counter_not_lowered::run,
    },
    ModuleEntry {
        check: &global_channel_without_partner::CHECK,
        source: include_str!("global_channel_without_partner.rs"),
        engine: ModuleEngine::Lifetime,
        run: global_channel_without_partner::run,
    },
    ModuleEntry {
        check: &lock_order::CHECK,
        source: include_str!("lock_order.rs"),
        engine: ModuleEngine::Locks,
        run: lock_order::run,
    },
    ModuleEntry {
        check: &read_lock_reentry::CHECK,
        source: include_str!("read_lock_reentry.rs"),
        engine: ModuleEngine::Locks,
        run: read_lock_reentry::run,
    },
    ModuleEntry {
        check: &lock_held_waiting::CHECK,
        source: include_str!("lock_held_waiting.rs"),
        engine: ModuleEngine::Locks,
        run: lock_held_waiting::run,
    },
    ModuleEntry {
        check: &missing_close::CHECK,
        source: include_str!("missing_close.rs"),
        engine: ModuleEngine::Duties,
        run: missing_close::run,
    },
    ModuleEntry {
        check: &stop_forgets_resource::CHECK,
        source: include_str!("stop_forgets_resource.rs"),
        engine: ModuleEngine::Duties,
        run: stop_forgets_resource::run,
    },
];

/// Findings of all checks of the whole module.
pub fn run_module(ctx: &ModuleCtx<'_>) -> Vec<Finding> {
    let found = MODULE_REGISTRY.iter().flat_map(|entry| (entry.run)(ctx));
    found.chain(double_lock::run_module(ctx)).chain(stuck_worker::run_module(ctx)).collect()
}

/// The checks that need what an engine finds out about the whole module.
pub fn fed_by(engine: ModuleEngine) -> impl Iterator<Item = &'static Check> {
    let packages = [
        (&double_lock::CHECK, ModuleEngine::Locks),
        (&stuck_worker::CHECK, ModuleEngine::Lifetime),
    ];
    let entries = MODULE_REGISTRY.iter().map(|entry| (entry.check, entry.engine));
    entries.chain(packages).filter(move |(_, e)| *e == engine).map(|(check, _)| check)
}

/// Findings of all checks in one package, by place. Suppression comments and the choice of checks are
/// the caller's business.
pub fn run_all(ctx: &Ctx<'_>) -> Vec<Finding> {
    let seen = ctx.seen();
    let run = |entry: &Entry| match entry.engine {
        Engine::Explorer => (entry.run)(&seen),
        Engine::Obligations => (entry.run)(ctx),
    };
    let findings = REGISTRY.iter().flat_map(run).collect();
    let mut findings = causes::merge(findings);
    let locks = [missing_unlock::CHECK.code, double_lock::CHECK.code, stuck_lock::CHECK.code];
    let others = findings.iter_mut().filter(|finding| !locks.contains(&finding.check.code));
    others.for_each(|finding| weigh::weigh(ctx, finding));
    findings.sort_by(|a, b| {
        (&a.location, a.check.code, &a.message).cmp(&(&b.location, b.check.code, &b.message))
    });
    findings
}

/// The page of a check: what its file says about it, as Markdown.
pub fn page(check: &Check, source: &str) -> String {
    let Check { code, name, summary, .. } = check;
    let mut page = format!("# {name} ({code})\n\n{summary}\n\n");
    let lines = source.lines().map_while(|line| line.strip_prefix("//!"));
    let mut fenced = false;
    for line in lines.map(|line| line.strip_prefix(' ').unwrap_or(line)) {
        fenced ^= line.starts_with("```");
        let deeper = if line.starts_with("# ") && !fenced { "#" } else { "" };
        let _ = writeln!(page, "{deeper}{line}");
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_registry_is_complete_and_sorted() {
        let mut names: Vec<&str> = sources().iter().map(|(check, _)| check.name).collect();
        names.sort_unstable();
        let all: Vec<&str> = ALL.iter().map(|check| check.name).collect();
        assert_eq!(names, all);
    }

    #[test]
    fn pages_are_fresh() {
        for (check, source) in sources() {
            let name = check.name;
            let page = page(check, source);
            assert_eq!(explanation(name), Some(&*page), "docs/checks/{name}.md is stale");
        }
    }

    fn sources() -> Vec<(&'static Check, &'static str)> {
        let own = REGISTRY.iter().map(|e| (e.check, e.source));
        own.chain(MODULE_REGISTRY.iter().map(|e| (e.check, e.source))).collect()
    }
}
