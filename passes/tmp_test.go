package passes_test
import ("testing"; "syscall"; "runtime"; "fmt")
func TestTmp(t *testing.T) {
	testing.Benchmark(func(b *testing.B) {
		if b.N > 1 { return }
		template, p := ticket(b)
		r, _ := template.Render(p)
		var u0, u1 syscall.Rusage
		var m0, m1 runtime.MemStats
		runtime.ReadMemStats(&m0)
		syscall.Getrusage(0, &u0)
		for range 2000 { template.Package(p, r) }
		syscall.Getrusage(0, &u1)
		runtime.ReadMemStats(&m1)
		fmt.Println("minflt/op", float64(u1.Minflt-u0.Minflt)/2000, "nvcsw", u1.Nvcsw-u0.Nvcsw, "gc", m1.NumGC-m0.NumGC, "utime us/op", (u1.Utime.Nano()-u0.Utime.Nano())/2e6, "stime", (u1.Stime.Nano()-u0.Stime.Nano())/2e6, "pause us/gc", (m1.PauseTotalNs-m0.PauseTotalNs)/1000/uint64(m1.NumGC-m0.NumGC), "heap", m1.HeapSys>>10, m1.HeapReleased>>10)
	})
}
