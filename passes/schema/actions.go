package schema

import (
	"fmt"
	"strings"
)

// checkActions wants each featured action to have what its type opens.
func checkActions(c *checker) {
	seen := map[string]bool{}
	for i, a := range objects(c.pass, "featuredActions") {
		at := fmt.Sprintf("featuredActions[%d]", i)
		if id, ok := text(a, "identifier"); ok && seen[id] {
			c.warn(at+".identifier", fmt.Sprintf("%q is there twice", id),
				"iOS 27 may show only one of them", "give one another identifier")
		} else {
			seen[id] = ok
		}
		kind, _ := text(a, "type")
		_, hasURL := a["url"]
		_, hasPlace := a["placeIdentifier"]
		url, isText := text(a, "url")
		switch {
		case kind == "place" && !hasPlace:
			c.warn(at+".placeIdentifier", "place opens a place of Apple Maps",
				"the button may not be shown", "add placeIdentifier")
		case kind == "call" && isText && isURL(url) && !strings.HasPrefix(url, "tel:"):
			c.warn(at+".url", "call opens a telephone number",
				"the button may not be shown", "write tel: and the number")
		case kind != "" && kind != "place" && !hasURL:
			c.warn(at+".url", "is missing", "the button opens nothing", "add what it opens")
		}
	}
}

// checkUpcoming wants the identifiers of the upcoming events to differ.
func checkUpcoming(c *checker) {
	seen := map[string]bool{}
	for i, e := range objects(c.pass, "upcomingPassInformation") {
		id, ok := text(e, "identifier")
		if ok && seen[id] {
			c.warn(fmt.Sprintf("upcomingPassInformation[%d].identifier", i), fmt.Sprintf("%q is there twice", id),
				"Wallet cannot tell the events apart", "give one another identifier")
		}
		seen[id] = ok
	}
}
