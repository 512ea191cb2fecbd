package orders_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image/png"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/passhook/passhook/bot/orders"
)

// maker makes text of a key, and counts.
type maker struct{ made atomic.Int64 }

func (m *maker) of(key string, size int) func() (any, int, error) {
	return func() (any, int, error) {
		m.made.Add(1)
		return strings.ToUpper(key), size, nil
	}
}

func TestWhatWasMadeIsKeptByBytes(t *testing.T) {
	c, m := orders.NewCache(100), &maker{}
	for i, step := range []struct {
		key  string
		made int64 // so far
	}{{"a", 1}, {"b", 2}, {"a", 2}, {"c", 3}, {"a", 3}, {"b", 4}, {"a", 4}, {"c", 5}} {
		v, err := c.Get(t.Context(), step.key, m.of(step.key, 50))
		must(t, err)
		if v != strings.ToUpper(step.key) || m.made.Load() != step.made {
			t.Errorf("step %d: got %v, %d made", i, v, m.made.Load())
		}
	}
	for range 2 { // what is larger than all is made, and not kept
		_, err := c.Get(t.Context(), "large", m.of("large", 101))
		must(t, err)
	}
	if m.made.Load() != 7 {
		t.Errorf("%d made", m.made.Load())
	}
}

func TestOneIsMadeOnceHoweverManyAsk(t *testing.T) {
	c, m, begin := orders.NewCache(100), &maker{}, make(chan struct{})
	var all sync.WaitGroup
	for range 1000 {
		all.Go(func() {
			v, err := c.Get(context.Background(), "a", func() (any, int, error) {
				<-begin
				return m.of("a", 1)()
			})
			if err != nil || v != "A" {
				t.Errorf("got %v, %v", v, err)
			}
		})
	}
	close(begin)
	all.Wait()
	if m.made.Load() != 1 {
		t.Errorf("%d made", m.made.Load())
	}
}

func TestPagesHaveAShareOfTheProcessor(t *testing.T) {
	c := orders.NewCache(1000)
	running, queued := c.Most()
	begun, begin := make(chan struct{}, running+queued), make(chan struct{})
	var all sync.WaitGroup
	var now, most atomic.Int64
	get := func(key int) error {
		_, err := c.Get(context.Background(), key, func() (any, int, error) {
			n := now.Add(1)
			defer now.Add(-1)
			for most.Load() < n {
				most.Store(n)
			}
			begun <- struct{}{}
			<-begin
			return key, 1, nil
		})
		return err
	}
	for i := range running {
		all.Go(func() { must(t, get(i)) })
	}
	for range running {
		<-begun
	}
	// Whose request ends waits no longer, and keeps the place of what it asked for.
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for i := range queued {
		if _, err := c.Get(gone, running+i, func() (any, int, error) { return i, 1, nil }); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	}
	if err := get(-1); !errors.Is(err, orders.ErrBusy) {
		t.Errorf("beyond the queue: got %v", err)
	}
	close(begin)
	all.Wait()
	if int(most.Load()) != running {
		t.Errorf("%d at once, want %d", most.Load(), running)
	}
	for i := range running + queued { // each was made to its end
		_, err := c.Get(t.Context(), i, func() (any, int, error) { return i, 1, nil })
		must(t, err)
	}
}

func TestFailuresAreNotKept(t *testing.T) {
	c, tries := orders.NewCache(100), 0
	for _, f := range []func() (any, int, error){
		func() (any, int, error) { return nil, 0, errors.New("broken") },
		func() (any, int, error) { panic("broken") },
		func() (any, int, error) { return "whole", 1, nil },
	} {
		tries++
		v, err := c.Get(t.Context(), "a", f)
		if (err == nil) != (tries == 3) || err != nil && !strings.Contains(err.Error(), "broken") {
			t.Errorf("got %v, %v", v, err)
		}
	}
}

// same reports whether two slices are one.
func same(a, b []byte) bool { return fmt.Sprintf("%p", a) == fmt.Sprintf("%p", b) }

func TestPicturesAndPackagesAreMadeAnewForAnotherState(t *testing.T) {
	b := newBench(t)
	b.sold(t, "1001")
	d := b.bought(t, "1001")
	first, err := b.Picture(t.Context(), d.Passes[0].Pass)
	must(t, err)
	again, err := b.Picture(t.Context(), b.bought(t, "1001").Passes[0].Pass)
	must(t, err)
	signed, err := b.Package(t.Context(), d.Passes[0].Pass)
	must(t, err)
	if d.Passes[0].Bytes != signed.Size() {
		t.Errorf("the package has %d bytes, and its page says %d", signed.Size(), d.Passes[0].Bytes)
	}
	b.later(time.Second)
	must(t, b.Rename(t.Context(), d, d.Passes[0].Serial, map[string]string{"holder": "Grace Hopper"}))
	p := b.bought(t, "1001").Passes[0].Pass
	renamed, err := b.Picture(t.Context(), p)
	must(t, err)
	resigned, err := b.Package(t.Context(), p)
	must(t, err)
	if !same(first, again) || same(first, renamed) || signed == resigned || p.Version == d.Passes[0].Version {
		t.Errorf("kept: %t, anew: %t %t, versions %s and %s", same(first, again), !same(first, renamed), signed != resigned, d.Passes[0].Version, p.Version)
	}
	b.engine.SetProgram(program(t))
	loaded, err := b.Picture(t.Context(), b.bought(t, "1001").Passes[0].Pass)
	must(t, err)
	if same(renamed, loaded) {
		t.Error("a template that was loaded anew has the picture of the old one")
	}
}

func TestACodeOfAnAddressIsDrawnOnce(t *testing.T) {
	b := newBench(t)
	first, err := b.QR(t.Context(), "https://tickets.example.com/p/x")
	must(t, err)
	again, err := b.QR(t.Context(), "https://tickets.example.com/p/x")
	must(t, err)
	other, err := b.QR(t.Context(), "https://tickets.example.com/p/y")
	must(t, err)
	if _, err := png.Decode(bytes.NewReader(first)); err != nil || !same(first, again) || same(first, other) {
		t.Errorf("kept: %t, another: %t, %v", same(first, again), !same(first, other), err)
	}
}

func TestAnExpiredCertificateStopsPackagesAlone(t *testing.T) {
	b := newBench(t)
	b.sold(t, "1001")
	link := b.bought(t, "1001").Passes[0].Link
	p, _, err := b.PassByLink(t.Context(), token(t, link))
	must(t, err)
	_, err = b.Package(t.Context(), p)
	must(t, err)
	b.later(10 * 365 * 24 * time.Hour)
	p, ok, err := b.PassByLink(t.Context(), token(t, link))
	must(t, err)
	if !ok {
		t.Fatal("the pass is gone")
	}
	_, err = b.Picture(t.Context(), p)
	must(t, err)
	if _, err := b.Package(t.Context(), p); !errors.Is(err, orders.ErrNotSigned) {
		t.Errorf("got %v", err)
	}
}
