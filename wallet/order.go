package wallet

import (
	"cmp"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/passhook/passhook/bot"
	"github.com/passhook/passhook/bot/orders"
	"github.com/passhook/passhook/pages"
)

// orderView is what pages/order.html shows.
type orderView struct {
	Tickets []ticket
	Bundles []bundleLink
	// Problem is what was refused about no pass that the page shows a form for.
	Problem string
	QR      template.URL
}

// Title counts the passes.
func (v orderView) Title() string {
	if len(v.Tickets) == 1 {
		return "Your pass"
	}
	return fmt.Sprintf("Your %d passes", len(v.Tickets))
}

// ticket is one pass of an order, as pages/ticket.html shows it.
type ticket struct {
	*bot.Pass
	Device device
	// Place is "1 of 2"; empty for a single pass.
	Place  string
	Inputs []input
	// Until is when changes end or ended; empty is never.
	Until   string
	Saved   bool
	Problem string
}

// input is one of the form.
type input struct {
	Name, Label, Value string
	// Type is that of <input>, or select.
	Type     string
	Options  []string
	Required bool
}

// attempt is what somebody entered that was refused, or what was saved.
type attempt struct {
	serial, problem string
	given           map[string]string
}

// Order is the page of an order.
func (h *Handler) Order(w http.ResponseWriter, r *http.Request) {
	if o := h.findOrder(w, r); o != nil {
		h.showOrder(w, r, o, attempt{serial: r.URL.Query().Get("saved")})
	}
}

func (h *Handler) findOrder(w http.ResponseWriter, r *http.Request) *orders.Delivery {
	return pages.Find(h.Set, w, r, yourPass, h.passes.DeliveryByLink)
}

// RenameHolders changes what the buyer may change of one pass. There is no token
// against forged requests: the address is the secret, and no cookie or login
// comes along with a request that another site makes.
func (h *Handler) RenameHolders(w http.ResponseWriter, r *http.Request) {
	o := h.findOrder(w, r)
	if o == nil || !h.Form(w, r) {
		return
	}
	a := attempt{serial: r.PostForm.Get("serial"), given: map[string]string{}}
	for _, p := range o.Passes {
		if p.Serial == a.serial {
			a.given = h.given(p, r)
		}
	}
	err := h.passes.Rename(r.Context(), o, a.serial, a.given)
	var refused orders.Refused
	switch {
	case errors.As(err, &refused):
		a.problem = sentence(refused.Text)
		h.showOrder(w, r, o, a)
	case err != nil:
		h.unavailable(w, r, err)
	default:
		pages.SeeOther(w, "?saved="+a.serial+"#"+a.serial)
	}
}

// given are the values of a form, by the names of inputs.
func (h *Handler) given(p orders.DeliveryPass, r *http.Request) map[string]string {
	out := map[string]string{}
	for _, in := range p.Inputs {
		values, ok := r.PostForm["input."+in.Name]
		if !ok {
			continue
		}
		out[in.Name] = strings.Map(oneLine, values[0])
		if values[0] == h.formValue(in) {
			out[in.Name] = in.Value // the form has times without a zone
		}
	}
	return out
}

// oneLine drops control characters, which browsers send of no <input>.
func oneLine(r rune) rune {
	if unicode.IsControl(r) {
		return -1
	}
	return r
}

func (h *Handler) showOrder(w http.ResponseWriter, r *http.Request, o *orders.Delivery, a attempt) {
	d := deviceOf(r.UserAgent())
	v := orderView{Tickets: h.tickets(o, d, a), Bundles: bundleLinks(o, d), QR: h.forPhone(r, d, o.Link)}
	code := http.StatusOK
	if a.problem != "" {
		code = http.StatusUnprocessableEntity
		if !slices.ContainsFunc(v.Tickets, func(t ticket) bool { return t.Problem != "" }) {
			v.Problem = a.problem
		}
	}
	h.Show(w, r, code, "order.html", v)
}

func (h *Handler) tickets(o *orders.Delivery, d device, a attempt) []ticket {
	out := make([]ticket, len(o.Passes))
	for i, p := range o.Passes {
		t := ticket{Pass: p.Pass, Device: d}
		if len(o.Passes) > 1 {
			t.Place = fmt.Sprintf("%d of %d", i+1, len(o.Passes))
		}
		for _, in := range p.Inputs {
			t.Inputs = append(t.Inputs, inputOf(in, h.formValue(in)))
		}
		if !p.Until.IsZero() {
			t.Until = p.Until.In(h.zone).Format("Monday, 2 January 2006, 15:04 MST")
		}
		if p.Serial == a.serial && len(p.Inputs) > 0 {
			t.Problem, t.Saved = a.problem, a.problem == ""
			for j, in := range p.Inputs {
				if v, ok := a.given[in.Name]; ok && v != in.Value {
					t.Inputs[j].Value = v
				}
			}
		}
		out[i] = t
	}
	return out
}

// fieldTypes are the types of <input> for those types of inputs that are not
// text.
var fieldTypes = map[string]string{"number": "number", "date": "date", "time": "datetime-local", "email": "email", "choice": "select"}

func inputOf(in orders.Input, value string) input {
	return input{
		Name: in.Name, Label: in.Label, Value: value, Type: cmp.Or(fieldTypes[in.Type], "text"), Options: in.Options, Required: in.Required,
	}
}

// formValue is an input's value as a form has it: datetime-local has no zone.
func (h *Handler) formValue(in orders.Input) string {
	if t, err := time.Parse(time.RFC3339, in.Value); err == nil && in.Type == "time" {
		return t.In(h.zone).Format("2006-01-02T15:04")
	}
	return in.Value
}

// sentence makes one of the text of an error.
func sentence(text string) string {
	first, n := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(first)) + strings.TrimSuffix(text[n:], ".") + "."
}
