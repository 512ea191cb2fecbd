package orders

import "context"

// Cache is for tests.
type Cache struct{ *cache }

// NewCache is one of so many bytes.
func NewCache(bytes int) Cache { return Cache{newCache(bytes)} }

// Get is get.
func (c Cache) Get(ctx context.Context, key any, f func() (any, int, error)) (any, error) {
	return c.get(ctx, key, f)
}

// Most is how many are made at once, and how many more wait.
func (c Cache) Most() (running, queued int) { return cap(c.running), queue }
