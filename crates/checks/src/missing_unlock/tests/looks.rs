//! Questions that small functions ask, and locks of one turn of a loop.

use super::check;

#[test]
fn a_method_asks_twice() {
    check(
        r#"
type options struct { safe bool; level int }
func (o options) on() bool { return o.safe || o.level > 2 }
type table struct { mu sync.Mutex; n int; opts *options; own options }
func (t *table) safe() bool { return t.opts != nil && t.opts.safe }
func (t *table) deep() bool { return t.own.level > 2 }
func (t *table) add() {
    if t.safe() {
        t.mu.Lock()
    }
    t.n++
    if t.safe() {
        t.mu.Unlock()
    }
}
func (t *table) addDeep() {
    if t.deep() {
        t.mu.Lock()
    }
    t.n++
    if t.deep() {
        t.mu.Unlock()
    }
}
func (t *table) addOn() {
    if t.own.on() {
        t.mu.Lock()
    }
    t.n++
    if t.own.on() {
        t.mu.Unlock()
    }
}
"#,
    );
}

#[test]
fn the_answer_changes() {
    check(
        r#"
type table struct { mu sync.Mutex; n int; level int }
func (t *table) deep() bool { return t.level > 2 }
func (t *table) add() {
    if t.deep() {
        t.mu.Lock()
      //^^^^^^^^^^^ leak[missing-unlock]: `t.mu` stays locked when `(*table).add` returns at line 14
    }
    t.level = t.n
    if t.deep() {
        t.mu.Unlock()
      //^^^^^^^^^^^^^ label: other paths unlock it here
    }
}
"#,
    );
}

#[test]
fn a_literal_asks_twice() {
    check(
        r#"
type table struct { mu sync.Mutex; n int }
func (t *table) add(level int) {
    deep := func() bool { return level > 2 }
    if deep() {
        t.mu.Lock()
    }
    t.n++
    if deep() {
        t.mu.Unlock()
    }
}
"#,
    );
}

#[test]
fn a_loop_ends_by_the_answer() {
    check(
        r#"
type table struct { mu sync.Mutex; n int; stopped bool }
func (t *table) done() bool { return t.stopped }
func (t *table) run() {
    for !t.done() {
        time.Sleep(time.Second)
    }
    t.mu.Lock()
  //^^^^^^^^^^^ leak[missing-unlock]: `t.mu` stays locked when `(*table).run` returns at line 11
    if t.n > 3 {
        return
      //^^^^^^ label: returns with `t.mu` locked
    }
    t.mu.Unlock()
  //^^^^^^^^^^^^^ label: other paths unlock it here
}
"#,
    );
}

#[test]
fn the_first_turn_locks() {
    check(
        r#"
type table struct { mu sync.Mutex; n int }
func (t *table) counted() {
    for i := 0; i < 10; i++ {
        if i == 3 {
            t.mu.Lock()
        }
        if i == 7 {
            t.mu.Unlock()
        }
    }
}
func (t *table) ranged(xs []int) {
    for i := range xs {
        if i == 0 {
            t.mu.Lock()
        }
        if i == len(xs)-1 {
            t.mu.Unlock()
        }
    }
}
func (t *table) after(xs []int) {
    for i, x := range xs {
        if i == 0 {
            t.mu.Lock()
        }
        t.n += x
    }
    if len(xs) > 0 {
        t.mu.Unlock()
    }
}
"#,
    );
}

#[test]
fn some_turns_lock() {
    check(
        r#"
type table struct { mu sync.Mutex; n int }
func (t *table) counted(xs []int) {
    for i := 0; i < 10; i++ {
        if xs[i] == 3 {
            t.mu.Lock()
          //^^^^^^^^^^^ leak[missing-unlock]: `t.mu` stays locked when `(*table).counted` returns at line 14
        }
        if xs[i] == 7 {
            t.mu.Unlock()
          //^^^^^^^^^^^^^ label: other paths unlock it here
        }
    }
}
func (t *table) ranged(xs []int) error {
    for i, x := range xs {
        if i == 0 {
            t.mu.Lock()
          //^^^^^^^^^^^ leak[missing-unlock]: `t.mu` stays locked when `(*table).ranged` returns at line 22
        }
        if x < 0 {
            return errors.New("negative")
          //^^^^^^ label: returns with `t.mu` locked
        }
        if i == len(xs)-1 {
            t.mu.Unlock()
          //^^^^^^^^^^^^^ label: other paths unlock it here
        }
    }
    return nil
}
"#,
    );
}

#[test]
fn what_is_not_empty_has_a_first() {
    check(
        r#"
type table struct { mu sync.Mutex; m map[int]int; xs []int }
func (t *table) take() (r int) {
    t.mu.Lock()
    if len(t.m) == 0 {
        t.mu.Unlock()
        return 0
    }
    for k := range t.m {
        r = k
        t.mu.Unlock()
        break
    }
    return r
}
func (t *table) first(f func(int)) {
    t.mu.Lock()
    if len(t.xs) == 0 {
        t.mu.Unlock()
        return
    }
    xs := t.xs
    for i, x := range xs {
        if i == 0 {
            t.mu.Unlock()
        }
        f(x)
    }
}
func (t *table) find(n int) (r int) {
    t.mu.Lock()
  //^^^^^^^^^^^ leak[missing-unlock]: `t.mu` stays locked when `(*table).find` returns
    for k := range t.m {
        if k == n {
            t.mu.Unlock()
          //^^^^^^^^^^^^^ label: other paths unlock it here
            break
        }
    }
    return n
  //^^^^^^^^ label: returns with `t.mu` locked
}
"#,
    );
}

#[test]
fn a_transaction_has_the_lock_in_one_of_two_modes() {
    check(
        r#"
type store struct { mu sync.RWMutex; closed bool }
type tx struct { s *store; writes bool }
func (t *tx) lock() {
    if t.writes {
        t.s.mu.Lock()
    } else {
        t.s.mu.RLock()
    }
}
func (t *tx) unlock() {
    if t.writes {
        t.s.mu.Unlock()
    } else {
        t.s.mu.RUnlock()
    }
}
func (s *store) begin(writes bool) (*tx, error) {
    t := &tx{s: s, writes: writes}
    t.lock()
    if s.closed {
        t.unlock()
        return nil, errors.New("closed")
    }
    return t, nil
}
func (t *tx) end() {
    t.unlock()
    t.s = nil
}
"#,
    );
}
