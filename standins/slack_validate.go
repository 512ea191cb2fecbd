package standins

import (
	"encoding/json"
	"strings"
)

// https://docs.slack.dev/reference/methods/blocks.validate
func (s *Slack) validateBlocks(c *slackCall) slackAnswer {
	var given []string
	for _, name := range []string{"blocks", "message", "view"} {
		if c.args[name] != "" {
			given = append(given, name)
		}
	}
	if len(given) != 1 {
		return slackError("invalid_arguments", "must provide exactly one of `blocks`, `view`, or `message`")
	}
	var problems []SlackProblem
	var err error
	switch raw := []byte(c.args[given[0]]); given[0] {
	case "blocks":
		var blocks []SlackBlock
		err = json.Unmarshal(raw, &blocks)
		problems = CheckBlocks(blocks, SlackAnySurface)
	case "message":
		var message map[string]any
		err = json.Unmarshal(raw, &message)
		problems = CheckMessage(message)
	case "view":
		var view map[string]any
		err = json.Unmarshal(raw, &view)
		problems = CheckView(view)
	}
	if err != nil {
		return slackError("invalid_" + given[0])
	}
	if len(problems) == 0 {
		return slackOK(nil)
	}
	a := slackError("invalid_" + given[0])
	var errs []any
	for _, p := range problems {
		errs = append(errs, map[string]any{"pointer": p.Pointer, "code": "failed_constraint", "message": p.Message})
	}
	a["errors"] = errs
	return a
}

// invalidBlocks says which blocks are wrong and where, as chat.postMessage and
// views.open do; under is the argument that the pointers begin with.
func invalidBlocks(code, under string, problems []SlackProblem) slackAnswer {
	var short, long []string
	for _, p := range problems {
		text := p.Message + " [json-pointer:" + under + p.Pointer + "]"
		short, long = append(short, text), append(long, "[ERROR] "+text)
	}
	a := slackError(code, long...)
	if strings.HasPrefix(code, "invalid_blocks") {
		a["errors"] = short
	}
	return a
}
