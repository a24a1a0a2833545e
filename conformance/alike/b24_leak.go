package b24leak

// OnceValue lazy connect + close if connected
import (
	"database/sql"
	"sync"
)

type Lazy struct {
	open   func() (*sql.DB, error)
	mu     sync.Mutex
	opened *sql.DB
}

func New(driver, dsn string) *Lazy {
	l := &Lazy{}
	l.open = sync.OnceValues(func() (*sql.DB, error) {
		db, err := sql.Open(driver, dsn)
		if err != nil {
			return nil, err
		}
		if err := db.Ping(); err != nil {
			return nil, err
		}
		l.mu.Lock()
		l.opened = db
		l.mu.Unlock()
		return db, nil
	})
	return l
}

func (l *Lazy) Names() (out []string, err error) {
	db, err := l.open()
	if err != nil {
		return nil, err
	}
	rows, err := db.Query("select name from t")
	if err != nil {
		return nil, err
	}
	defer func() {
		if cerr := rows.Close(); err == nil {
			err = cerr
		}
	}()
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, rows.Err()
}

func (l *Lazy) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.opened == nil {
		return nil
	}
	return l.opened.Close()
}
