package inspect

import (
	"path"
	"strings"

	"github.com/passhook/passhook/passes/images"
	"github.com/passhook/passhook/problems"
)

// made are rules about images that passhook makes of a template's.
var made = map[string]bool{"image-size": true, "image-blurry": true, "image-first": true}

// pictures reads the images, one after the other, and looks at each and at all
// of them together. It comes after pass.json, whose style says how large they
// are.
func (p *pass) pictures() {
	set := map[string]images.Info{}
	p.image = func(name string, b []byte) {
		info, found, _ := images.Check(name, b, p.style)
		set[name] = info
		p.picture(found)
	}
	for _, read := range p.later {
		read()
	}
	for _, name := range p.names {
		p.known(name)
		if _, seen := set[name]; isImage(name) && !seen {
			set[name] = images.Info{} // It is there, though nothing is known of it.
		}
	}
	p.picture(images.CheckSet(set, p.style))
	if _, asks := p.files[personalizationFile]; asks && !hasImage(set, "personalizationLogo") {
		p.warn("personalization-logo", personalizationFile, "there is no personalizationLogo.png",
			"the form that asks the holder has no logo", "add personalizationLogo@2x.png (300 by 80 pixels) and @3x")
	}
}

// picture adds findings about images.
func (p *pass) picture(list problems.List) {
	for _, f := range list {
		if !p.template || !made[f.Rule] {
			p.found = append(p.found, f)
		}
	}
}

func hasImage(set map[string]images.Info, kind string) bool {
	for name := range set {
		if n, ok := images.ParseName(name); ok && n.Kind.Name == kind {
			return true
		}
	}
	return false
}

// known notes files that Wallet makes nothing of.
func (p *pass) known(name string) {
	if n, ok := images.ParseName(name); ok && n.Ext == ".png" {
		return
	}
	switch base := path.Base(name); {
	case name == passFile, name == manifestFile, name == signatureFile, name == personalizationFile, base == stringsFile:
	case name == descriptionFile && p.unsigned:
	case junk[base] != "" || strings.HasPrefix(name, "__MACOSX/"):
	default:
		if meant := images.Meant(name); meant != "" {
			p.warn("image-name", safe(name), "is no name of an image", "Wallet leaves it out", "name it "+meant)
			return
		}
		p.note("unknown-file", safe(name), "is no file that Wallet looks at",
			"it only makes the package larger", "take it out")
	}
}
