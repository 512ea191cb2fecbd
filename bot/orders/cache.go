package orders

import (
	"container/list"
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"sync"
)

// ErrBusy says that pages have used up their share of the processor. Whoever
// asks again in a few seconds is served.
var ErrBusy = errors.New("too many pictures and packages are asked for at once")

// cache keeps what was made for pages, the latest used, and makes it: each once,
// however many ask for it, and little at once, because orders come first.
type cache struct {
	mu sync.Mutex
	// left is how many bytes more may be kept.
	left int
	// order has the *made of all, the latest used first.
	order *list.List
	all   map[any]*list.Element
	calls map[any]*call

	running, queued chan struct{}
}

// made is what is kept under a key, and about how many bytes it takes.
type made struct {
	key, value any
	size       int
}

// call is the making of one. err and value are for those who wait for done.
type call struct {
	done  chan struct{}
	value any
	err   error
}

// queue is how many wait for their turn to be made.
const queue = 32

// newCache keeps so many bytes, and leaves half of the processor to others.
func newCache(bytes int) *cache {
	n := max(1, runtime.GOMAXPROCS(0)/2)
	return &cache{
		left: bytes, order: list.New(), all: map[any]*list.Element{}, calls: map[any]*call{},
		running: make(chan struct{}, n), queued: make(chan struct{}, n+queue),
	}
}

// get is what is kept under a key, or what f makes of it, with its size. The
// error is ErrBusy where too many wait already. What is begun is made to its
// end, also where ctx ends.
func (c *cache) get(ctx context.Context, key any, f func() (any, int, error)) (any, error) {
	c.mu.Lock()
	if e := c.all[key]; e != nil {
		c.order.MoveToFront(e)
		value := e.Value.(*made).value
		c.mu.Unlock()
		return value, nil
	}
	running := c.calls[key]
	if running == nil {
		select {
		case c.queued <- struct{}{}:
		default:
			c.mu.Unlock()
			return nil, ErrBusy
		}
		running = &call{done: make(chan struct{})}
		c.calls[key] = running
		go c.run(key, running, f)
	}
	c.mu.Unlock()
	select {
	case <-running.done:
		return running.value, running.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// run makes one when it is its turn, and keeps it.
func (c *cache) run(key any, into *call, f func() (any, int, error)) {
	c.running <- struct{}{}
	size := 0
	defer func() {
		if r := recover(); r != nil {
			into.err = fmt.Errorf("internal error; please report it: %v\n%s", r, debug.Stack())
		}
		<-c.running
		<-c.queued
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.calls, key)
		if into.err == nil {
			c.keep(&made{key, into.value, size})
		}
		close(into.done)
	}()
	into.value, size, into.err = f()
}

func (c *cache) keep(m *made) {
	c.all[m.key] = c.order.PushFront(m)
	for c.left -= m.size; c.left < 0; {
		oldest := c.order.Remove(c.order.Back()).(*made)
		delete(c.all, oldest.key)
		c.left += oldest.size
	}
}
