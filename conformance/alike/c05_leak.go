package c05leak

// constructor returns locked object; Release unlocks
import (
	"os"
	"sync"
)

type Txn struct {
	db   *DB
	undo []func()
}

type DB struct {
	w    sync.Mutex
	data map[string]string
	f    *os.File
}

func Open(name string) (*DB, error) {
	f, err := os.Create(name)
	if err != nil {
		return nil, err
	}
	return &DB{data: map[string]string{}, f: f}, nil
}

func (d *DB) Close() error {
	d.w.Lock()
	defer d.w.Unlock()
	return d.f.Close()
}

func (d *DB) Begin() *Txn {
	d.w.Lock()
	return &Txn{db: d}
}

func (t *Txn) Put(k, v string) {
	old, ok := t.db.data[k]
	t.undo = append(t.undo, func() {
		if ok {
			t.db.data[k] = old
		} else {
			delete(t.db.data, k)
		}
	})
	t.db.data[k] = v
}

func (t *Txn) Commit() error {
	defer t.db.w.Unlock()
	return t.db.f.Sync()
}

func (t *Txn) Rollback() {
	defer t.db.w.Unlock()
	for i := len(t.undo) - 1; i >= 0; i-- {
		t.undo[i]()
	}
}

func (d *DB) Update(f func(*Txn) error) error {
	t := d.Begin()
	if err := f(t); err != nil {
		return err
	}
	return t.Commit()
}
