package a04

// two accounts locked in ID order
import (
	"errors"
	"sync"
)

type Account struct {
	id      int64
	mu      sync.Mutex
	balance int64
}

var ErrFunds = errors.New("insufficient funds")

func Transfer(from, to *Account, n int64) error {
	if from.id == to.id {
		return nil
	}
	first, second := from, to
	if first.id > second.id {
		first, second = second, first
	}
	first.mu.Lock()
	defer first.mu.Unlock()
	second.mu.Lock()
	defer second.mu.Unlock()
	if from.balance < n {
		return ErrFunds
	}
	from.balance -= n
	to.balance += n
	return nil
}
