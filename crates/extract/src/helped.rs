//! Leaks whose schedule needs a value that nobody can have sent. Of a channel that was made in view and has left
//! it, what is in it is not followed: somebody out of view may come to it at any time, to free whoever waits. A
//! step that only he can make leads nowhere if nobody out of view can make it.

use crate::channels::is_exported;
use crate::roots::Explorer;
use crate::scope::{Sliced, Tree};
use stanch_base::FxHashSet;
use stanch_model::{Escaped, Leak, Met, Outcome, Point, Prim};

impl Explorer<'_> {
    /// Drops the leaks on whose way a value is received that nobody but what was explored can send, and that
    /// was not sent.
    pub(crate) fn without_ghosts(&self, outcome: &mut Outcome, sliced: &Sliced, tree: &Tree) {
        if outcome.leaks.iter().all(|leak| leak.helped.is_empty()) {
            return;
        }
        let class = |point: Point| {
            sliced.origin(point).and_then(|(func, at)| self.scopes.made_at(func, at))
        };
        let away = outcome.escaped.iter().filter(|e| e.1 == Escaped::Away);
        let away: FxHashSet<u32> = away.filter_map(|e| class(e.0)).collect();
        let ghost = |leak: &Leak| {
            leak.helped.iter().enumerate().any(|(n, (made, met))| {
                let all = leak.helped.iter().enumerate().filter(|(_, (at, _))| at == made);
                let of = |wanted: Met| all.clone().filter(move |(_, (_, met))| *met == wanted);
                let known = class(*made).filter(|class| !away.contains(class));
                *met == Met::Received
                    && of(Met::Closed).all(|(at, _)| at > n)
                    && of(Met::Received).count() > of(Met::Sent).count()
                    && known.is_some_and(|class| !self.others_send(class, tree))
            })
        };
        outcome.leaks.retain(|leak| !ghost(leak));
    }

    /// Whether functions that are not explored send to channels of a class, or close them, or code out of view
    /// gets them.
    fn others_send(&self, class: u32, tree: &Tree) -> bool {
        let scopes = &self.scopes;
        let outside = scopes.classes.facts.iter_enumerated().any(|(id, facts)| {
            !tree.contains(&id)
                && facts.operations.iter().any(|o| {
                    matches!(o.prim, Prim::Send | Prim::Close)
                        && scopes.classes.find(o.node) == class
                })
        });
        let gives = || {
            scopes.model.functions.iter_enumerated().any(|(id, function)| {
                let mut results = function.results.iter().map(|r| r.local);
                results.any(|local| scopes.classes.find(scopes.classes.local(id, local)) == class)
            })
        };
        outside || gives() || self.is_field_of_others(class)
    }

    /// Whether a field with an exported name holds objects of a class.
    fn is_field_of_others(&self, class: u32) -> bool {
        let classes = &self.scopes.classes;
        classes.holders.get(&class).into_iter().flatten().any(|holder| {
            let mut fields = self.translated.fields.iter();
            fields.any(|((name, _), field)| {
                is_exported(name) && classes.field(*holder, *field) == Some(class)
            })
        })
    }
}
