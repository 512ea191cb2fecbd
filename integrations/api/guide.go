package api

import (
	"fmt"
	"html/template"
	"slices"
	"strconv"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
)

// prose is Markdown of our own.
type prose string

var markdown = goldmark.New(goldmark.WithExtensions(extension.Table))

// HTML is for pages. What was HTML before is left out.
func (p prose) HTML() (template.HTML, error) {
	var b strings.Builder
	err := markdown.Convert([]byte(p), &b)
	return template.HTML(b.String()), err //nolint:gosec // of our own text
}

// Inline is one paragraph, to stand in a line.
func (p prose) Inline() (template.HTML, error) {
	html, err := p.HTML()
	return template.HTML(strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(string(html)), "<p>"), "</p>")), err //nolint:gosec // of our own text
}

// guide is the document as it is read: by what somebody wants to do.
type guide struct {
	URL                  string
	Summary, Description prose
	Sections             []section
	Schemas              []object
	// Older are other names of addresses.
	Older []call
}

// section is a thing to do, with the calls for it.
type section struct {
	ID, Name string
	Text     prose
	Calls    []call
}

type call struct {
	Method, Path, Summary string
	Description           prose
	Parameters            []property
	// Body is what JSON the request has.
	Body            prose
	Answers, Errors []reply
}

// reply is one answer of a call.
type reply struct {
	Code        string
	Description prose
	// Kinds are what the answer may be.
	Kinds   []prose
	Headers []property
}

// object is a schema with its fields.
type object struct {
	Name        string
	Description prose
	Properties  []property
}

// property is a field, a parameter or a header.
type property struct {
	Name                 string
	Type, Description    prose
	Default, Example     string
	Required, Deprecated bool
}

// guide sorts the document. link makes the name of a schema one that leads there.
func (d *document) guide(url string, link func(name string) string) guide {
	g := guide{URL: url, Summary: prose(d.Info.Summary), Description: prose(d.Info.Description)}
	r := reference{d, link}
	at, asked := map[string]int{}, map[string]bool{}
	for i, tag := range d.Tags {
		at[tag.Name] = i
		g.Sections = append(g.Sections, section{ID: slug(tag.Name), Name: tag.Name, Text: prose(tag.Description)})
	}
	for _, path := range d.Paths {
		item := path.Value
		for _, m := range []struct {
			method string
			*operation
		}{{"GET", item.Get}, {"POST", item.Post}, {"PUT", item.Put}, {"DELETE", item.Delete}} {
			if m.operation == nil {
				continue
			}
			for _, body := range m.RequestBody.Content {
				r.collect(body.Value.Schema, asked)
			}
			c := r.call(m.method, path.Name, item.Parameters, m.operation)
			if m.Deprecated {
				g.Older = append(g.Older, c)
				continue
			}
			s := &g.Sections[at[m.Tags[0]]]
			s.Calls = append(s.Calls, c)
		}
	}
	for _, s := range d.Components.Schemas {
		if len(s.Value.Properties) > 0 {
			g.Schemas = append(g.Schemas, object{s.Name, prose(s.Value.Description), r.properties(s.Value, asked[s.Name])})
		}
	}
	return g
}

// reference follows what refers to something else in the document.
type reference struct {
	*document
	link func(name string) string
}

func named(ref string) string { return ref[strings.LastIndex(ref, "/")+1:] }

func (r reference) call(method, path string, shared []parameter, o *operation) call {
	c := call{Method: method, Path: path, Summary: o.Summary, Description: prose(o.Description)}
	for _, p := range append(shared[:len(shared):len(shared)], o.Parameters...) {
		if p.Ref != "" {
			p = r.Components.Parameters[named(p.Ref)]
		}
		c.Parameters = append(c.Parameters, r.parameter(p.Name, p))
	}
	for _, m := range o.RequestBody.Content {
		c.Body = prose(r.kind(m.Value.Schema))
	}
	for _, e := range o.Responses {
		a := e.Value
		if a.Ref != "" {
			a = r.Components.Responses[named(a.Ref)]
		}
		if one := r.reply(e.Name, a); one.Code < "300" {
			c.Answers = append(c.Answers, one)
		} else {
			c.Errors = append(c.Errors, one)
		}
	}
	slices.SortFunc(c.Errors, func(a, b reply) int { return strings.Compare(a.Code, b.Code) })
	return c
}

