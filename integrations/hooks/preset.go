package hooks

import (
	"embed"
	"fmt"
	"slices"
	"strings"
	"sync"

	"go.yaml.in/yaml/v4"

	"github.com/passhook/passhook/bot"
	"github.com/passhook/passhook/expressions"
)

// presets are senders that are known, one file each.
//
//go:embed presets/*.yaml
var presets embed.FS

// preset is what is known of a sender.
type preset struct {
	// Site is where its requests are described, for whoever reads the file.
	Site   string `yaml:"site"`
	Verify struct {
		// HMAC are the ways in which it signs; each secret is for the one whose
		// secret_prefix it has, else for the first.
		HMAC []HMAC `yaml:"hmac"`
		// Bearer and Path say where a secret is that the user makes up.
		Bearer bool `yaml:"bearer"`
		Path   bool `yaml:"path"`
	} `yaml:"verify"`
	// Secret says where the user finds it.
	Secret string     `yaml:"secret"`
	ID     bot.Text   `yaml:"id"`
	Type   bot.Text   `yaml:"type"`
	Time   bot.Text   `yaml:"time"`
	Live   bot.Text   `yaml:"live"`
	Refs   []bot.Text `yaml:"refs"`
	// Email are the members that may have a buyer's address, the best first.
	Email []string `yaml:"email"`
	// Account is whose event it is; Accounts says what the setting is, where it
	// is needed because nothing is signed.
	Account  bot.Text `yaml:"account"`
	Accounts string   `yaml:"accounts"`
	// Fresh lets a request without an id be an event of its own.
	Fresh bool `yaml:"fresh"`
	// AnyType and AnyMember say that the samples are not all there is.
	AnyType   bool `yaml:"any_type"`
	AnyMember bool `yaml:"any_member"`
	// Accepted is the status of what is taken; 0 is 202.
	Accepted int `yaml:"accepted"`
	// Form is the field of a form in which the JSON is.
	Form string `yaml:"form"`
	// Fetch is the member with the address at which the event's object is, and
	// From the only host that it may be on.
	Fetch struct {
		Address bot.Text `yaml:"address"`
		From    string   `yaml:"from"`
		// Token says where the user finds it.
		Token string `yaml:"token"`
	} `yaml:"fetch"`
	// Samples are realistic requests, by the type that they are.
	Samples map[string]sampleText `yaml:"samples"`
}

// sampleText is a request, in which {{n}} is a number that no other sample has,
// and {{time}} and {{unix}} are now.
type sampleText struct {
	Headers map[string]string `yaml:"headers"`
	// ContentType is JSON where it is empty.
	ContentType string `yaml:"content_type"`
	Body        string `yaml:"body"`
	// Fetched is the object that is fetched, where one is.
	Fetched string `yaml:"fetched"`
}

// Presets are the names of all.
var Presets = sync.OnceValue(func() []string {
	entries, _ := presets.ReadDir("presets") // it is embedded
	var out []string
	for _, e := range entries {
		out = append(out, strings.TrimSuffix(e.Name(), ".yaml"))
	}
	slices.Sort(out)
	return out
})

// loaded has the presets that were read.
var loaded sync.Map

// findPreset reads a preset; ok is false where there is none of that name.
func findPreset(name string) (p *preset, ok bool, err error) {
	if v, ok := loaded.Load(name); ok {
		p, ok = v.(*preset)
		return p, ok, nil
	}
	if !slices.Contains(Presets(), name) {
		return nil, false, nil
	}
	b, err := presets.ReadFile("presets/" + name + ".yaml")
	if err != nil {
		return nil, false, err
	}
	p = &preset{}
	if err := yaml.Load(b, p, yaml.WithKnownFields(), yaml.WithUniqueKeys()); err != nil {
		return nil, false, fmt.Errorf("preset %s: %w", name, err)
	}
	loaded.Store(name, p)
	return p, true, nil
}

// data are the samples' objects as rules see them, by type.
func (p *preset) data() (map[string]any, error) {
	out := map[string]any{}
	for name, text := range p.Samples {
		s := text.fill("1", sampleTime)
		if s.Fetched != "" {
			v, err := expressions.DecodeJSON([]byte(s.Fetched))
			if err != nil {
				return nil, fmt.Errorf("the sample %s: %w", name, err)
			}
			out[name] = v
			continue
		}
		objects, _, err := readBody(s.header(), []byte(s.Body), p.Form)
		if err != nil || len(objects) != 1 {
			return nil, fmt.Errorf("the sample %s has %d objects: %w", name, len(objects), err)
		}
		out[name] = objects[0].value
	}
	return out, nil
}
