package pages

// MaxClients is for tests.
const MaxClients = maxClients

// Known is how many clients are remembered.
func (l *Limiter) Known() int { return len(l.recent) + len(l.older) }