func (r reference) reply(code string, a response) reply {
	out := reply{Code: code, Description: prose(a.Description)}
	for _, h := range a.Headers {
		p := h.Value
		if p.Ref != "" {
			p = r.Components.Headers[named(p.Ref)]
		}
		out.Headers = append(out.Headers, r.parameter(h.Name, p))
	}
	for _, m := range a.Content {
		if k := r.kind(m.Value.Schema); k != "" {
			out.Kinds = append(out.Kinds, prose(k))
			continue
		}
		out.Kinds = append(out.Kinds, prose("`"+m.Name+"`"))
	}
	return out
}

func (r reference) parameter(name string, p parameter) property {
	kind := r.kind(p.Schema)
	if p.In != "" {
		kind = p.In + ": " + kind
	}
	return property{
		Name: name, Type: prose(kind), Description: prose(p.Description), Default: text(p.Schema.Default), Example: text(p.Example), Required: p.Required,
	}
}

// collect adds the schemas that one is made of.
func (r reference) collect(s schema, names map[string]bool) {
	if s.Ref != "" {
		name := named(s.Ref)
		if names[name] {
			return
		}
		names[name] = true
		s = r.Components.Schemas.get(name)
	}
	for _, p := range s.Properties {
		r.collect(p.Value, names)
	}
	for _, one := range s.AnyOf {
		r.collect(one, names)
	}
	if s.Items != nil {
		r.collect(*s.Items, names)
	}
}

// properties are the fields of an object. Whether one is required is for those
// who send it.
func (r reference) properties(s schema, asked bool) []property {
	var out []property
	for _, p := range s.Properties {
		v := p.Value
		out = append(out, property{
			Name: p.Name, Type: prose(r.kind(v)), Description: prose(v.Description), Default: text(v.Default), Example: text(v.Example),
			Required: asked && slices.Contains(s.Required, p.Name), Deprecated: v.Deprecated,
		})
	}
	return out
}

// kind says what a value is, with its limits: "string, at most 64 characters".
func (r reference) kind(s schema) string {
	switch {
	case s.Ref != "":
		target := r.Components.Schemas.get(named(s.Ref))
		if len(target.Properties) > 0 {
			return r.link(named(s.Ref))
		}
		return r.kind(target)
	case len(s.AnyOf) > 0 && len(s.Properties) == 0:
		var kinds []string
		for _, one := range s.AnyOf {
			kinds = append(kinds, r.kind(one))
		}
		return strings.Join(kinds, " or ")
	case len(s.Enum) > 0:
		return "`" + strings.Join(s.Enum, "`, `") + "`"
	case s.Items != nil:
		return "list of " + r.kind(*s.Items) + within(s.MinItems, s.MaxItems, "")
	}
	return strings.Join(s.Type, " or ") + within(0, s.MaxLength, " characters") + between(s.Minimum, s.Maximum)
}

func within(least, most int, unit string) string {
	switch {
	case most == 0:
		return ""
	case least > 0:
		return fmt.Sprintf(", %d to %d%s", least, most, unit)
	}
	return fmt.Sprintf(", at most %d%s", most, unit)
}

func between(least, most *float64) string {
	if least == nil || most == nil {
		return ""
	}
	return ", " + strconv.FormatFloat(*least, 'f', -1, 64) + " to " + strconv.FormatFloat(*most, 'f', -1, 64)
}

// text is a value of the document as it is written in JSON, a string as it is.
func text(v any) string {
	switch v := v.(type) {
	case nil, map[string]any:
		return ""
	case string:
		return v
	}
	return fmt.Sprint(v)
}
