package d16

// rows fully iterated close themselves; helper scans generically
import (
	"context"
	"database/sql"
	"errors"
)

func scan[T any](rows *sql.Rows, f func(func(...any) error) (T, error)) (out []T, err error) {
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		v, err := f(rows.Scan)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, rows.Err()
}

func Names(ctx context.Context, db *sql.DB) ([]string, error) {
	rows, err := db.QueryContext(ctx, "select name from t")
	if err != nil {
		return nil, err
	}
	return scan(rows, func(s func(...any) error) (n string, err error) {
		err = s(&n)
		return
	})
}

func InTx(ctx context.Context, db *sql.DB, f func(*sql.Tx) error) (err error) {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() {
		switch p := recover(); {
		case p != nil:
			tx.Rollback()
			panic(p)
		case err != nil:
			err = errors.Join(err, tx.Rollback())
		default:
			err = tx.Commit()
		}
	}()
	return f(tx)
}
