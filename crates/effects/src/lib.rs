//! What library functions do to concurrency, as data.
//!
//! The table is `data/std.toml`, embedded in the binary; `docs/effects.md` describes the format.
//! Bodies of functions named there are never analysed. Functions are named by their symbol in the
//! spelling of `go doc`: `context.WithCancel`, `(*sync.Mutex).Lock`, `(context.Context).Done`.

mod keeping;
mod load;
mod resource;

pub use keeping::{Brings, Does, KeepEffect, Keeping, PackageKeeps, Pops, Role, Trait};
pub use load::{EffectError, parse};
pub use resource::{Kind, ResourceEffect, Resources};

use serde::Deserialize;
use stanch_base::FxHashMap;

/// The operation a function performs on its receiver, parameters or results.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Op {
    /// Nothing that concerns concurrency.
    #[default]
    None,
    /// Locks the receiver for writing.
    Lock,
    /// Gives a write lock back.
    Unlock,
    /// Locks the receiver for reading.
    RLock,
    /// Gives a read lock back.
    RUnlock,
    /// Locks for writing if free; the result tells.
    TryLock,
    /// Locks for reading if free; the result tells.
    TryRLock,
    /// Returns a `sync.Locker` whose methods are the receiver's `RLock` and `RUnlock`.
    RLocker,
    /// Adds argument 1 to the wait group in argument 0.
    WaitGroupAdd,
    /// Subtracts one.
    WaitGroupDone,
    /// Waits for zero.
    WaitGroupWait,
    /// Adds one, runs argument 1 on a new goroutine, subtracts one when it returns.
    WaitGroupGo,
    /// Result 0 is a new wait group, result 1 a child of argument 0 that is done some day.
    WaitGroupWithContext,
    /// Waits for argument 2 places in the semaphore in argument 0; nil tells that it has them.
    SlotAcquire,
    /// Takes argument 1 places in the semaphore in argument 0 if they are free; the result tells.
    SlotTry,
    /// Gives places back to the semaphore in argument 0.
    SlotRelease,
    /// Makes a condition variable over the locker in argument 0.
    CondNew,
    /// Unlocks the locker, waits for a signal, locks again.
    CondWait,
    /// Wakes one waiter.
    CondSignal,
    /// Wakes all waiters.
    CondBroadcast,
    /// Calls argument 1 unless the once in argument 0 was used; later callers wait for the first.
    OnceDo,
    /// Returns a context that is never done.
    ContextBackground,
    /// Result 0 is a child of argument 0, result 1 cancels it.
    ContextWithCancel,
    /// As `context-with-cancel`, and done some day by itself.
    ContextWithDeadline,
    /// Result 0 is done exactly when argument 0 is.
    ContextWithValue,
    /// Result 0 is never done.
    ContextWithoutCancel,
    /// Argument 1 runs on a new goroutine when argument 0 is done; the result stops that.
    ContextAfterFunc,
    /// Returns the receiver's done channel.
    ContextDone,
    /// Nil until the receiver is done.
    ContextErr,
    /// Returns a channel that receives one value some day.
    TimeAfter,
    /// Returns a channel that receives a value again and again.
    TimeTick,
    /// Result 0 is a timer: its field `C` receives one value some day unless stopped.
    TimerNew,
    /// Result 0 is a ticker: its field `C` receives again and again until stopped; never closed.
    TickerNew,
    /// Argument 1 runs on a new goroutine some day unless the result is stopped.
    TimeAfterFunc,
    /// Stops a timer or ticker.
    TimerStop,
    /// Starts a timer or ticker anew.
    TimerReset,
    /// Waits for some time; always goes on.
    Sleep,
    /// Lets others run.
    Yield,
    /// Ends the process; deferred calls do not run.
    Exit,
    /// Ends the goroutine; deferred calls run.
    Goexit,
    /// Panics with an argument.
    Panic,
    /// Atomic read of the receiver or of what argument 0 points to.
    AtomicLoad,
    /// Atomic write.
    AtomicStore,
    /// A new atomic that holds argument 0, or nothing yet.
    AtomicNew,
    /// Atomic write that returns what was there.
    AtomicSwap,
    /// Writes argument 2 if argument 1 is there; the result tells.
    AtomicCompareAndSwap,
    /// Adds argument 1; the result is the sum.
    AtomicAdd,
    /// Subtracts argument 1; the result is the difference.
    AtomicSubtract,
    /// Adds one; the result is the sum.
    AtomicIncrement,
    /// Subtracts one; the result is the difference.
    AtomicDecrement,
    /// Negates a truth value; the result is what was there.
    AtomicToggle,
    /// Another atomic change.
    AtomicUpdate,
    /// Values arrive on the channel in argument 0 at any time, without blocking the sender.
    SignalNotify,
    /// Ends that.
    SignalStop,
    /// Argument 1 runs when the test in argument 0 ends.
    TestCleanup,
}

impl Op {
    /// Whether it changes an atomic.
    pub fn changes_atomic(self) -> bool {
        matches!(
            self,
            Self::AtomicStore
                | Self::AtomicSwap
                | Self::AtomicCompareAndSwap
                | Self::AtomicAdd
                | Self::AtomicSubtract
                | Self::AtomicIncrement
                | Self::AtomicDecrement
                | Self::AtomicToggle
                | Self::AtomicUpdate
        )
    }

    /// Whether it reads or changes an atomic that is there.
    pub fn is_atomic(self) -> bool {
        self == Self::AtomicLoad || self.changes_atomic()
    }
}

