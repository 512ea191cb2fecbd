package schema

import (
	"fmt"
	"regexp"
	"strings"
)

func checkRow(c *checker, f field) {
	if _, given := f.keys["row"]; given && f.group != "auxiliaryFields" {
		c.warn(f.path+".row", "is for auxiliaryFields only", ignores, "take it out")
	}
}

func checkChangeMessage(c *checker, f field) {
	if s, ok := text(f.keys, "changeMessage"); ok && !strings.Contains(s, "%@") {
		c.warn(f.path+".changeMessage", "has no %@", "the banner never shows the new value",
			"write %@ where it belongs, as Gate changed to %@")
	}
}

func checkCurrencyAndStyle(c *checker, f field) {
	_, money := f.keys["currencyCode"]
	if _, styled := f.keys["numberStyle"]; money && styled {
		c.warn(f.path+".numberStyle", "stands beside currencyCode", "only one of them counts", "take one of them out")
	}
}

func checkNumberValue(c *checker, f field) {
	for _, key := range []string{"currencyCode", "numberStyle"} {
		v, given := f.keys["value"]
		if _, asked := f.keys[key]; !asked || !given || dynamic(v) {
			continue
		}
		if _, ok := number(v); !ok {
			c.warn(f.path+".value", key+" needs a number, and this is "+kind(v),
				"the value shows as it is, or not at all", "take the quotation marks off, or take "+key+" out")
			return
		}
	}
}

func checkDateValue(c *checker, f field) {
	s, ok := text(f.keys, "value")
	if !ok || !styledDate(f) || isDate(s) {
		return
	}
	why, fix := explainDate(s)
	c.err(f.path+".value", why, refuses, fix+", or take the date style out")
}

func styledDate(f field) bool {
	_, day := f.keys["dateStyle"]
	_, time := f.keys["timeStyle"]
	return day || time
}

func checkDateOption(c *checker, f field) {
	for _, key := range []string{"isRelative", "ignoresTimeZone"} {
		if f.keys[key] == true && !styledDate(f) {
			c.warn(f.path+"."+key, "has no dateStyle or timeStyle beside it", ignores, "add one, or take it out")
		}
	}
}

var tag = regexp.MustCompile(`</?([A-Za-z][A-Za-z0-9]*)\b[^>]*>`)

func checkAttributed(c *checker, f field) {
	s, _ := text(f.keys, "attributedValue")
	for _, m := range tag.FindAllStringSubmatch(s, -1) {
		if !strings.EqualFold(m[1], "a") {
			c.warn(f.path+".attributedValue", fmt.Sprintf("<%s> is not understood", m[1]),
				"only <a href> is", "take it out")
			return
		}
	}
}

func checkAlignment(c *checker, f field) {
	if _, given := f.keys["textAlignment"]; given && (f.group == "primaryFields" || f.group == "backFields") {
		c.note(f.path+".textAlignment", "is not for "+f.group, ignores, "take it out")
	}
}

func checkDetectors(c *checker, f field) {
	if _, given := f.keys["dataDetectorTypes"]; given && f.group != "backFields" && f.group != "additionalInfoFields" {
		c.note(f.path+".dataDetectorTypes", "is for backFields", ignores, "take it out")
	}
}
