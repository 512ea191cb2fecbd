package preview

import (
	"encoding/json"
	"slices"
	"strings"
)

// posterEvent is an event ticket that new phones draw as a poster, from its
// semantic tags instead of its fields.
const posterEvent = "posterEventTicket"

// posterEvent turns an event ticket into a poster where the pass asks for one
// and has what it takes; else phones draw the usual ticket. A poster has no
// barcode: it is held to a reader.
// https://developer.apple.com/documentation/walletpasses/creating-an-event-pass-using-semantic-tags
func (c *content) posterEvent(pass object, f formatter) {
	asked, _ := pass["preferredStyleSchemes"].([]any)
	tags := pass.object("semantics")
	venue := ""
	for _, key := range []string{"venueName", "venueRegionName", "venueRoom"} {
		if venue == "" {
			venue = f.localized(tags.text(key))
		}
	}
	name := f.localized(tags.text("eventName"))
	if c.style != "eventTicket" || !slices.Contains(asked, any(posterEvent)) || pass.object("nfc") == nil || name == "" || venue == "" {
		return
	}
	c.style, c.barcode = posterEvent, nil
	c.header, c.primary, c.secondary = nil, []field{{label: venue, value: name}}, f.seat(tags)
	if at, ok := parseTime(tags.text("eventStartDate")); ok {
		day := f.date(at, object{"dateStyle": "PKDateStyleMedium"})
		c.header = []field{{label: f.date(at, object{"timeStyle": "PKDateStyleShort"}), value: day}}
	}
}

// seatLabels are the words for section, row and seat.
var seatLabels = map[string][3]string{
	"en": {"Section", "Row", "Seat"}, "de": {"Block", "Reihe", "Platz"}, "fr": {"Bloc", "Rang", "Place"},
	"es": {"Sector", "Fila", "Asiento"}, "it": {"Settore", "Fila", "Posto"}, "nl": {"Vak", "Rij", "Stoel"},
}

// seat are fields for the first seat.
func (f formatter) seat(tags object) []field {
	seats := tags.objects("seats")
	if len(seats) == 0 {
		return nil
	}
	base, _ := f.tag.Base()
	labels, ok := seatLabels[base.String()]
	if !ok {
		labels = seatLabels["en"]
	}
	var out []field
	for i, key := range []string{"seatSection", "seatRow", "seatNumber"} {
		value := seats[0].text(key)
		if n, ok := seats[0][key].(json.Number); ok {
			value = n.String()
		}
		if value = strings.TrimSpace(value); value != "" {
			out = append(out, field{label: labels[i], value: f.localized(value)})
		}
	}
	return out
}

// poster has its artwork behind everything. Its fields lie on it at the bottom;
// of the footer fields only the first is drawn.
// https://developer.apple.com/documentation/walletpasses/creating-a-poster-generic-pass
func (d *drawing) poster() (layout, error) {
	logo, err := d.first("primaryLogo", "logo")
	if err != nil {
		return layout{}, err
	}
	artwork, err := d.first("artwork", "background")
	if err != nil {
		return layout{}, err
	}
	head := d.head(logo)
	l := layout{top: []block{head}}
	if len(d.primary) > 0 {
		title := fieldStyle{label: poster.label, value: textStyle{27, semibold}, below: 28, height: 54, shadow: true}
		l.bottom = append(l.bottom, d.row(d.primary[:1], title, full), d.row(d.primary[1:], poster, full))
	}
	l.bottom = append(l.bottom, d.row(d.secondary, poster, full), d.row(d.footer[:min(1, len(d.footer))], poster, full), space(4))
	shade := height(l.bottom) + 210
	l.behind = func(c *canvas, h float64) {
		all := rect{0, 0, width, h}
		if artwork != nil {
			c.drawFilling(artwork, all)
		}
		c.gradient(rect{0, 0, width, 90}, fade(d.background, 0.55), fade(d.background, 0))
		c.gradient(rect{0, h - shade, width, shade}, fade(d.background, 0), fade(d.background, 0.92))
	}
	return l, nil
}
