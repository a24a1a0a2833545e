// A user that takes another name is put in under that name, and stays under the old one.
package renamed_entry

import (
	"strconv"
	"sync"
)

type user struct {
	name string
	data [64]byte
}

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
	u.name = name
	r.users[name] = u
}

func Step(i int) { theRoom.rename(strconv.Itoa(i), strconv.Itoa(i+1)) }

func Leave(i int) { theRoom.leave(strconv.Itoa(i)) }
