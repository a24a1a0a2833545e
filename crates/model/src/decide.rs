//! Decisions about unknowns: every answer is explored, the same question keeps its answer.

use crate::exec::Exec;
use crate::outcome::Decision;
use crate::program::{ArithOp, FOREIGN, Relation, UnknownKind};
use crate::state::{NONE, Status};
use crate::value::{Shape, Value};

impl Exec<'_, '_> {
    fn origin(&self, value: Value) -> u32 {
        self.st.fact(value).map_or(NONE, |f| f.origin)
    }

    fn becomes(&mut self, unknown: Value, value: Value) {
        if let Some(fact) = self.fact_mut(unknown) {
            fact.is = Some(value);
        }
    }

    /// The truth of a value.
    pub(crate) fn truth(&mut self, i: usize, value: Value) -> bool {
        let value = self.st.resolve(value);
        if let Shape::Bool(b) = value.shape() {
            return b;
        }
        let b = self.chooser.choose(2) == 0;
        let (here, origin) = (self.here(i), self.origin(value));
        self.becomes(value, Value::bool(b));
        self.decided(i, here, origin, Decision::Taken(b));
        b
    }

    /// A size: of a known integer itself, of an unknown a small number that it then is.
    pub(crate) fn size(&mut self, i: usize, value: Value) -> u32 {
        let value = self.st.resolve(value);
        match value.shape() {
            Shape::Int(n) => return n.max(0) as u32,
            Shape::Nil => return 0,
            _ => {}
        }
        let max = self.m.limits.max_size;
        let (lo, hi) = self.st.fact(value).map_or((0, max as i32), |f| (f.lo, f.hi));
        let lo = lo.clamp(0, max as i32);
        let hi = hi.clamp(lo, max as i32);
        let n = lo + self.chooser.choose((hi - lo + 1) as u32) as i32;
        let (here, origin) = (self.here(i), self.origin(value));
        self.becomes(value, Value::int(n));
        self.decided(i, here, origin, Decision::Size(n as u32));
        n as u32
    }

    fn is_size(&self, value: Value) -> bool {
        self.st.fact(value).is_some_and(|f| f.size && f.is.is_none())
    }

    /// Makes sizes concrete if the other side is a number or a size.
    fn concrete_sizes(&mut self, i: usize, a: Value, b: Value) -> (Value, Value) {
        let (a, b) = (self.st.resolve(a), self.st.resolve(b));
        let number = |v: Value| matches!(v.shape(), Shape::Int(_));
        if self.is_size(a) && (number(b) || self.is_size(b)) {
            self.size(i, a);
        }
        if self.is_size(b) && (number(a) || self.is_size(a) || number(self.st.resolve(a))) {
            self.size(i, b);
        }
        (self.st.resolve(a), self.st.resolve(b))
    }

    /// `a op b`
    pub(crate) fn compare(&mut self, i: usize, op: Relation, a: Value, b: Value) -> bool {
        let (a, b) = self.concrete_sizes(i, a, b);
        match op {
            Relation::Eq => self.equal(i, a, b, true),
            Relation::Ne => !self.equal(i, a, b, false),
            Relation::Lt => self.less(i, a, b, true),
            Relation::Ge => !self.less(i, a, b, false),
            Relation::Gt => self.less(i, b, a, true),
            Relation::Le => !self.less(i, b, a, false),
        }
    }

    /// Whether two resolved values are equal, if that is known.
    pub(crate) fn known_equal(&self, a: Value, b: Value) -> Option<bool> {
        let (a, b) = (self.st.resolve(a), self.st.resolve(b));
        match (a.shape(), b.shape()) {
            (Shape::Unknown(x), Shape::Unknown(y)) if x == y => Some(true),
            (Shape::Unknown(_), Shape::Unknown(_)) => self.differ(a, b).then_some(false),
            (Shape::Unknown(_), _) => self.unknown_equal(a, b),
            (_, Shape::Unknown(_)) => self.unknown_equal(b, a),
            (Shape::Ref(x, _), Shape::Ref(y, _)) => Some(x == y),
            (Shape::Nil, Shape::Nil) => Some(a.tag() == b.tag()),
            (x, y) => Some(x == y && (a.tag() == b.tag() || a.tag() == 0 || b.tag() == 0)),
        }
    }

    /// Whether two unknowns were found to differ.
    fn differ(&self, a: Value, b: Value) -> bool {
        let excludes = |x, y| self.st.fact(x).is_some_and(|f| f.not.contains(&y));
        excludes(a, b) || excludes(b, a)
    }

    /// Two resolved values, of which one is unknown, are the same from now on, or differ.
    pub(crate) fn assume_equal(&mut self, a: Value, b: Value, equal: bool) {
        let (a, b) = (self.st.resolve(a), self.st.resolve(b));
        let (unknown, other) = if a.is_unknown() { (a, b) } else { (b, a) };
        if equal {
            self.becomes(unknown, other);
        } else if let Some(fact) = self.fact_mut(unknown) {
            fact.not.push(other);
        }
    }

    fn unknown_equal(&self, unknown: Value, value: Value) -> Option<bool> {
        let fact = self.st.fact(unknown)?;
        if fact.not.contains(&value) {
            return Some(false);
        }
        match value.shape() {
            // What has a length of at least one is not nil.
            Shape::Nil if fact.non_nil || fact.lo > 0 || unknown.tag() != 0 || fact.tag != 0 => {
                Some(false)
            }
            Shape::Int(n) if n < fact.lo || n > fact.hi => Some(false),
            _ => None,
        }
    }

