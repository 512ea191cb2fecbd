package inspect

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"golang.org/x/text/language"

	"github.com/passhook/passhook/passes/localization"
)

const (
	languageSuffix = ".lproj"
	stringsFile    = "pass.strings"
)

// oldNames are languages that Apple once named in English.
var oldNames = map[string]string{
	"English": "en", "German": "de", "French": "fr", "Spanish": "es", "Italian": "it", "Japanese": "ja", "Dutch": "nl",
}

// localization looks at the folders of languages and the texts in them.
func (p *pass) localization() {
	texts := map[string]map[string]string{}
	checked := map[string]bool{}
	for _, name := range p.names {
		folder, base := path.Split(name)
		folder = strings.TrimSuffix(folder, "/")
		top, _, _ := strings.Cut(folder, "/")
		if folder == "" || junk[top] != "" {
			if base == stringsFile {
				p.warn("strings-place", name, "stands outside a language's folder",
					"it translates nothing", "put it into a folder such as de"+languageSuffix)
			}
			continue
		}
		if !checked[folder] {
			checked[folder] = true
			p.folder(folder)
		}
		if f := p.files[name]; base == stringsFile && f.readable() {
			texts[folder] = p.strings(f)
		}
	}
	p.compare(texts)
}

// folder checks the name of a folder, once.
func (p *pass) folder(name string) {
	code, ok := strings.CutSuffix(name, languageSuffix)
	switch {
	case !ok || strings.Contains(name, "/"):
		p.warn("folder", safe(name), "is a folder that Wallet does not look into",
			"its files are never shown", "a pass has folders for languages only, such as de"+languageSuffix)
	case oldNames[code] != "":
		p.note("language-old", safe(name), "names the language in English", "", "write "+oldNames[code]+languageSuffix)
	case code == "Base":
		p.note("language-unknown", safe(name), "Base is for apps; a pass takes its own texts as the base",
			"", "put the texts into pass.json, or name a language such as en"+languageSuffix)
	default:
		if _, err := language.Parse(strings.ReplaceAll(code, "_", "-")); err != nil {
			p.warn("language-unknown", safe(name), fmt.Sprintf("%q is no language", code),
				"its texts and images are never shown", "write a code such as de, pt-BR or zh-Hans")
		}
	}
}

func (p *pass) strings(f *file) map[string]string {
	texts, found := localization.Strings(f.bytes)
	for i := range found {
		found[i].File = f.name
	}
	p.found = append(p.found, found...)
	return texts
}

// compare looks for texts that one language has and another has not, and for
// those that nothing uses.
func (p *pass) compare(texts map[string]map[string]string) {
	if p.pass == nil || len(texts) == 0 {
		return
	}
	used := map[string]bool{}
	p.document.root.strings(func(s string) { used[s] = true })
	if p.source != nil { // A template's own keys, and those that its inputs make.
		collectStrings(p.pass, used)
	}
	translated := map[string]bool{}
	for _, t := range texts {
		for key := range t {
			translated[key] = used[key]
		}
	}
	for _, folder := range slices.Sorted(maps.Keys(texts)) {
		var unused, missing []string
		for key := range texts[folder] {
			if !used[key] {
				unused = append(unused, key)
			}
		}
		for key, is := range translated {
			if _, has := texts[folder][key]; is && !has {
				missing = append(missing, key)
			}
		}
		file := folder + "/" + stringsFile
		if len(missing) > 0 {
			p.warn("strings-missing", file, "has no text for "+list(missing)+", which other languages have",
				"iPhones in this language show the key", "add them")
		}
		if len(unused) > 0 {
			p.note("strings-unused", file, list(unused)+": nothing in pass.json has this text",
				"it translates nothing", "write the key exactly as in pass.json, or take it out")
		}
	}
}

func collectStrings(v any, into map[string]bool) {
	switch v := v.(type) {
	case string:
		into[v] = true
	case []any:
		for _, e := range v {
			collectStrings(e, into)
		}
	case map[string]any:
		for _, e := range v {
			collectStrings(e, into)
		}
	}
}

// list is a few texts for people.
func list(texts []string) string {
	const most = 5
	slices.Sort(texts)
	quoted := make([]string, 0, most)
	for _, t := range texts[:min(len(texts), most)] {
		quoted = append(quoted, fmt.Sprintf("%q", t[:min(len(t), 60)]))
	}
	s := strings.Join(quoted, ", ")
	if more := len(texts) - most; more > 0 {
		s += fmt.Sprintf(" and %d more", more)
	}
	return s
}
