//! Rows or a transaction of a database that some path does not end.
//!
//! # Why it leaks
//! Until rows are closed or read to their end, and a transaction is committed or rolled back, the
//! connection under them is not given back to the pool. When the pool is empty, every query waits
//! for ever.
//!
//! # Example
//! ```go
//! func first(db *sql.DB) (string, error) {
//!     rows, err := db.Query("select name from users")
//!     if err != nil {
//!         return "", err
//!     }
//!     var name string
//!     for rows.Next() {
//!         if err := rows.Scan(&name); err != nil {
//!             return "", err // the rows stay open
//!         }
//!     }
//!     return name, rows.Err()
//! }
//! ```
//!
//! # Fix safety
//! There is no automatic fix yet.
//!
//! # Not reported
//! Whatever leaves the function's hands is its new owner's business: returned, stored in an object
//! that lives on, appended, sent, captured by a function that others got, passed to code out of
//! view. Rows that were read to their end are closed.

use crate::Ctx;
use crate::resource::{self, Words};
use stanch_diagnostic::{Cause, Check, Finding, Stage};
use stanch_effects::Kind;

/// The check.
pub const CHECK: Check = Check {
    code: "RS005",
    name: "rows-not-closed",
    summary: "a path does not close the rows of a query or end a transaction",
    cause: Cause::UnreleasedResource,
    stage: Stage::Stable("0.1.0"),
};

/// Findings of one package.
pub fn run(ctx: &Ctx<'_>) -> Vec<Finding> {
    let rows = Words {
        check: &CHECK,
        thing: "the rows",
        done: "closed",
        note: "the connection is not given back to the pool until then",
        call: ".Close()",
    };
    let transaction = Words {
        thing: "the transaction",
        done: "committed or rolled back",
        call: ".Rollback()",
        ..rows
    };
    let mut found = resource::findings(ctx, &rows, &[Kind::Rows]);
    found.extend(resource::findings(ctx, &transaction, &[Kind::Transaction]));
    found
}

#[cfg(test)]
mod tests {
    fn check(fixture: &str) {
        stanch_testing::check("rows-not-closed", fixture);
    }

    #[test]
    fn a_type_with_ends_of_its_own() {
        let program = |leave: &str, expectation: &str| {
            check(&format!(
                r#"
type txn struct {{ tx *sql.Tx }}
func begin(db *sql.DB) (*txn, error) {{
    tx, err := db.Begin()
    if err != nil {{
        return nil, err
    }}
    return &txn{{tx}}, nil
}}
func (t *txn) add(q string) error {{ _, err := t.tx.Exec(q); return err }}
func (t *txn) keep() error        {{ return t.tx.Commit() }}
func (t *txn) drop()              {{ t.tx.Rollback() }}
func add(db *sql.DB, q string) error {{
    t, err := begin(db)
  {expectation}
    if err != nil {{
        return err
    }}
    if t.add(q) != nil {{
        {leave}
        return nil
    }}
    return t.keep()
}}
"#
            ));
        };
        let told =
            "          //^^^^^^^^^ leak[rows-not-closed]: `t` is not committed or rolled back";
        program("", told);
        program("t.drop()", "");
    }

    #[test]
    fn a_type_that_ends_by_itself() {
        check(
            r#"
type pages struct { rows *sql.Rows }
func open(db *sql.DB) (*pages, error) {
    rows, err := db.Query("x")
    if err != nil {
        return nil, err
    }
    return &pages{rows}, nil
}
func (p *pages) next(to *string) bool {
    if p.rows == nil {
        return false
    }
    if p.rows.Next() && p.rows.Scan(to) == nil {
        return true
    }
    p.rows.Close()
    p.rows = nil
    return false
}
func names(db *sql.DB) (all []string, err error) {
    p, err := open(db)
    if err != nil {
        return nil, err
    }
    var name string
    for p.next(&name) {
        all = append(all, name)
    }
    return all, nil
}
"#,
        );
    }

