package passes

import (
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/passhook/passhook/expressions"
	"github.com/passhook/passhook/passes/schema"
	"github.com/passhook/passhook/problems"
)

const passFile = "pass.json"

// groups are the field groups that the front shows, in its order.
var groups = []string{"headerFields", "primaryFields", "secondaryFields", "auxiliaryFields", "footerFields"}

// owned are the keys that passhook fills in.
var owned = []string{"formatVersion", "teamIdentifier", "serialNumber", "authenticationToken", "webServiceURL", "voided"}

var colours = []string{"backgroundColor", "foregroundColor", "labelColor"}

const noColour = "is no colour; write it as rgb(23, 42, 70) or #172a46"

// required are texts that Wallet refuses a pass without.
var required = []string{"description", "organizationName"}

// passJSON reads, checks and compiles pass.json.
func (l *templateLoader) passJSON() {
	b, err := fs.ReadFile(l.fsys, passFile)
	if err != nil {
		l.in(passFile, problems.Problem{Text: fmt.Sprintf("cannot be read: %v", reason(err))})
		return
	}
	v, err := expressions.DecodeJSON(b)
	if err != nil {
		line, column := jsonPosition(b, err)
		l.in(passFile, problems.Problem{Line: line, Column: column, Text: err.Error()})
		return
	}
	pass, ok := v.(map[string]any)
	if !ok {
		l.in(passFile, problems.Problem{Line: 1, Column: 1, Text: "must be an object: { … }"})
		return
	}
	var found problems.List
	for _, key := range owned {
		if _, given := pass[key]; given {
			found = append(found, problems.Warn(key, "%s", l.unused(pass, key)))
			delete(pass, key)
		}
	}
	if l.designed {
		l.design(pass)
	}
	schema.RelevantDates(pass)
	found = append(found, schema.Check(pass, schema.Options{Unsigned: true})...)
	for _, key := range required {
		if s, isText := pass[key].(string); isText && strings.TrimSpace(s) == "" {
			found = append(found, problems.At(key, "is empty; Wallet refuses a pass without it"))
		}
	}
	l.template.style = styleOf(pass)
	for _, p := range l.plainColours(pass) {
		if !slices.ContainsFunc(found, func(other problems.Problem) bool { return other.Path == p.Path && other.Severity == problems.Error }) {
			found = append(found, p)
		}
	}
	if v, given := pass["passTypeIdentifier"]; given {
		l.template.PassType, _ = v.(string)
		if !strings.HasPrefix(l.template.PassType, "pass.") || strings.Contains(l.template.PassType, "${{") {
			found = append(found, problems.At("passTypeIdentifier", "must be text that begins with pass., as the certificate names it"))
		}
		delete(pass, "passTypeIdentifier")
	}
	tree, more := l.scope().CompileTree(pass)
	l.template.tree = tree
	places := positions(b)
	for _, p := range append(found, more...) {
		l.in(passFile, places.place(p))
	}
}

// unused says why a key that passhook owns is not used.
func (l *templateLoader) unused(pass map[string]any, key string) string {
	passType, _ := pass["passTypeIdentifier"].(string)
	team, _ := pass[key].(string)
	if key == "teamIdentifier" && l.Keyring != nil {
		if c, err := l.Keyring.Find(passType); err == nil && c.Team != team {
			return fmt.Sprintf("names the team %s, and the certificate for %s is of %s, which passes get; take it out, or put the right certificate into signing", team, c.PassType, c.Team)
		}
	}
	return "is filled in by passhook; what stands here is not used"
}

// plainColours writes the colours that are known already as Wallet wants them.
func (l *templateLoader) plainColours(pass map[string]any) problems.List {
	var found problems.List
	for _, key := range colours {
		s, isText := pass[key].(string)
		if !isText {
			continue
		}
		if strings.Contains(s, "${{") {
			l.template.colours = append(l.template.colours, key)
			continue
		}
		rgb, ok := colour(s)
		if !ok {
			found = append(found, problems.At(key, "%s", noColour))
			continue
		}
		pass[key] = rgb
	}
	return found
}

// styleOf is the style that the newest iOS shows; empty where there is none.
func styleOf(pass map[string]any) string {
	found := ""
	for _, style := range schema.Styles() {
		if _, given := pass[style]; given && (found == "" || style == "posterGeneric") {
			found = style
		}
	}
	return found
}

var (
	hexColour = regexp.MustCompile(`^#([0-9a-fA-F]{2})([0-9a-fA-F]{2})([0-9a-fA-F]{2})$`)
	rgbColour = regexp.MustCompile(`^rgb\( *(\d{1,3}) *, *(\d{1,3}) *, *(\d{1,3}) *\)$`)
)

// colour is a colour as Wallet wants it.
func colour(s string) (string, bool) {
	base, m := 16, hexColour.FindStringSubmatch(s)
	if m == nil {
		base, m = 10, rgbColour.FindStringSubmatch(s)
	}
	if m == nil {
		return "", false
	}
	var rgb [3]uint64
	for i, digits := range m[1:] {
		var err error
		if rgb[i], err = strconv.ParseUint(digits, base, 8); err != nil {
			return "", false
		}
	}
	return fmt.Sprintf("rgb(%d, %d, %d)", rgb[0], rgb[1], rgb[2]), true
}
