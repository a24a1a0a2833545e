package m

//pair:m27 nil-arm
func m27() {
	quit := make(chan struct{})
	close(quit)
	c := make(chan int)
	left := make(chan struct{})
	go func() {
		defer close(left)
		takeOrQuit(c, quit)
	}()
	<-left
	c <- 1
}

// takeOrQuit takes one value, unless it is told to leave.
func takeOrQuit(c chan int, quit chan struct{}) {
	select {
	case <-quit:
	case <-c:
	}
}

//pair:m28 nil-arm
func m28() {
	c := make(chan int)
	go takeUnlessTold(c, nil)
	c <- 1
}

// takeUnlessTold is not told to leave by anybody who gives nil.
func takeUnlessTold(c chan int, quit chan struct{}) {
	select {
	case <-quit:
	case <-c:
	}
}

//pair:m29 first-commands
func m29() {
	o := newOrders()
	o.Close()
	o.Raw(1)
}

// orders is a loop that works off what it is told.
type orders struct {
	quit chan struct{}
	cmds chan int
	sum  int
}

func newOrders() *orders {
	o := &orders{quit: make(chan struct{}), cmds: make(chan int)}
	go o.loop()
	return o
}

func (o *orders) loop() {
	for {
		select {
		case <-o.quit:
			return
		case n := <-o.cmds:
			o.sum += n
		}
	}
}

// Close ends the loop.
func (o *orders) Close() { close(o.quit) }

// Do looks whether the loop has ended.
func (o *orders) Do(n int) {
	select {
	case o.cmds <- n:
	case <-o.quit:
	}
}

// Raw does not.
func (o *orders) Raw(n int) { o.cmds <- n }

//pair:m30 first-commands
func m30() {
	w := newWishes(1)
	w.Do(2)
	w.Close()
}

// wishes is given its first command before anybody has it.
type wishes struct {
	quit chan struct{}
	cmds chan int
	sum  int
}

func newWishes(n int) *wishes {
	w := &wishes{quit: make(chan struct{}), cmds: make(chan int)}
	go w.loop()
	w.cmds <- n
	return w
}

func (w *wishes) loop() {
	for {
		select {
		case <-w.quit:
			return
		case n := <-w.cmds:
			w.sum += n
		}
	}
}

// Close ends the loop.
func (w *wishes) Close() { close(w.quit) }

// Do looks whether the loop has ended.
func (w *wishes) Do(n int) {
	select {
	case w.cmds <- n:
	case <-w.quit:
	}
}

// source is what streams come from.
type source interface{ Values() <-chan int }

type three chan int

func newThree() three {
	c := make(three, 3)
	for i := range 3 {
		c <- i
	}
	close(c)
	return c
}

func (t three) Values() <-chan int { return t }

//pair:m31 signal-lost
func m31() {
	d := newDeaf(newThree())
	<-d.Values()
	d.Stop()
}

// deaf hands on what its source has, and hears nothing while it does.
type deaf struct {
	from source
	out  chan int
	stop chan struct{}
}

func newDeaf(s source) *deaf {
	d := &deaf{s, make(chan int), make(chan struct{})}
	go d.run()
	return d
}

func (d *deaf) run() {
	for {
		select {
		case v, ok := <-d.from.Values():
			if !ok {
				return
			}
			d.out <- v
		case <-d.stop:
			return
		}
	}
}

// Values gives what comes.
func (d *deaf) Values() <-chan int { return d.out }

// Stop tells whoever listens.
func (d *deaf) Stop() {
	select {
	case d.stop <- struct{}{}:
	default:
	}
}

//pair:m32 signal-lost
func m32() {
	k := newKeen(newThree())
	<-k.Values()
	k.Stop()
}

// keen hears of its end wherever it is.
type keen struct {
	from source
	out  chan int
	stop chan struct{}
}

func newKeen(s source) *keen {
	k := &keen{s, make(chan int), make(chan struct{}, 1)}
	go k.run()
	return k
}

func (k *keen) run() {
	for {
		select {
		case v, ok := <-k.from.Values():
			if !ok {
				return
			}
			select {
			case k.out <- v:
			case <-k.stop:
				return
			}
		case <-k.stop:
			return
		}
	}
}

// Values gives what comes.
func (k *keen) Values() <-chan int { return k.out }

// Stop is kept until it is heard.
func (k *keen) Stop() {
	select {
	case k.stop <- struct{}{}:
	default:
	}
}
