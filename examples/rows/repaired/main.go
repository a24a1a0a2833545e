// The query of ../leak, repaired: the rows are closed on every return.
package main

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"io"
)

func find(db *sql.DB, name string) (bool, error) {
	rows, err := db.Query("SELECT name FROM users")
	if err != nil {
		return false, err
	}
	defer rows.Close()
	for rows.Next() {
		var found string
		if err := rows.Scan(&found); err != nil {
			return false, err
		}
		if found == name {
			return true, nil
		}
	}
	return false, rows.Err()
}

func main() {
	db := sql.OpenDB(memory{})
	defer db.Close()
	for range 10 {
		if _, err := find(db, "ann"); err != nil {
			fmt.Println(err)
			return
		}
	}
	fmt.Println("connections in use:", db.Stats().InUse)
}

// A memory is a database with three users.
type memory struct{ driver.Conn }

func (m memory) Connect(context.Context) (driver.Conn, error) { return m, nil }

func (memory) Driver() driver.Driver { return nil }

func (memory) Close() error { return nil }

func (memory) Query(string, []driver.Value) (driver.Rows, error) {
	return &users{names: []string{"ann", "bob", "eve"}}, nil
}

type users struct{ names []string }

func (u *users) Columns() []string { return []string{"name"} }

func (u *users) Close() error { return nil }

func (u *users) Next(to []driver.Value) error {
	if len(u.names) == 0 {
		return io.EOF
	}
	to[0], u.names = u.names[0], u.names[1:]
	return nil
}
