package config_test

import (
	"errors"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/passhook/passhook/config"
	"github.com/passhook/passhook/problems"
)

const good = `url: https://tickets.example.com
secret: 0123456789abcdef0123456789abcdef
signing: [{certificate: x}]
`

func TestDefaults(t *testing.T) {
	c := load(t, good, config.Options{})
	if c.File != "passhook.yaml" || c.Dir != "." || c.Listen != "127.0.0.1:8080" || c.Data != "data" ||
		c.Templates != "templates" || c.Location.String() != "UTC" || c.Language.String() != "en" || c.Mail != nil || c.Stripe != nil {
		t.Errorf("got %+v", c)
	}
}

func TestNoFile(t *testing.T) {
	t.Chdir(t.TempDir())
	if _, err := config.Load("", config.Options{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v; want fs.ErrNotExist", err)
	}
	if _, err := config.Load(".", config.Options{}); err == nil {
		t.Error("a folder was read as a file")
	}
}

func TestPathsStartAtTheConfigFile(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"passhook.yaml": "secret: file:secret\ndata: state\ntemplates: /\nrules: [{name: a, on: x, template: t, sample: a.json}]\n",
		"secret":        "0123456789abcdef0123456789abcdef\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c, err := config.Load(filepath.Join(dir, "passhook.yaml"), config.Options{
		Sections: []config.Section{config.Secret, config.Store, config.Templates, config.Rules},
	})
	if err != nil {
		t.Fatal(err)
	}
	if c.Secret[0] != "0123456789abcdef0123456789abcdef" || c.Data != filepath.Join(dir, "state") ||
		c.Templates != "/" || c.Rules[0].Sample != filepath.Join(dir, "a.json") {
		t.Errorf("got %+v", c)
	}
}

func TestAPrivateKeyThatOthersCanReadIsTold(t *testing.T) {
	const key = "-----BEGIN ENCRYPTED PRIVATE KEY-----\neA==\n-----END ENCRYPTED PRIVATE KEY-----\n"
	for _, tc := range []struct {
		name, text string
		mode       os.FileMode
		want       string
	}{
		{"key for all", key, 0o644, "passhook.yaml:1:33: warning: signing[0].key: other users of this machine can read this private key; chmod 600 pass.key"},
		{"key for the group", key, 0o640, "passhook.yaml:1:33: warning: signing[0].key: other users of this machine can read this private key; chmod 600 pass.key"},
		{"key for oneself", key, 0o600, ""},
		{"no key", "-----BEGIN X-----\neA==\n-----END X-----\n", 0o644, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := t.TempDir()
			for name, text := range map[string]string{"passhook.yaml": "signing: [{certificate: x, key: file:pass.key}]\n", "pass.key": tc.text} {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(text), tc.mode); err != nil {
					t.Fatal(err)
				}
			}
			t.Chdir(dir)
			got := ""
			_, err := config.Load("passhook.yaml", config.Options{Sections: []config.Section{config.Signing}, Warn: func(p problems.Problem) { got += p.String() }})
			if err != nil || got != tc.want {
				t.Errorf("got %q, %v; want %q", got, err, tc.want)
			}
		})
	}
}

func TestListen(t *testing.T) {
	seven, zero := 7, 0
	for _, c := range []struct {
		name, listen, env string
		port              *int
		want              string
	}{
		{"default", "", "", nil, "127.0.0.1:8080"},
		{"given", "listen: '[::1]:90'\n", "", nil, "[::1]:90"},
		{"all addresses", "listen: :90\n", "", nil, ":90"},
		{"PORT listens on all addresses", "listen: 127.0.0.1:90\n", "PORT=80", nil, ":80"},
		{"--port keeps the host", "listen: '[::1]:90'\n", "PORT=80", &seven, "[::1]:7"},
		{"--port 0", "", "", &zero, "127.0.0.1:0"},
		{"port 0", "listen: 127.0.0.1:0\n", "", nil, "127.0.0.1:0"},
		{"from a variable", "listen: 127.0.0.1:${HTTP}\n", "HTTP=81", nil, "127.0.0.1:81"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := load(t, good+c.listen, config.Options{Env: environment(c.env), Port: c.port}).Listen; got != c.want {
				t.Errorf("got %s; want %s", got, c.want)
			}
		})
	}
}

