//! The list of checks and their pages. `cargo xtask codegen` writes this file.

use stanch_diagnostic::Check;

/// Every check, in the order of names.
pub const ALL: &[&Check] = &[
    &crate::abandoned_receive::CHECK,
    &crate::abandoned_send::CHECK,
    &crate::add_without_done::CHECK,
    &crate::body_not_closed::CHECK,
    &crate::cancel_overwritten::CHECK,
    &crate::closer_not_closed::CHECK,
    &crate::closure_pins_large::CHECK,
    &crate::constructor_error_leak::CHECK,
    &crate::counter_not_lowered::CHECK,
    &crate::defer_in_endless_loop::CHECK,
    &crate::delete_missed_on_path::CHECK,
    &crate::double_lock::CHECK,
    &crate::dropped_while_open::CHECK,
    &crate::finalizer_cycle::CHECK,
    &crate::global_channel_without_partner::CHECK,
    &crate::goroutine_pins_argument::CHECK,
    &crate::growing_context::CHECK,
    &crate::growing_field::CHECK,
    &crate::growing_global::CHECK,
    &crate::growing_local::CHECK,
    &crate::lock_held_waiting::CHECK,
    &crate::lock_order::CHECK,
    &crate::lost_cancel::CHECK,
    &crate::lost_reference::CHECK,
    &crate::lost_semaphore_slot::CHECK,
    &crate::missed_signal::CHECK,
    &crate::missing_close::CHECK,
    &crate::missing_unlock::CHECK,
    &crate::pool_keeps_references::CHECK,
    &crate::pool_of_giants::CHECK,
    &crate::popped_slot_keeps_pointer::CHECK,
    &crate::pull_without_stop::CHECK,
    &crate::range_over_ticker::CHECK,
    &crate::range_without_close::CHECK,
    &crate::read_lock_reentry::CHECK,
    &crate::registry_without_unsubscribe::CHECK,
    &crate::rows_not_closed::CHECK,
    &crate::signal_without_stop::CHECK,
    &crate::start_without_stop::CHECK,
    &crate::stop_forgets_resource::CHECK,
    &crate::stuck_lock::CHECK,
    &crate::stuck_worker::CHECK,
    &crate::subslice_pins_buffer::CHECK,
    &crate::ticker_not_stopped::CHECK,
    &crate::timer_per_turn::CHECK,
    &crate::timer_rearms_itself::CHECK,
    &crate::waitgroup_never_done::CHECK,
];

/// The page of the check with this name, as Markdown.
pub fn explanation(name: &str) -> Option<&'static str> {
    Some(match name {
        "abandoned-receive" => include_str!("../../../docs/checks/abandoned-receive.md"),
        "abandoned-send" => include_str!("../../../docs/checks/abandoned-send.md"),
        "add-without-done" => include_str!("../../../docs/checks/add-without-done.md"),
        "body-not-closed" => include_str!("../../../docs/checks/body-not-closed.md"),
        "cancel-overwritten" => include_str!("../../../docs/checks/cancel-overwritten.md"),
        "closer-not-closed" => include_str!("../../../docs/checks/closer-not-closed.md"),
        "closure-pins-large" => include_str!("../../../docs/checks/closure-pins-large.md"),
        "constructor-error-leak" => include_str!("../../../docs/checks/constructor-error-leak.md"),
        "counter-not-lowered" => include_str!("../../../docs/checks/counter-not-lowered.md"),
        "defer-in-endless-loop" => include_str!("../../../docs/checks/defer-in-endless-loop.md"),
        "delete-missed-on-path" => include_str!("../../../docs/checks/delete-missed-on-path.md"),
        "double-lock" => include_str!("../../../docs/checks/double-lock.md"),
        "dropped-while-open" => include_str!("../../../docs/checks/dropped-while-open.md"),
        "finalizer-cycle" => include_str!("../../../docs/checks/finalizer-cycle.md"),
        "global-channel-without-partner" => {
            include_str!("../../../docs/checks/global-channel-without-partner.md")
        }
        "goroutine-pins-argument" => {
            include_str!("../../../docs/checks/goroutine-pins-argument.md")
        }
        "growing-context" => include_str!("../../../docs/checks/growing-context.md"),
        "growing-field" => include_str!("../../../docs/checks/growing-field.md"),
        "growing-global" => include_str!("../../../docs/checks/growing-global.md"),
        "growing-local" => include_str!("../../../docs/checks/growing-local.md"),
        "lock-held-waiting" => include_str!("../../../docs/checks/lock-held-waiting.md"),
        "lock-order" => include_str!("../../../docs/checks/lock-order.md"),
        "lost-cancel" => include_str!("../../../docs/checks/lost-cancel.md"),
        "lost-reference" => include_str!("../../../docs/checks/lost-reference.md"),
        "lost-semaphore-slot" => include_str!("../../../docs/checks/lost-semaphore-slot.md"),
        "missed-signal" => include_str!("../../../docs/checks/missed-signal.md"),
        "missing-close" => include_str!("../../../docs/checks/missing-close.md"),
        "missing-unlock" => include_str!("../../../docs/checks/missing-unlock.md"),
        "pool-keeps-references" => include_str!("../../../docs/checks/pool-keeps-references.md"),
        "pool-of-giants" => include_str!("../../../docs/checks/pool-of-giants.md"),
        "popped-slot-keeps-pointer" => {
            include_str!("../../../docs/checks/popped-slot-keeps-pointer.md")
        }
        "pull-without-stop" => include_str!("../../../docs/checks/pull-without-stop.md"),
        "range-over-ticker" => include_str!("../../../docs/checks/range-over-ticker.md"),
        "range-without-close" => include_str!("../../../docs/checks/range-without-close.md"),
        "read-lock-reentry" => include_str!("../../../docs/checks/read-lock-reentry.md"),
        "registry-without-unsubscribe" => {
            include_str!("../../../docs/checks/registry-without-unsubscribe.md")
        }
        "rows-not-closed" => include_str!("../../../docs/checks/rows-not-closed.md"),
        "signal-without-stop" => include_str!("../../../docs/checks/signal-without-stop.md"),
        "start-without-stop" => include_str!("../../../docs/checks/start-without-stop.md"),
        "stop-forgets-resource" => include_str!("../../../docs/checks/stop-forgets-resource.md"),
        "stuck-lock" => include_str!("../../../docs/checks/stuck-lock.md"),
        "stuck-worker" => include_str!("../../../docs/checks/stuck-worker.md"),
        "subslice-pins-buffer" => include_str!("../../../docs/checks/subslice-pins-buffer.md"),
        "ticker-not-stopped" => include_str!("../../../docs/checks/ticker-not-stopped.md"),
        "timer-per-turn" => include_str!("../../../docs/checks/timer-per-turn.md"),
        "timer-rearms-itself" => include_str!("../../../docs/checks/timer-rearms-itself.md"),
        "waitgroup-never-done" => include_str!("../../../docs/checks/waitgroup-never-done.md"),
        _ => return None,
    })
}
