package slack

import (
	"strconv"
	"time"

	"github.com/slack-go/slack"

	"github.com/passhook/passhook/expressions"
	"github.com/passhook/passhook/passes"
)

const (
	// mostOptions is how many a menu has.
	mostOptions = 100
	// mostTyped is the longest text of a field, in characters.
	mostTyped = 3000
)

// action is the id of all fields of a form; their blocks differ.
const action = "value"

// fieldOf is the field in which a person enters an input; nil: only programs
// can.
func fieldOf(in passes.Input) slack.BlockElement {
	hint := placeholder(in)
	initial := initialOf(in)
	switch in.Type {
	case "json", "pictures":
		return nil
	case "number":
		e := slack.NewNumberInputBlockElement(hint, action, true)
		e.InitialValue = initial
		return e
	case "date":
		e := slack.NewDatePickerBlockElement(action)
		e.InitialDate = initial
		return e
	case "time":
		e := slack.NewDateTimePickerBlockElement(action)
		if t, err := time.Parse(time.RFC3339, initial); err == nil {
			e.InitialDateTime = t.Unix()
		}
		return e
	case "email":
		e := slack.NewEmailTextInputBlockElement(hint, action)
		e.InitialValue = initial
		return e
	case "choice":
		if len(in.Options) <= mostOptions {
			return menu(in.Options, initial)
		}
	}
	e := slack.NewPlainTextInputBlockElement(hint, action)
	e.MaxLength = mostTyped
	e.InitialValue = clip(initial, mostTyped)
	return e
}

func initialOf(in passes.Input) string {
	if in.Default == nil {
		return ""
	}
	return expressions.Stringify(in.Default, expressions.Settings{})
}

// placeholder shows the example.
func placeholder(in passes.Input) *slack.TextBlockObject {
	if in.Example == nil {
		return nil
	}
	text := clip(expressions.Stringify(in.Example, expressions.Settings{}), mostTitle)
	if text == "" {
		return nil
	}
	return plainText(text)
}

// menu has a choice's options by their places: their texts may be longer than
// Slack's values.
func menu(options []string, initial string) slack.BlockElement {
	var all []*slack.OptionBlockObject
	e := slack.NewOptionsSelectBlockElement(slack.OptTypeStatic, nil, action)
	for i, text := range options {
		o := slack.NewOptionBlockObject(strconv.Itoa(i), plainText(clip(text, mostButton)), nil)
		if text == "" {
			o.Text.Text = "–"
		}
		all = append(all, o)
		if text == initial && initial != "" {
			e.InitialOption = o
		}
	}
	e.Options = all
	return e
}

// entered is what a field of a form has.
type entered struct {
	Value  string `json:"value"`
	Date   string `json:"selected_date"`
	Time   int64  `json:"selected_date_time"`
	User   string `json:"selected_user"`
	Where  string `json:"selected_conversation"`
	Option struct {
		Value string `json:"value"`
	} `json:"selected_option"`
}

// value is what was entered for an input; nil: nothing.
func (e entered) value(in passes.Input, zone *time.Location) any {
	text := e.Value
	switch in.Type {
	case "date":
		text = e.Date
	case "time":
		if e.Time == 0 {
			return nil
		}
		if zone == nil {
			zone = time.UTC
		}
		return time.Unix(e.Time, 0).In(zone).Format(time.RFC3339)
	case "choice":
		if len(in.Options) > mostOptions {
			break
		}
		i, err := strconv.Atoi(e.Option.Value)
		if err != nil || i < 0 || i >= len(in.Options) {
			return nil
		}
		return in.Options[i]
	}
	if text == "" {
		return nil
	}
	return text
}
