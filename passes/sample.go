package passes

import (
	"maps"
	"time"
)

// Sample is a pass to look at before there is one: with the inputs that are
// given, and the examples of the others.
func (t *Template) Sample(with map[string]any) (Pass, error) {
	inputs, err := t.Examples()
	if err != nil {
		return Pass{}, err
	}
	maps.Copy(inputs, with)
	inputs, err = t.Check(inputs)
	return Pass{
		Serial: "sample-7f3k9q2m4x8w1z6r", AuthToken: "sampleauthenticationtoken0000000",
		WebServiceURL: "https://tickets.example.com/wallet", Link: "https://tickets.example.com",
		Inputs: inputs, Updated: time.Unix(0, 0),
	}, err
}
