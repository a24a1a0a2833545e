use super::check;

#[test]
fn what_a_callback_tells() {
    check(
        r#"
type link struct { done chan int; gone func() }
func (l *link) Close() error { close(l.done); return nil }
func (l *link) Send(text string) error { return nil }
func connect(name string, gone func()) (*link, error)
func open(name string, ready chan int) (*link, error) {
    gone := make(chan struct{})
    l, err := connect(name, func() { close(gone) })
    if err != nil {
        return nil, err
    }
    select {
    case <-ready:
    case <-gone:
        return nil, errors.New("closed by the other side")
    case <-time.After(time.Second):
        l.Close()
        return nil, errors.New("too late")
    }
    return l, nil
}
func forgets(name string, ready, late chan int) (*link, error) {
    gone := make(chan struct{})
    l, err := connect(name, func() { close(gone) })
            //^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ leak[missing-close]: `l` is not closed when `forgets` returns at line 34
    if err != nil {
        return nil, err
    }
    select {
    case <-ready:
    case <-gone:
        return nil, errors.New("closed by the other side")
    case <-late:
        return nil, errors.New("late")
      //^^^^^^^^ label: not closed on this path
    case <-time.After(time.Second):
        l.Close()
        return nil, errors.New("too late")
    }
    return l, nil
}
"#,
    );
}
