package main

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/passhook/passhook/bot"
	"github.com/passhook/passhook/integrations/stripe"
	"github.com/passhook/passhook/store"
)

type passesCmd struct {
	List   passesListCmd   `cmd:"" default:"withargs" help:"List passes, newest first, or show one."`
	Void   passesVoidCmd   `cmd:"" help:"Make passes void, as after a refund that you chose to make."`
	Unvoid passesUnvoidCmd `cmd:"" help:"Take back what void did; what Stripe says of the pass stays."`
	Push   passesPushCmd   `cmd:"" help:"Wake the phones that have these passes, though nothing has changed."`
}

type passesListCmd struct {
	Query string `arg:"" optional:"" help:"A serial number, Stripe's id, an order, a ref or a mail address."`
	Rule  string `help:"Only passes that this rule issued."`
	CSV   bool   `name:"csv" help:"All of them as a table for a spreadsheet: the door list."`
	Stale bool   `help:"Only passes on phones that have not fetched what changed, the longest behind first."`
	Limit int    `help:"At most so many." default:"50"`
	JSON  bool   `name:"json" help:"For programs."`
}

// passDetail is a pass as passes --json prints it.
type passDetail struct {
	passJSON
	Order   string          `json:"order"`
	Event   string          `json:"event"`
	Live    bool            `json:"live"`
	Inputs  json.RawMessage `json:"inputs"`
	VoidOn  []string        `json:"void_on"`
	Created time.Time       `json:"created"`
	Updated time.Time       `json:"updated"`
}

func detail(p store.Pass) passDetail {
	return passDetail{
		jsonPass(p), p.OrderID, p.EventID, p.Live, p.Inputs, append([]string{}, p.VoidOn...), p.Created, p.Updated,
	}
}

