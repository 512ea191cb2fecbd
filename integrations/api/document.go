package api

import (
	"bytes"
	_ "embed" // openapi.yaml
	"encoding/json"
	"strings"

	"go.yaml.in/yaml/v4"
)

//go:embed openapi.yaml
var openAPI string

// writtenFor is the address that openapi.yaml has in the place of the server's.
const writtenFor = "https://tickets.example.com"

// document is what pages and texts show of openapi.yaml.
type document struct {
	Info struct{ Summary, Description string }
	Tags []struct{ Name, Description string }
	// Paths and Schemas are in the order of the file.
	Paths      ordered[pathItem]
	Components struct {
		Schemas    ordered[schema]
		Parameters map[string]parameter
		Headers    map[string]parameter
		Responses  map[string]response
	}
}

type pathItem struct {
	Parameters             []parameter
	Get, Put, Post, Delete *operation
}

type operation struct {
	Tags                 []string
	Summary, Description string
	Deprecated           bool
	Parameters           []parameter
	RequestBody          struct{ Content ordered[media] } `yaml:"requestBody"`
	Responses            ordered[response]
}

// parameter is one of a request, or a header of an answer.
type parameter struct {
	Ref         string `yaml:"$ref"`
	Name, In    string
	Description string
	Required    bool
	Schema      schema
	Example     any
}

type response struct {
	Ref         string `yaml:"$ref"`
	Description string
	Headers     ordered[parameter]
	Content     ordered[media]
}

type media struct{ Schema schema }

type schema struct {
	Ref              string `yaml:"$ref"`
	Description      string
	Type             oneOrMore
	Enum             []string
	Default, Example any
	Deprecated       bool
	Minimum, Maximum *float64
	MaxLength        int `yaml:"maxLength"`
	MinItems         int `yaml:"minItems"`
	MaxItems         int `yaml:"maxItems"`
	Required         []string
	Properties       ordered[schema]
	Items            *schema
	AnyOf            []schema `yaml:"anyOf"`
}

// oneOrMore is a list that may be written as its only item.
type oneOrMore []string

// UnmarshalYAML reads both forms.
func (o *oneOrMore) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		*o = oneOrMore{n.Value}
		return nil
	}
	return n.Decode((*[]string)(o))
}

// ordered is a map that keeps the order of the file.
type ordered[T any] []entry[T]

type entry[T any] struct {
	Name  string
	Value T
}

// UnmarshalYAML reads a map.
func (o *ordered[T]) UnmarshalYAML(n *yaml.Node) error {
	for i := 0; i+1 < len(n.Content); i += 2 {
		e := entry[T]{Name: n.Content[i].Value}
		if err := n.Content[i+1].Decode(&e.Value); err != nil {
			return err
		}
		*o = append(*o, e)
	}
	return nil
}

func (o ordered[T]) get(name string) (out T) {
	for _, e := range o {
		if e.Name == name {
			return e.Value
		}
	}
	return out
}

// readDocument reads openapi.yaml for a server, and writes it as JSON.
func readDocument(url string) (d document, asJSON []byte, err error) {
	text := openAPI
	if url != "" {
		text = strings.ReplaceAll(text, writtenFor, url)
	}
	var file yaml.Node
	if err := yaml.Unmarshal([]byte(text), &file); err != nil {
		return d, nil, err
	}
	root := resolved(file.Content[0])
	for i := 0; i < len(root.Content); i += 2 {
		if root.Content[i].Value == "x-shared" {
			root.Content = append(root.Content[:i:i], root.Content[i+2:]...)
		}
	}
	if err := root.Decode(&d); err != nil {
		return d, nil, err
	}
	var b, indented bytes.Buffer
	if err := writeJSON(&b, root); err != nil {
		return d, nil, err
	}
	err = json.Indent(&indented, b.Bytes(), "", "  ")
	return d, indented.Bytes(), err
}

// resolved is a node without aliases and merges.
func resolved(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return resolved(n.Alias)
	}
	out := *n
	out.Content, out.Anchor = nil, ""
	if n.Kind != yaml.MappingNode {
		for _, c := range n.Content {
			out.Content = append(out.Content, resolved(c))
		}
		return &out
	}
	own := map[string]bool{}
	for i := 0; i < len(n.Content); i += 2 {
		own[n.Content[i].Value] = true
	}
	for i := 0; i < len(n.Content); i += 2 {
		key, value := n.Content[i], resolved(n.Content[i+1])
		if key.Value != "<<" {
			out.Content = append(out.Content, key, value)
			continue
		}
		from := []*yaml.Node{value}
		if value.Kind == yaml.SequenceNode {
			from = value.Content
		}
		for _, m := range from {
			for j := 0; j < len(m.Content); j += 2 {
				if !own[m.Content[j].Value] {
					out.Content = append(out.Content, m.Content[j], m.Content[j+1])
				}
			}
		}
	}
	return &out
}

// writeJSON writes a node in the order of the file.
func writeJSON(b *bytes.Buffer, n *yaml.Node) error {
	switch n.Kind {
	case yaml.MappingNode:
		return writeItems(b, n, '{', '}')
	case yaml.SequenceNode:
		return writeItems(b, n, '[', ']')
	}
	var v any
	if err := n.Decode(&v); err != nil {
		return err
	}
	text, err := json.Marshal(v)
	b.Write(text)
	return err
}

func writeItems(b *bytes.Buffer, n *yaml.Node, start, end byte) error {
	b.WriteByte(start)
	for i, c := range n.Content {
		isKey := n.Kind == yaml.MappingNode && i%2 == 0
		switch {
		case i == 0:
		case n.Kind == yaml.MappingNode && !isKey:
			b.WriteByte(':')
		default:
			b.WriteByte(',')
		}
		if isKey {
			c = &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: c.Value}
		}
		if err := writeJSON(b, c); err != nil {
			return err
		}
	}
	b.WriteByte(end)
	return nil
}
