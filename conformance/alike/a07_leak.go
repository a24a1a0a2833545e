package a07leak

// sql.Tx with a deferred rollback
import (
	"context"
	"database/sql"
	"fmt"
)

type Repo struct{ db *sql.DB }

func (r *Repo) Move(ctx context.Context, from, to int) (err error) {
	tx, err := r.db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	rows, err := tx.QueryContext(ctx, "select id from item where box = ?", from)
	if err != nil {
		return err
	}
	var ids []int
	for rows.Next() {
		var id int
		if err = rows.Scan(&id); err != nil {
			return nil
		}
		ids = append(ids, id)
	}
	if err = rows.Err(); err != nil {
		return err
	}
	for _, id := range ids {
		if _, err = tx.ExecContext(ctx, "update item set box = ? where id = ?", to, id); err != nil {
			return err
		}
	}
	return tx.Commit()
}
