package preview

import (
	"golang.org/x/text/language"

	"github.com/passhook/passhook/passes/localization"
)

// words are what pass.strings says in a language. What cannot be read of it is
// left out, as Wallet does.
func (f files) words(lang string) map[string]string {
	for _, folder := range languages(lang) {
		if b, ok := f[folder+"pass.strings"]; ok && folder != "" {
			words, _ := localization.Strings(b)
			return words
		}
	}
	return nil
}

func baseLanguage(lang string) string {
	base, _ := language.Make(lang).Base()
	return base.String()
}
