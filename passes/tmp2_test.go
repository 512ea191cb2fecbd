package passes_test
import "testing"
func BenchmarkTmpPackage(b *testing.B) {
	template, p := ticket(b)
	r, _ := template.Render(p)
	for b.Loop() { template.Package(p, r) }
}
func BenchmarkTmpRender(b *testing.B) {
	template, p := ticket(b)
	for b.Loop() { template.Render(p) }
}