/// When and where a library function calls a function value it was given.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum When {
    /// On the caller's goroutine, before returning.
    Now,
    /// On a goroutine of its own, or later on another.
    Elsewhere,
}

/// How often a function value is called.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Times {
    /// Exactly once.
    Once,
    /// Once or not at all.
    AtMostOnce,
    /// Any number of times.
    Any,
}

/// A function value parameter that is called.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Callback {
    /// Number of the argument, the receiver being 0 for methods.
    pub arg: u32,
    /// When and where.
    pub when: When,
    /// How often.
    pub times: Times,
}

/// A method of an argument that is called now, on this goroutine.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MethodCall {
    /// Number of the argument, the receiver being 0 for methods.
    pub arg: u32,
    /// Name of the method.
    pub name: Box<str>,
}

/// What happens to arguments the operation does not name.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Args {
    /// They may be kept, and anything may happen to them: they leave view.
    #[default]
    Escape,
    /// The functions among them get the others, and nobody else does.
    ToCallback,
    /// Used during the call only, and no concurrency operation is done on them.
    Borrow,
    /// As `borrow`, and part of them lives on in the result (wrappers).
    IntoResult,
}

/// What is known of a function's results before its body is seen: mostly of errors.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Gives {
    /// Nothing.
    #[default]
    Any,
    /// The results are not nil.
    NonNil,
    /// The result is a number, and at least 1.
    Positive,
    /// The result is nil exactly if this argument is nil.
    NilWith(u32),
    /// The result is a truth value, and true only if this argument is not nil.
    AsksOf(u32),
    /// The same for the same arguments: it reads nothing else.
    Alike,
}

/// What an argument is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Is {
    /// Nil, or an interface that holds nil.
    Nil,
    /// Not nil.
    NotNil,
    /// True.
    True,
    /// False.
    False,
}

/// An argument without which a function does not return.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Needed {
    /// Number of the argument, the receiver being 0 for methods.
    pub arg: u32,
    /// What it has to be.
    pub is: Is,
}

/// What one function does.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Effect {
    /// Its operation.
    pub op: Op,
    /// Function values it calls.
    pub callbacks: Vec<Callback>,
    /// Methods of arguments it calls.
    pub methods: Vec<MethodCall>,
    /// The fate of its other arguments.
    pub args: Args,
    /// What its results are.
    pub gives: Gives,
    /// It returns only if all of this holds; else it ends the process or the goroutine.
    pub returns_if: Vec<Needed>,
    /// Whether it prints its arguments by their methods `Error` and `String`.
    pub formats: bool,
    /// Whether the functions that it calls run where whoever is left blocked makes the call fail.
    pub fails_if_stuck: bool,
}

/// All known effects.
#[derive(Clone, Debug, Default)]
pub struct Effects {
    functions: FxHashMap<Box<str>, Effect>,
    /// Functions and methods of any type by name alone, by package.
    named: FxHashMap<Box<str>, FxHashMap<Box<str>, Effect>>,
    packages: FxHashMap<Box<str>, Effect>,
    /// What has to be closed or stopped.
    pub resources: Resources,
    /// What is kept.
    pub keeping: Keeping,
}

impl Effects {
    /// The embedded table.
    ///
    /// # Errors
    /// If the table is broken, which a test excludes.
    pub fn embedded() -> Result<Self, EffectError> {
        let mut effects = parse("std.toml", include_str!("../data/std.toml"))?;
        let files = [
            ("resources.toml", include_str!("../data/resources.toml")),
            ("libraries.toml", include_str!("../data/libraries.toml")),
        ];
        for (name, text) in files {
            effects.resources.read(name, text)?;
        }
        effects.keeping.read("lifetime.toml", include_str!("../data/lifetime.toml"))?;
        Ok(effects)
    }

    /// The effect of the function with this symbol, declared in package `package`: its own entry, that
    /// of its name in the package, or else its package's default. `None` means that nothing is known of it.
    pub fn get(&self, package: &str, symbol: &str) -> Option<&Effect> {
        let named = || {
            let name = symbol.rsplit('.').next().unwrap_or(symbol);
            self.named.get(package)?.get(name)
        };
        let own = self.functions.get(symbol).or_else(named);
        own.or_else(|| self.packages.get(package))
    }

    /// Whether a declared function (no method) gives the same for the same arguments.
    pub fn is_alike(&self, package: &str, name: &str) -> bool {
        let entry = self.functions.get(&*format!("{package}.{name}"));
        entry.is_some_and(|effect| effect.gives == Gives::Alike)
    }

    /// What a package's functions do that have no entry of their own.
    pub fn package(&self, package: &str) -> Option<&Effect> {
        self.packages.get(package)
    }

    /// The entry of exactly this function.
    pub fn function(&self, symbol: &str) -> Option<&Effect> {
        self.functions.get(symbol)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn embedded_table_loads() {
        let effects = Effects::embedded().expect("embedded table");
        let lock = effects.get("sync", "(*sync.Mutex).Lock").expect("known");
        assert_eq!(lock.op, Op::Lock);
        assert_eq!(effects.get("strings", "strings.Split").expect("default").args, Args::Borrow);
        assert_eq!(effects.get("example.com/m", "example.com/m.F"), None);
        let inc = effects.get("go.uber.org/atomic", "(*go.uber.org/atomic.Int32).Inc");
        assert_eq!(inc.expect("by name").op, Op::AtomicIncrement);
    }

    #[test]
    fn errors_name_the_line() {
        let error = parse("my.toml", "[function]\n\"a.F\" = { op = \"fly\" }\n").unwrap_err();
        assert!(error.to_string().starts_with("my.toml:2:"), "{error}");
    }
}
