//! What the functions of a module give away with their results: something that has to be given back, or
//! nothing.

use crate::ModuleCtx;
use stanch_base::FxHashMap;
use stanch_obligations::Maker;
use std::collections::BTreeSet;

/// What callers of a function get with its result.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Gives {
    /// Nothing that holds anything, or what stays another object's.
    Nothing,
    /// Its body is not in view.
    Unknown,
    /// What another object knows as well, which may close it.
    Known,
    /// What somebody has to give back: a goroutine, a file, a connection.
    Something,
}

/// More functions whose results become part of each other's are not followed.
const MAX_MAKERS: usize = 64;

/// Helpers around helpers are followed so far.
const MAX_HELPERS: usize = 4;

/// The type in a key.
fn ty(key: &str) -> &str {
    key.rsplit_once('.').map_or("", |(ty, _)| ty)
}

/// The functions of the module that return what may have to be closed, by what they are told apart by.
pub(crate) struct Makers<'m>(FxHashMap<&'m str, Vec<&'m Maker>>);

impl<'m> Makers<'m> {
    pub(crate) fn new(ctx: &ModuleCtx<'m>) -> Self {
        let mut makers: FxHashMap<&str, Vec<&Maker>> = FxHashMap::default();
        for maker in ctx.duties.iter().flat_map(|duties| &duties.makers) {
            makers.entry(&maker.key).or_default().push(maker);
        }
        Self(makers)
    }

    /// What a function gives: what it takes itself, or gets from those whose results it passes on. What
    /// comes out of an object that was there before is not given away. Of several functions that an
    /// interface's method stands for, what one gives counts.
    pub(crate) fn gives(&self, key: &str) -> Gives {
        self.given(key, &mut BTreeSet::new())
    }

    /// Whether what a function returns comes from others that find it in an object that was there before.
    /// It may still open it, for that object.
    fn only_finds(&self, maker: &Maker) -> bool {
        let finds = |key: &String| {
            self.0.get(key.as_str()).is_some_and(|makers| makers.iter().all(|m| m.kept))
        };
        !maker.through.is_empty() && maker.through.iter().all(finds)
    }

    /// The function whose result another one passes on as it is, by what it is told apart by: who uses the
    /// one uses the other. Any other function is its own.
    pub(crate) fn origin<'k>(&'k self, key: &'k str) -> &'k str {
        let mut at = key;
        for _ in 0..MAX_HELPERS {
            let Some([maker]) = self.0.get(at).map(Vec::as_slice) else { break };
            let plain = !(maker.takes || maker.unknown || maker.kept || maker.registered);
            match maker.through.as_slice() {
                [from] if plain && ty(from) == ty(at) => at = from,
                _ => break,
            }
        }
        at
    }

    fn given<'k>(&'k self, key: &'k str, seen: &mut BTreeSet<&'k str>) -> Gives {
        if !seen.insert(key) || seen.len() > MAX_MAKERS {
            return Gives::Nothing;
        }
        let Some(makers) = self.0.get(key) else { return Gives::Unknown };
        let mut gives = Gives::Nothing;
        for maker in makers.iter().filter(|maker| !maker.kept && !self.only_finds(maker)) {
            let through = maker.through.iter().map(|key| self.given(key, seen)).max();
            let own = match (maker.takes, maker.unknown) {
                (true, _) => Gives::Something,
                (false, true) => Gives::Unknown,
                (false, false) => Gives::Nothing,
            };
            let all = own.max(through.unwrap_or(Gives::Nothing));
            gives = gives.max(if maker.registered { Gives::Known } else { all });
        }
        gives
    }
}
