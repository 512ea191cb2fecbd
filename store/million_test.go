package store_test

import (
	"testing"
	"time"

	"github.com/passhook/passhook/store/storetest"
)

func BenchmarkFill(b *testing.B) {
	for name, make := range map[string]func(testing.TB) place{"SQLite": sqlite, "PostgreSQL": postgres} {
		b.Run(name, func(b *testing.B) {
			s := opened(b, make(b))
			t := time.Now()
			storetest.Fill(b, database(b, s), rows(b))
			b.Log(time.Since(t))
		})
	}
}

func rows(b testing.TB) int { return 100000 }
