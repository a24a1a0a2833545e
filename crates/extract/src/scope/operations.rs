//! What kind of operation a primitive of the model is.

use stanch_model::Prim;

/// Whether an operation can wait for others.
pub(crate) fn waits(prim: Prim) -> bool {
    matches!(
        prim,
        Prim::Send | Prim::Recv | Prim::WgWait | Prim::CondWait | Prim::OnceDo | Prim::SemAcquire
    )
}

/// Whether an operation is one of a lock.
pub(crate) fn locks(prim: Prim) -> bool {
    matches!(
        prim,
        Prim::Lock | Prim::Unlock | Prim::RLock | Prim::RUnlock | Prim::TryLock | Prim::TryRLock
    )
}

/// Whether an operation takes a lock, and waits for it.
pub(crate) fn takes(prim: Prim) -> bool {
    matches!(prim, Prim::Lock | Prim::RLock)
}

/// Whether an operation gives a lock back.
pub(crate) fn unlocks(prim: Prim) -> bool {
    matches!(prim, Prim::Unlock | Prim::RUnlock)
}

/// Whether others notice an operation.
pub(crate) fn matters(prim: Prim) -> bool {
    waits(prim)
        || matches!(
            prim,
            Prim::Close
                | Prim::WgAdd
                | Prim::WgDone
                | Prim::CondSignal
                | Prim::CondBroadcast
                | Prim::Cancel
                | Prim::SemTryAcquire
                | Prim::SemRelease
                | Prim::TimerStop
                | Prim::TimerReset
        )
}