// Run lists what fits; what fits alone is shown with all it has.
func (l passesListCmd) Run(ctx context.Context, c terminal) error {
	cfg, s, err := c.openStore(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	if l.Stale {
		return l.stale(ctx, c, cfg, s)
	}
	filter := store.Filter{Query: l.Query, Rule: l.Rule, Limit: l.Limit}
	if l.CSV {
		filter.Limit = 1 // the others are read as they are written
	}
	found, err := s.FindPasses(ctx, filter)
	switch {
	case err != nil:
		return err
	case l.Query != "" && len(found) == 0:
		return fmt.Errorf("no pass fits %s", l.Query)
	case l.CSV:
		return c.doorList(s.EachPass(ctx, filter))
	case l.JSON:
		out := make([]passDetail, len(found))
		for i, p := range found {
			out[i] = detail(p)
		}
		return c.json(out)
	case l.Query != "" && len(found) == 1:
		p := found[0]
		err := c.table([][]string{
			{"pass", p.Serial}, {"rule", p.Rule}, {"template", p.Template}, {"item", p.Item}, {"unit", fmt.Sprint(p.Unit)},
			{"order", p.OrderID}, {"event", p.EventID}, {"mode", stripe.ModeOf(p.Live)}, {"created", formatTime(p.Created, cfg)}, {"updated", formatTime(p.Updated, cfg)},
			{"void", orNone(p.Void)}, {"void on", orNone(p.VoidOn)}, {"inputs", string(p.Inputs)},
		})
		if err != nil {
			return err
		}
		return c.phones(ctx, cfg, s, p.Serial)
	}
	rows := [][]string{{"SERIAL NUMBER", "CREATED", "RULE", "TEMPLATE", "ITEM", "UNIT", "VOID", "INPUTS"}}
	for _, p := range found {
		rows = append(rows, []string{p.Serial, formatTime(p.Created, cfg), p.Rule, p.Template, p.Item, fmt.Sprint(p.Unit), orNone(p.Void), string(p.Inputs)})
	}
	return c.table(rows)
}

func orNone(list []string) string {
	if len(list) == 0 {
		return "-"
	}
	return strings.Join(list, ", ")
}

// doorList has a column for each input that any pass has, so that all are read
// twice. What test mode sold is on it, and says so.
func (c terminal) doorList(all iter.Seq2[store.Pass, error]) error {
	names := map[string]bool{}
	err := eachInputs(all, func(_ store.Pass, inputs map[string]any) error {
		for name := range inputs {
			names[name] = true
		}
		return nil
	})
	if err != nil {
		return err
	}
	columns := slices.Sorted(maps.Keys(names))
	w := csv.NewWriter(c.Out)
	if err := w.Write(append([]string{"serial_number", "rule", "template", "item", "unit", "mode", "void"}, columns...)); err != nil {
		return err
	}
	err = eachInputs(all, func(p store.Pass, inputs map[string]any) error {
		row := []string{p.Serial, p.Rule, p.Template, p.Item, fmt.Sprint(p.Unit), stripe.ModeOf(p.Live), strings.Join(p.Void, " ")}
		for _, name := range columns {
			row = append(row, cell(inputs[name]))
			delete(inputs, name)
		}
		if len(inputs) > 0 {
			return fmt.Errorf("pass %s got new inputs while the list was written; write it again", p.Serial)
		}
		return w.Write(row)
	})
	w.Flush()
	return errors.Join(err, w.Error())
}

// eachInputs calls do with each pass and its inputs.
func eachInputs(all iter.Seq2[store.Pass, error], do func(store.Pass, map[string]any) error) error {
	for p, err := range all {
		if err != nil {
			return err
		}
		var inputs map[string]any
		if err := json.Unmarshal(p.Inputs, &inputs); err != nil {
			return fmt.Errorf("the stored inputs of pass %s: %w", p.Serial, err)
		}
		if err := do(p, inputs); err != nil {
			return err
		}
	}
	return nil
}

// cell keeps spreadsheets from reading what a buyer typed as a formula.
func cell(v any) string {
	if v == nil {
		return ""
	}
	s := fmt.Sprint(v)
	if _, isText := v.(string); isText && s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}

type passesVoidCmd struct {
	Serials []string `arg:"" help:"Serial numbers."`
}

// Run voids passes.
func (v passesVoidCmd) Run(ctx context.Context, c terminal) error {
	return c.queueOwnEvents(ctx, bot.TypeVoid, v.Serials)
}

type passesUnvoidCmd struct {
	Serials []string `arg:"" help:"Serial numbers."`
}

// Run takes the operator's own reason away.
func (u passesUnvoidCmd) Run(ctx context.Context, c terminal) error {
	return c.queueOwnEvents(ctx, bot.TypeUnvoid, u.Serials)
}

type passesPushCmd struct {
	Serials []string `arg:"" help:"Serial numbers."`
}

// Run wakes phones.
func (p passesPushCmd) Run(ctx context.Context, c terminal) error {
	return c.queueOwnEvents(ctx, bot.TypePush, p.Serials)
}

// queueOwnEvents stores an event about each pass for the running server. An
// unknown serial number is an error before anything is stored.
func (c terminal) queueOwnEvents(ctx context.Context, eventType string, serials []string) error {
	_, s, err := c.openStore(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	for _, serial := range serials {
		_, err := s.PassBySerial(ctx, serial)
		if errors.Is(err, store.ErrNotFound) {
			return fmt.Errorf("there is no pass with the serial number %s; passhook passes lists them", serial)
		}
		if err != nil {
			return err
		}
	}
	for _, serial := range serials {
		e, err := bot.OwnEvent(eventType, serial, nil, bot.ByOperator, time.Now())
		if err != nil {
			return err
		}
		id, _, err := s.Accept(ctx, e)
		if err != nil {
			return err
		}
		fmt.Fprintln(c.Out, id)
	}
	fmt.Fprintln(c.Err, "queued; the running server does it now, or passhook serve when it starts")
	return nil
}