func TestURL(t *testing.T) {
	for given, want := range map[string]string{
		"https://tickets.example.com/":    "https://tickets.example.com",
		"https://tickets.example.com:444": "https://tickets.example.com:444",
		"HTTPS://tickets.example.com":     "https://tickets.example.com",
		"http://127.0.0.1:8080":           "http://127.0.0.1:8080",
		"http://127.1.2.3":                "http://127.1.2.3",
		"http://localhost:8080/":          "http://localhost:8080",
		"http://[::1]:8080":               "http://[::1]:8080",
	} {
		if got := load(t, "url: "+given+"\n", config.Options{Sections: []config.Section{config.Templates}}).URL; got != want {
			t.Errorf("%s is %s; want %s", given, got, want)
		}
	}
}

func TestData(t *testing.T) {
	store := []config.Section{config.Store}
	t.Run("DATA_DIR beats data", func(t *testing.T) {
		c := load(t, "data: here\n", config.Options{Sections: store, Env: environment("DATA_DIR=/there")})
		if c.Data != "/there" {
			t.Errorf("got %s", c.Data)
		}
	})
	t.Run("on Fly outside of a volume", func(t *testing.T) {
		project(t, nil)
		if err := os.WriteFile("passhook.yaml", []byte("data: /etc/passhook/not/made/yet\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := config.Load("", config.Options{Sections: store, Env: environment("FLY_APP_NAME=tickets")})
		var list problems.List
		if !errors.As(err, &list) || len(list) != 1 || list[0].Column != 7 {
			t.Errorf("got %v; want one problem with data", err)
		}
	})
	t.Run("on Fly with PostgreSQL", func(t *testing.T) {
		load(t, "data: /etc/passhook\ndatabase: postgres://db/x\n", config.Options{Sections: store, Env: environment("FLY_APP_NAME=tickets")})
	})
	t.Run("on Fly on a volume", func(t *testing.T) {
		// /proc is another device than / wherever there is one.
		if _, err := os.Stat("/proc/self"); err != nil {
			t.Skip("needs /proc")
		}
		load(t, "data: /proc/self\n", config.Options{Sections: store, Env: environment("FLY_APP_NAME=tickets")})
	})
}

func TestTrustedProxies(t *testing.T) {
	c := load(t, good+"trusted_proxies: [10.1.2.3, 10.1.2.3/8, 'fd00::1']\n", config.Options{})
	want := []netip.Prefix{netip.MustParsePrefix("10.1.2.3/32"), netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::1/128")}
	if !slices.Equal(c.Proxies, want) {
		t.Errorf("got %v; want %v", c.Proxies, want)
	}
}

func TestSecrets(t *testing.T) {
	one := load(t, "secret: ${S}\n", config.Options{Env: environment("S=0123456789abcdef0123456789abcdef"), Sections: []config.Section{config.Secret}})
	if len(one.Secret) != 1 {
		t.Errorf("got %d secrets; want 1", len(one.Secret))
	}
	two := load(t, "secret: ['${S}', 'ffffffffffffffffffffffffffffffff']\n", config.Options{Env: environment("S=0123456789abcdef0123456789abcdef"), Sections: []config.Section{config.Secret}})
	if len(two.Secret) != 2 || two.Secret[0] != one.Secret[0] {
		t.Error("a list of two secrets was not read in its order")
	}
}

func TestRuleValues(t *testing.T) {
	c := load(t, `rules:
  - name: a
    on: [x, "y.*"]
    template: ${TEMPLATE}
    for_each: null
    repeat:
    with: {date: 2026-11-01, zip: "${ZIP}", n: 3, name: "${{ data.name }}", list: ["${ZIP}"]}
    deliver: [{email: "${{ data.email }}"}]
  - name: b
    on: x
    template: t
    repeat: 2
`, config.Options{Env: environment("TEMPLATE=t\nZIP=01234"), Sections: []config.Section{config.Rules}})
	a, b := c.Rules[0], c.Rules[1]
	if !a.ForEach.Set || a.ForEach.Value != "" || !a.Repeat.Set || a.Repeat.Value != "" {
		t.Errorf("null is %+v, %+v; want it set and empty", a.ForEach, a.Repeat)
	}
	if b.ForEach.Set || b.Repeat.Value != "2" {
		t.Errorf("absent is %+v, 2 is %+v", b.ForEach, b.Repeat)
	}
	if len(a.On) != 2 || len(b.On) != 1 || a.Template != "t" {
		t.Errorf("got %+v", a)
	}
	if w := a.With; w["date"] != "2026-11-01" || w["zip"] != "01234" || w["n"] != 3 || w["name"] != "${{ data.name }}" || w["list"].([]any)[0] != "01234" {
		t.Errorf("with is %#v", w)
	}
}

func TestUnusedSectionsAreFilledAsFarAsPossible(t *testing.T) {
	c := load(t, "url: ${URL}\nmail: {from: '${FROM}', smtp: '${SMTP}'}\nlisten: ${LISTEN}\n", config.Options{
		Env: environment("FROM=a@example.com"), Sections: []config.Section{},
	})
	if c.URL != "" || c.Mail.From != "a@example.com" || c.Mail.SMTP != "" || c.Listen != "127.0.0.1:8080" {
		t.Errorf("got %+v", c)
	}
}

func TestEnvironmentBeatsDotenv(t *testing.T) {
	project(t, nil)
	for name, text := range map[string]string{
		".env":          "A=from file\nB='from $file'\n",
		"passhook.yaml": "operator: {email: a@example.com}\nrules: [{name: '${A}', on: '${B}', template: t}]\n",
	} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c, err := config.Load("", config.Options{Env: environment("A=real"), Sections: []config.Section{config.Rules}})
	if err != nil {
		t.Fatal(err)
	}
	if c.Rules[0].Name != "real" || c.Rules[0].On[0] != "from $file" {
		t.Errorf("got %+v", c.Rules[0])
	}
	if _, set := os.LookupEnv("B"); set {
		t.Error(".env reached the environment of the process")
	}
}

func TestPlace(t *testing.T) {
	c := load(t, `rules:
  - name: concert
    on: x
    when: 'item.amont > 1'
    template: t
    with:
      a.b: ${{ data.nme }}
      seat: ${SEAT} ${{ data.nme }}
    deliver: []
`, config.Options{Env: environment("SEAT=row one"), Sections: []config.Section{config.Rules}})
	inside := func(path string, line, column int) problems.Problem {
		return problems.Problem{Path: path, Line: line, Column: column, Text: "is wrong"}
	}
	got := c.Place(problems.List{
		inside("rules[0].when", 1, 6),
		inside("rules[0].with.a.b", 1, 5),
		inside("rules[0].with.seat", 1, 13), // a variable stands before it
		problems.At("rules[0].name", "is wrong"),
		problems.At("rules[0].with.nothing", "is wrong"),
		problems.At("rules[0].repeat", "is wrong"),
		problems.Warn("mail.from", "is wrong"),
		{File: "template.yaml", Path: "inputs", Text: "is wrong"},
		{Text: "is wrong"},
	})
	want := []string{
		"passhook.yaml:4:17: rules[0].when: is wrong",
		"passhook.yaml:7:16: rules[0].with.a.b: is wrong",
		"passhook.yaml:8:13: rules[0].with.seat: is wrong",
		"passhook.yaml:2:11: rules[0].name: is wrong",
		"passhook.yaml:6:5: rules[0].with.nothing: is wrong",
		"passhook.yaml:2:5: rules[0].repeat: is wrong",
		"passhook.yaml:1:1: warning: mail.from: is wrong",
		"template.yaml: inputs: is wrong",
		"is wrong",
	}
	for i, p := range got {
		if p.String() != want[i] {
			t.Errorf("got  %s\nwant %s", p, want[i])
		}
	}
}
