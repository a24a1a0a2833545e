// An entry that is given another name by a method of its own is taken out under the old one.
package renamed_by_method_moved

import (
	"strconv"
	"sync"
)

type user struct {
	name string
	data [64]byte
}

func (u *user) setName(name string) { u.name = name }

type room struct {
	mu    sync.Mutex
	users map[string]*user
}

var theRoom = &room{users: map[string]*user{"0": {name: "0"}}}

func (r *room) leave(name string) { delete(r.users, name) }

func (r *room) rename(old, name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	u, ok := r.users[old]
	if !ok {
		return
	}
	delete(r.users, old)
	u.setName(name)
	r.users[name] = u
}

func Step(i int) { theRoom.rename(strconv.Itoa(i), strconv.Itoa(i+1)) }

func Leave(i int) { theRoom.leave(strconv.Itoa(i)) }
