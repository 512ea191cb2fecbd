package passes

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"

	"github.com/passhook/passhook/expressions"
	"github.com/passhook/passhook/passes/images"
)

// maxJSON is the longest value of a json input, in bytes.
const maxJSON = 64 << 10

func (in Input) json(v any) (any, error) {
	b, err := json.Marshal(v)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s is no JSON", in.Name)
	case len(b) > maxJSON:
		return nil, fmt.Errorf("%s is longer than %d bytes", in.Name, maxJSON)
	}
	return expressions.Normalize(v), nil
}

// fileID is the SHA-256 of a file, in hex.
var fileID = regexp.MustCompile(`^[0-9a-f]{64}$`)

func (in Input) pictures(v any) (any, error) {
	files, ok := v.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("%s must be an object of file names with the ids of files", in.Name)
	}
	for name, id := range files {
		n, ok := images.ParseName(name)
		if text, _ := id.(string); !ok || n.File(n.Scale) != name || !fileID.MatchString(text) {
			return nil, fmt.Errorf("%s: %s is not a picture of a pass with the id of its file", in.Name, name)
		}
	}
	return files, nil
}

// PictureIDs are the ids of the pictures that a pass with these inputs has of its
// own, by file name.
func (t *Template) PictureIDs(inputs map[string]any) map[string]string {
	var out map[string]string
	for _, in := range t.Inputs {
		files, _ := inputs[in.Name].(map[string]any)
		if in.Type != typePictures || len(files) == 0 {
			continue
		}
		if out == nil {
			out = map[string]string{}
		}
		for name, id := range files {
			out[name], _ = id.(string)
		}
	}
	return out
}

// FilesOf are the files of a pass's package beside pass.json, manifest and
// signature, by name.
func (t *Template) FilesOf(p Pass) map[string][]byte {
	out := t.Files()
	for kind := range t.replaced(p) {
		maps.DeleteFunc(out, func(name string, _ []byte) bool { return pictureKind(name) == kind })
	}
	maps.Copy(out, p.Pictures)
	return out
}

// replaced are the kinds of pictures that a pass has of its own. None of the
// template's variants must be left beside them.
func (t *Template) replaced(p Pass) map[string]bool {
	out := map[string]bool{}
	for name := range p.Pictures {
		out[pictureKind(name)] = true
	}
	return out
}

// pictureKind is the kind of a picture with its language, or empty.
func pictureKind(name string) string {
	if n, ok := images.ParseName(name); ok {
		return n.File(1)
	}
	return ""
}

// staticOf is what the pass's package has beside its own pass.json: the
// template's, unless it has pictures of its own.
func (t *Template) staticOf(p Pass) (*static, error) {
	if len(p.Pictures) == 0 {
		return t.static, nil
	}
	kinds := t.replaced(p)
	entries := slices.DeleteFunc(slices.Clone(t.files), func(e entry) bool { return kinds[pictureKind(e.name)] })
	for name, data := range p.Pictures {
		entries = append(entries, newEntry(name, data))
	}
	return newStatic(entries)
}
