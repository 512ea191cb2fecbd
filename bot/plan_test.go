package bot_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"image"
	"image/png"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/rogpeppe/go-internal/txtar"
	"go.yaml.in/yaml/v4"

	"github.com/passhook/passhook/bot"
	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/integrations/stripe"
	"github.com/passhook/passhook/mailer"
	"github.com/passhook/passhook/passes"
	"github.com/passhook/passhook/passes/certificates"
	"github.com/passhook/passhook/problems"
)

var update = flag.Bool("update", false, "write the golden files")

// loaded are the templates by keyring: they are slow to load.
var loaded sync.Map

func templates(t testing.TB, keyring *certificates.Keyring) map[string]*passes.Template {
	t.Helper()
	if all, ok := loaded.Load(keyring); ok {
		return maps.Clone(all.(map[string]*passes.Template)) //nolint:forcetypeassert // nothing else is in it
	}
	all := loadTemplates(t, keyring)
	loaded.Store(keyring, all)
	return maps.Clone(all)
}

// loadTemplates makes concert (holder required, seat and number optional), member
// and coupon.
func loadTemplates(t testing.TB, keyring *certificates.Keyring) map[string]*passes.Template {
	t.Helper()
	var icon bytes.Buffer
	if err := png.Encode(&icon, image.NewGray(image.Rect(0, 0, 38, 38))); err != nil {
		t.Fatal(err)
	}
	fsys := fstest.MapFS{}
	add := func(name, style, inputs string) {
		fsys[name+".pass/pass.json"] = &fstest.MapFile{Data: []byte(`{"passTypeIdentifier":"pass.com.example.test","organizationName":"Hall One","description":"Ticket",
			"` + style + `":{"primaryFields":[{"key":"holder","label":"Holder","value":"${{ holder == 'nobody' ? int(holder) : holder }}"}]},
			"barcodes":[{"format":"PKBarcodeFormatQR","message":"${{ serial }}","messageEncoding":"iso-8859-1"}]}`)}
		fsys[name+".pass/template.yaml"] = &fstest.MapFile{Data: []byte("title: " + name + "\ninputs:\n" + inputs)}
		fsys[name+".pass/icon.png"] = &fstest.MapFile{Data: icon.Bytes()}
	}
	add("concert", "eventTicket", "  holder: {required: true, example: Ada Lovelace}\n  seat: {}\n  number: {type: number}\n")
	add("member", "generic", "  holder: {required: true}\n  expires: {type: time}\n")
	add("coupon", "coupon", "  holder: {default: Guest}\n")
	all, found := passes.LoadTemplates(fsys, "templates", passes.Settings{Keyring: keyring})
	if err := found.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// compile reads rules as passhook.yaml has them.
func compile(t testing.TB, rules string, keyring *certificates.Keyring) (*bot.Program, problems.List) {
	t.Helper()
	// yaml never hands null to UnmarshalYAML; config does this as well.
	rules = strings.ReplaceAll(rules, ": null", `: ""`)
	var list []bot.Rule
	if err := yaml.Unmarshal([]byte(rules), &list); err != nil {
		t.Fatal(err)
	}
	types, err := stripe.NewClient(stripe.Config{}).Types()
	if err != nil {
		t.Fatal(err)
	}
	return bot.Compile(list, bot.Options{
		Templates: templates(t, keyring), Types: types, Channels: map[string]func(string) error{"email": mailer.CheckAddress}, ReadFile: func(name string) ([]byte, error) { return os.ReadFile(filepath.Join("testdata", name)) },
	})
}

// One case a file: rules.yaml, data.json, and want, which is the plan, a pass a
// line, or the error.
func TestPlan(t *testing.T) {
	files, err := filepath.Glob("testdata/plan/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no cases", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			part := map[string]*[]byte{}
			for i := range a.Files {
				part[a.Files[i].Name] = &a.Files[i].Data
			}
			got := plan(t, string(*part["rules.yaml"]), *part["data.json"])
			if *update {
				*part["want"] = []byte(got)
				if err := os.WriteFile(file, txtar.Format(a), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if want := string(*part["want"]); got != want {
				t.Errorf("got\n%swant\n%s", got, want)
			}
		})
	}
}

func plan(t *testing.T, rules string, data []byte) string {
	t.Helper()
	program, found := compile(t, rules, nil)
	if err := found.Err(); err != nil {
		return err.Error() + "\n"
	}
	p, err := program.Plan(integrations.Completed{Event: integrations.Event{
		Source: "stripe", Type: "stripe.checkout.session.completed", Aliases: []string{"stripe.checkout.paid"}, ExternalID: "evt_1",
		Object: "cs_1", Live: true, Time: time.Unix(1795197600, 0).UTC(), Data: data,
	}})
	if err != nil {
		return "error: " + err.Error() + "\n"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "rules %v\n", p.Rules)
	for _, pass := range p.Passes {
		inputs, err := json.Marshal(pass.Inputs)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "%s %s item=%s unit=%d %s to %v\n", pass.Rule, pass.Template, pass.Item, pass.Unit, inputs, pass.To)
		if len(pass.Notify) > 0 {
			fmt.Fprintf(&b, "told: %v\n", pass.Notify)
		}
	}
	for _, c := range p.Changes {
		inputs, err := json.Marshal(c.Inputs)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "%s %s %s %s\n", c.Rule, c.Action, c.Template, inputs)
	}
	return b.String()
}

