package d

import (
	"context"
	"os"
)

// What is put into a context's value is found there by whoever gets the context.
type carriedKey struct{}

//pair:d45 own-context-value
func withFile(ctx context.Context) (context.Context, error) {
	f, err := os.Open(os.DevNull)
	if err != nil {
		return nil, err
	}
	return context.WithValue(ctx, carriedKey{}, f), nil
}

func fileDone(ctx context.Context) {
	if f, ok := ctx.Value(carriedKey{}).(*os.File); ok {
		_ = f.Close()
	}
}

func d45() {
	ctx, err := withFile(context.Background())
	if err == nil {
		fileDone(ctx)
	}
}

//pair:d47 own-context-value
func withEnd(parent context.Context) context.Context {
	ctx, cancel := context.WithCancel(parent)
	return context.WithValue(ctx, carriedKey{}, cancel)
}

func d47() {
	ctx := withEnd(context.Background())
	waits := make(chan struct{})
	context.AfterFunc(ctx, func() { close(waits) })
	if cancel, ok := ctx.Value(carriedKey{}).(context.CancelFunc); ok {
		cancel()
	}
	<-waits
}

//pair:d48 own-context-value
type tracer struct{ quit chan struct{} }

func newTracer() *tracer {
	t := &tracer{make(chan struct{})}
	go func() { <-t.quit }()
	return t
}

func (t *tracer) Stop() { close(t.quit) }

func withTracer(ctx context.Context) context.Context {
	return context.WithValue(ctx, carriedKey{}, newTracer())
}

func d48() {
	ctx := withTracer(context.Background())
	if t, ok := ctx.Value(carriedKey{}).(*tracer); ok {
		t.Stop()
	}
}

//pair:d46 own-context-value
func withTracerB(ctx context.Context, fail bool) (context.Context, error) {
	t := newTracer()
	if fail {
		return nil, os.ErrInvalid
	}
	return context.WithValue(ctx, carriedKey{}, t), nil
}

func d46() {
	ctx, err := withTracerB(context.Background(), true)
	if err != nil {
		return
	}
	if t, ok := ctx.Value(carriedKey{}).(*tracer); ok {
		t.Stop()
	}
}
