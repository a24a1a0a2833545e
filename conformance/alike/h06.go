package h06

// wrapped sql errors
import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

type Repo struct{ db *sql.DB }

var ErrDown = errors.New("down")

func dbErr(op string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, sql.ErrConnDone):
		return ErrDown
	}
	return fmt.Errorf("%s: %w", op, err)
}

func (r *Repo) IDs(ctx context.Context) (ids []int, err error) {
	rows, err := r.db.QueryContext(ctx, "select id from t")
	if err = dbErr("query", err); err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var id int
		if err := dbErr("scan", rows.Scan(&id)); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, dbErr("rows", rows.Err())
}

func (r *Repo) Tx(ctx context.Context, f func(*sql.Tx) error) error {
	tx, err := r.db.BeginTx(ctx, nil)
	if err != nil {
		return dbErr("begin", err)
	}
	defer tx.Rollback()
	if err := f(tx); err != nil {
		return err
	}
	return dbErr("commit", tx.Commit())
}