func TestCompileFindsMistakes(t *testing.T) {
	const good = "{name: concert, on: stripe.checkout.paid, template: concert, with: {holder: Ada}, deliver: [{email: a@example.com}]}"
	for _, tc := range []struct{ name, rule, want string }{
		{"nothing wrong", good, ""},
		{"no action", strings.Replace(good, "template:", "action: updaet, template:", 1), "[0].action: updaet is no action; there is issue, update, void, upsert; did you mean update?"},
		{"an upsert without a key", strings.Replace(good, "template:", "action: upsert, template:", 1), "[0].key: is missing; name the id by which later events find the pass again, as key: ${{ data.id }}"},
		{"a key of a rule that issues", strings.Replace(good, "template:", `key: "${{ data.id }}", template:`, 1), "[0].key: belongs to the actions upsert, update and void"},
		{"an update that delivers", strings.Replace(good, "template:", "action: update, template:", 1), "[0].deliver: belongs to rules that issue passes"},
		{"an update that tells", "{name: a, on: stripe.charge.refunded, action: update, with: {seat: A1}, notify: [{email: a@example.com}]}", "[0].notify: belongs to rules that issue passes"},
		{"an address that is none", strings.Replace(good, "a@example.com", "nobody", 1), "[0].deliver[0].email: "},
		{"nobody to tell", strings.Replace(good, "deliver:", "notify: [{email: nobody}], deliver:", 1), "[0].notify[0].email: "},
		{"a channel to tell over", strings.Replace(good, "deliver:", "notify: [{pigeon: a@example.com}], deliver:", 1), "[0].notify[0].pigeon: is no channel of this version; it has email"},
		{"an update of nothing", "{name: a, on: stripe.charge.refunded, action: update}", "[0].with: is missing"},
		{"an update of an unknown input", "{name: a, on: stripe.charge.refunded, action: update, with: {seet: A1}}", "[0].with.seet: is no input of any template"},
		{"a void with inputs", "{name: a, on: stripe.charge.refunded, action: void, with: {seat: A1}}", "[0].with: changes nothing"},
		{"a void of no template", "{name: a, on: stripe.charge.refunded, action: void, template: concerto}", "[0].template: concerto does not exist"},
		{"an unknown reason", strings.Replace(good, "template:", "void_on: [refunds], template:", 1), "[0].void_on: refunds is no reason; there is refund, dispute, subscription_end"},
		{"no name", strings.Replace(good, "name: concert, ", "", 1), "[0].name: is missing"},
		{"odd name", strings.Replace(good, "name: concert", "name: My Concert", 1), "[0].name: may have a to z"},
		{"no on", strings.Replace(good, "on: stripe.checkout.paid, ", "", 1), "[0].on: is missing"},
		{"unknown event type", strings.Replace(good, "checkout.paid", "checkout.piad", 1), "[0].on: warning: stripe.checkout.piad is no event type that passhook knows (did you mean stripe.checkout.paid?)"},
		{"no template", strings.Replace(good, "template: concert, ", "", 1), "[0].template: is missing"},
		{"unknown template", strings.Replace(good, "template: concert", "template: concerto", 1), "[0].template: concerto does not exist; there is concert, coupon, member"},
		{"unknown input", strings.Replace(good, "holder: Ada", "holder: Ada, seet: A1", 1), "[0].with.seet: is no input of template concert; it has holder, seat, number"},
		{"required input missing", strings.Replace(good, "holder: Ada", "seat: A1", 1), "[0].with: lacks holder"},
		{"unknown member", strings.Replace(good, "holder: Ada", `holder: "${{ data.custmer_details.name }}"`, 1), "customer_details"},
		{"unknown member of item", strings.Replace(good, "holder: Ada", `holder: "${{ item.descripton }}"`, 1), "description"},
		{"number is not known in when", strings.Replace(good, "template:", "when: number == 1, template:", 1), "[0].when"},
		{"unterminated", strings.Replace(good, "holder: Ada", `holder: "${{ data.id"`, 1), "[0].with.holder"},
		{"unknown channel", strings.Replace(good, "email: a@example.com", "fax: 1", 1), "[0].deliver[0].fax: is no channel of this version"},
		{"two channels in one line", strings.Replace(good, "{email: a@example.com}", "{email: a@example.com, sms: b}", 1), "[0].deliver[0]: must have one channel"},
		{"sample missing", strings.Replace(good, "template:", "sample: none.json, template:", 1), "[0].sample: cannot be read"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, found := compile(t, "- "+tc.rule, nil)
			if got := found.Error(); tc.want == "" && got != "" || !strings.Contains(got, tc.want) {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
	t.Run("a name twice", func(t *testing.T) {
		if _, found := compile(t, "- "+good+"\n- "+good, nil); !strings.Contains(found.Error(), "[1].name: is used twice") {
			t.Errorf("got %q", found)
		}
	})
}
