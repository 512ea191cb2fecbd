package store

// turn waits until a worker may write; the result ends its turn. With SQLite's
// one writer, events that arrive wait behind one worker so, not behind all.
func (s *Store) turn() (end func()) {
	if s.turns == nil {
		return func() {}
	}
	s.turns <- struct{}{}
	return func() { <-s.turns }
}
