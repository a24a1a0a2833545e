package c21

// lock order under a third lock; both directions
import "sync"

type Room struct {
	mu    sync.Mutex
	users map[*User]bool
}

type User struct {
	mu    sync.Mutex
	rooms map[*Room]bool
}

type World struct{ mu sync.Mutex }

func (w *World) Join(u *User, r *Room) {
	w.mu.Lock()
	defer w.mu.Unlock()
	u.mu.Lock()
	defer u.mu.Unlock()
	r.mu.Lock()
	defer r.mu.Unlock()
	u.rooms[r] = true
	r.users[u] = true
}

func (w *World) Close(r *Room) {
	w.mu.Lock()
	defer w.mu.Unlock()
	r.mu.Lock()
	defer r.mu.Unlock()
	for u := range r.users {
		u.mu.Lock()
		delete(u.rooms, r)
		u.mu.Unlock()
	}
	clear(r.users)
}

func NewRoom() *Room { return &Room{users: map[*User]bool{}} }
func NewUser() *User { return &User{rooms: map[*Room]bool{}} }
