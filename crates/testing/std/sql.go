// Package sql: declarations for fixtures.
package sql

import "context"

type DB struct{ n int }
type Tx struct{ db *DB }
type Rows struct{ err error }

func (db *DB) Query(query string, args ...any) (*Rows, error)
func (db *DB) QueryContext(ctx context.Context, query string, args ...any) (*Rows, error)
func (db *DB) Begin() (*Tx, error)
func (tx *Tx) Commit() error
func (tx *Tx) Rollback() error
func (rs *Rows) Next() bool
func (rs *Rows) Scan(dest ...any) error
func (rs *Rows) Err() error
func (rs *Rows) Close() error