    #[test]
    fn documentation() {
        stanch_testing::example("rows-not-closed", include_str!("rows_not_closed.rs"));
    }

    #[test]
    fn early_return() {
        check(
            r#"
func first(db *sql.DB) (name string, err error) {
    rows, err := db.Query("select name from users")
               //^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ leak[rows-not-closed]: `rows` is not closed when `first` returns at line 10
    if err != nil {
        return "", err
    }
    for rows.Next() {
        if err := rows.Scan(&name); err != nil {
            return "", err
        }
    }
    return name, rows.Err()
}
"#,
        );
    }

    #[test]
    fn read_or_closed() {
        check(
            r#"
func all(db *sql.DB) (names []string) {
    rows, err := db.Query("select name from users")
    if err != nil {
        return nil
    }
    for rows.Next() {
        var name string
        rows.Scan(&name)
        names = append(names, name)
    }
    return names
}
func one(db *sql.DB) error {
    rows, err := db.Query("select name from users")
    if err != nil {
        return err
    }
    defer rows.Close()
    if !rows.Next() {
        return errors.New("none")
    }
    var name string
    return rows.Scan(&name)
}
"#,
        );
    }

    #[test]
    fn read_through_an_interface() {
        check(
            r#"
type result interface {
    Next() bool
    Scan(dest ...any) error
}
type line interface { Scan(dest ...any) error }
func names(rows result) (names []string) {
    for rows.Next() {
        var name string
        if rows.Scan(&name) == nil {
            names = append(names, name)
        }
    }
    return names
}
func name(row line) (name string) {
    row.Scan(&name)
    return name
}
func all(db *sql.DB) ([]string, error) {
    rows, err := db.Query("select name from users")
    if err != nil {
        return nil, err
    }
    return names(rows), nil
}
func first(db *sql.DB) (string, error) {
    rows, err := db.Query("select name from users")
               //^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ leak[rows-not-closed]: `rows` is
    if err != nil || !rows.Next() {
        return "", err
    }
    return name(rows), nil
}
"#,
        );
    }

    #[test]
    fn a_transaction() {
        check(
            r#"
func move(db *sql.DB, work func() error) error {
    tx, err := db.Begin()
             //^^^^^^^^^^ leak[rows-not-closed]: `tx` is not committed or rolled back when `move` returns at line 9
    if err != nil {
        return err
    }
    if err := work(); err != nil {
        return err
    }
    return tx.Commit()
}
func safe(db *sql.DB, work func() error) error {
    tx, err := db.Begin()
    if err != nil {
        return err
    }
    defer tx.Rollback()
    if err := work(); err != nil {
        return err
    }
    return tx.Commit()
}
"#,
        );
    }

    #[test]
    fn suppressed() {
        check(
            r#"
func ping(db *sql.DB) {
    //stanch:ignore rows-not-closed the database is closed next
    db.Query("select 1")
}
"#,
        );
    }

    #[test]
    fn an_interface_stands_for_the_database() {
        check(
            r#"
type querier interface { QueryContext(ctx context.Context, q string, args ...any) (*sql.Rows, error) }
func read(ctx context.Context, db querier) (n int, err error) {
    rows, err := db.QueryContext(ctx, "q")
               //^^^^^^^^^^^^^^^^^^^^^^^^^ leak[rows-not-closed]: `rows` is not closed when `read` returns
    if err != nil {
        return 0, err
    }
    if rows.Next() {
        return n, rows.Scan(&n)
    }
    return n, nil
}
func readAll(ctx context.Context, db querier) (n int, err error) {
    rows, err := db.QueryContext(ctx, "q")
    if err != nil {
        return 0, err
    }
    defer rows.Close()
    for rows.Next() {
        if err := rows.Scan(&n); err != nil {
            return 0, err
        }
    }
    return n, rows.Err()
}
"#,
        );
    }
}
