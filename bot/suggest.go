package bot

import (
	"maps"
	"slices"
	"strings"

	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/passes"
	"github.com/passhook/passhook/problems"
)

// nearest is " (did you mean X?)" or nothing.
func nearest(name string, types map[string]integrations.TypeInfo) string {
	if near := problems.Nearest(name, slices.Collect(maps.Keys(types))); near != "" {
		return " (did you mean " + near + "?)"
	}
	return ""
}

// OwnTemplates begins the names of templates that passhook has by itself.
const OwnTemplates = "passhook-"

// known lists the templates of the project.
func known(templates map[string]*passes.Template) string {
	names := slices.DeleteFunc(slices.Sorted(maps.Keys(templates)), func(name string) bool { return strings.HasPrefix(name, OwnTemplates) })
	if len(names) == 0 {
		return "; there is none yet"
	}
	return "; there is " + strings.Join(names, ", ")
}

func inputNames(t *passes.Template) string {
	names := make([]string, len(t.Inputs))
	for i, in := range t.Inputs {
		names[i] = in.Name
	}
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}
