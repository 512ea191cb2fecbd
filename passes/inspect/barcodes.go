package inspect

import (
	"fmt"
	"strings"

	"github.com/passhook/passhook/passes/barcodes"
)

// barcodes looks at what the barcodes hold.
func (p *pass) barcodes() {
	list, _ := p.pass["barcodes"].([]any)
	for i, v := range list[:min(len(list), maxBarcodes)] {
		p.barcode(fmt.Sprintf("barcodes[%d]", i), v)
	}
	p.barcode("barcode", p.pass["barcode"])
}

// maxBarcodes is how many are looked at; an iPhone draws one.
const maxBarcodes = 20

func (p *pass) barcode(at string, v any) {
	b, _ := v.(map[string]any)
	message, ok := b["message"].(string)
	if !ok || strings.Contains(message, "${{") {
		return // What is missing is said by the schema.
	}
	format, _ := b["format"].(string)
	charset, _ := b["messageEncoding"].(string)
	found := barcodes.Check(format, message, charset)
	for i := range found {
		found[i].File, found[i].Path = passFile, strings.TrimSuffix(at+"."+found[i].Path, ".")
	}
	p.place(found)
}