    /// `asked`: whether the question is this, or its opposite.
    fn equal(&mut self, i: usize, a: Value, b: Value, asked: bool) -> bool {
        if let Some(known) = self.known_equal(a, b) {
            return known;
        }
        let (unknown, value) = if a.is_unknown() { (a, b) } else { (b, a) };
        let equal = self.chooser.choose(2) == 0;
        let (here, origin) = (self.here(i), self.origin(unknown));
        if equal {
            self.becomes(unknown, value);
        } else if let Some(fact) = self.fact_mut(unknown) {
            match value.shape() {
                Shape::Nil => fact.non_nil = true,
                Shape::Bool(b) => fact.is = Some(Value::bool(!b)),
                _ => fact.not.push(value),
            }
        }
        self.decided(i, here, origin, Decision::Answer(equal == asked));
        equal
    }

    fn less(&mut self, i: usize, a: Value, b: Value, asked: bool) -> bool {
        let bounds = |v: Value| match v.shape() {
            Shape::Int(n) => Some((n, n)),
            _ => self.st.fact(v).map(|f| (f.lo, f.hi)),
        };
        let (Some((a_lo, a_hi)), Some((b_lo, b_hi))) = (bounds(a), bounds(b)) else {
            return self.chooser.choose(2) == 0;
        };
        if a_hi < b_lo {
            return true;
        }
        if a_lo >= b_hi {
            return false;
        }
        let less = self.chooser.choose(2) == 0;
        let here = self.here(i);
        let origin = if a.is_unknown() { self.origin(a) } else { self.origin(b) };
        if let Shape::Int(n) = b.shape() {
            self.narrow(a, if less { (a_lo, n.saturating_sub(1)) } else { (n, a_hi) });
        } else if let Shape::Int(n) = a.shape() {
            self.narrow(b, if less { (n.saturating_add(1), b_hi) } else { (b_lo, n) });
        }
        self.decided(i, here, origin, Decision::Answer(less == asked));
        less
    }

    fn narrow(&mut self, unknown: Value, (lo, hi): (i32, i32)) {
        if let Some(fact) = self.fact_mut(unknown) {
            fact.lo = fact.lo.max(lo);
            fact.hi = fact.hi.min(hi);
            fact.non_nil = true;
            if fact.lo == fact.hi {
                fact.is = Some(Value::int(fact.lo));
            }
        }
    }

    /// `a op b` as a value.
    pub(crate) fn arith(&mut self, i: usize, op: ArithOp, a: Value, b: Value) -> Value {
        let (a, b) = self.concrete_sizes(i, a, b);
        let here = self.here(i);
        let known = match (a.shape(), b.shape()) {
            (Shape::Int(x), Shape::Int(y)) => match op {
                ArithOp::Add => x.checked_add(y),
                ArithOp::Sub => x.checked_sub(y),
                ArithOp::Mul => x.checked_mul(y),
                ArithOp::Div => x.checked_div(y),
                ArithOp::Rem => x.checked_rem(y),
            },
            _ => None,
        };
        match known {
            Some(n) if n.unsigned_abs() <= self.m.limits.max_int.unsigned_abs() => Value::int(n),
            _ => self.fresh(here, UnknownKind::NonNil),
        }
    }

    /// Whether the dynamic type of a value is among `tags`; `None` asks whether it is nil.
    pub(crate) fn is_type(&mut self, value: Value, tags: &[u32], nil: bool) -> bool {
        let value = self.st.resolve(value);
        if value.tag() != 0 {
            return tags.contains(&value.tag());
        }
        let Some(fact) = self.st.fact(value) else {
            return match value.shape() {
                Shape::Nil => nil,
                // A value without a tag: an extraction gap; any answer.
                _ => tags.len() + usize::from(nil) > 0 && self.chooser.choose(2) == 0,
            };
        };
        if fact.tag != 0 {
            return tags.contains(&fact.tag);
        }
        // What has turned out to be of some type out of view is so each time it is asked.
        let yes = |t: &u32| Value::NIL.with_tag(t | 1);
        if tags.iter().any(|t| *t >= FOREIGN && fact.not.contains(&yes(t))) {
            return true;
        }
        // Every listed type is possible, nil too if listed and not excluded, and something else.
        let nil = nil && !fact.non_nil;
        let not = |t: &u32| fact.not.contains(&Value::NIL.with_tag(*t));
        let possible: Vec<u32> = tags.iter().filter(|t| !not(t)).copied().collect();
        let n = possible.len() as u32 + u32::from(nil);
        let pick = self.chooser.choose(n + 1);
        if let Some(tag) = possible.get(pick as usize).copied() {
            if let Some(fact) = self.fact_mut(value) {
                match tag {
                    FOREIGN.. => fact.not.push(Value::NIL.with_tag(tag | 1)),
                    _ => fact.tag = tag,
                }
                fact.non_nil = true;
            }
        } else if nil && pick + 1 == n {
            self.becomes(value, Value::NIL);
        } else if let Some(fact) = self.fact_mut(value) {
            fact.non_nil |= nil;
            fact.not.extend(possible.iter().map(|t| Value::NIL.with_tag(*t)));
        }
        pick < n
    }

    /// An unknown that is not nil is of some type that fits an assertion.
    pub(crate) fn fits(&mut self, value: Value, tag: u32) {
        let value = self.st.resolve(value);
        let yes = Value::NIL.with_tag(tag | 1);
        if let Some(fact) = self.fact_mut(value).filter(|f| f.non_nil && f.tag == 0)
            && !fact.not.contains(&yes)
        {
            fact.not.push(yes);
        }
    }

    /// Whether the goroutine can go on.
    pub(crate) fn is_alive(&self, i: usize) -> bool {
        self.st.gs[i].status == Status::Alive && !self.st.exited
    }
}
