//! Locks of objects that one turn of a loop alone knows: where the next turn begins with one locked,
//! nobody can name it any more.

use crate::exec::Run;
use crate::report::{LockMode, MissingUnlock, Step};
use crate::state::{Held, State};
use crate::term::{PlaceId, Root, Term, TermId};
use stanch_ir::Span;
use std::collections::BTreeMap;

/// Where a turn ended with the lock of its object locked, and how it got there.
pub(crate) type LeftInTurns = BTreeMap<(Span, PlaceId, LockMode), (Span, Vec<Step>)>;

impl Run<'_, '_> {
    /// A turn that ends at `at` loses a lock from sight.
    pub(crate) fn note_turn(&mut self, state: &State, held: &Held, at: Span) {
        let known = match self.arena.data(held.lock).root {
            Root::Ptr(object) => {
                matches!(self.arena.get(object), Term::Phi(..) | Term::New(_))
                    || state.escaped.contains(&object)
            }
            Root::Local(_) | Root::Global(_) => true,
        };
        if !known && !held.deferred {
            let path = self.path_since(state, held.site);
            let key = (held.site, held.lock, held.mode);
            self.left_in_turns.entry(key).or_insert((at, path));
        }
    }

    /// A value leaves view: if a lock of the object is held, somebody else may give it back.
    pub(crate) fn note_locked_object(&self, state: &mut State, object: TermId) {
        let locked = state.held.iter().any(|h| self.arena.data(h.lock).root == Root::Ptr(object));
        if locked {
            state.escaped.insert(object);
        }
    }

    /// Locks that some turns leave locked and others give back. Where locks of the kind are also given
    /// back without being held, by the function or by one that it calls, that is their turn.
    pub(crate) fn left_in_turns(&self, found: &mut Vec<MissingUnlock>) {
        for (&(site, lock, mode), (at, path)) in &self.left_in_turns {
            let Some(&unlock) = self.unlocked.get(&site) else { continue };
            let parts = &self.arena.data(lock).parts;
            let alike = |&other: &PlaceId| self.arena.data(other).parts == *parts;
            if self.given.iter().any(alike)
                || self.gives_unnamed
                || self.passed_on.contains(&lock)
                || found.iter().any(|f| f.span == site)
            {
                continue;
            }
            let held = Held { lock, mode, site, deferred: false };
            found.push(MissingUnlock {
                func: self.id,
                lock: self.lock_name(&held),
                mode,
                span: site,
                exit: *at,
                exits: vec![*at],
                unlock: Some(unlock),
                turn: true,
                rough: true,
                path: path.clone(),
            });
        }
    }
}
