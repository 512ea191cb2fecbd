package standins

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// write creates or changes an object.
func (s *Stripe) write(w http.ResponseWriter, r *http.Request, kind string) {
	if err := r.ParseForm(); err != nil {
		refuse(w, http.StatusBadRequest, "invalid_request_error", "", err.Error())
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	id := r.PathValue("id")
	var o map[string]any
	switch i := slices.IndexFunc(s.objects[kind], func(o map[string]any) bool { return o["id"] == id }); {
	case id == "":
		n := strconv.Itoa(len(s.objects[kind]) + 1)
		o = map[string]any{"id": kind + "_" + n, "object": kind, "livemode": strings.Contains(key(r), "_live_"), "metadata": map[string]any{}, "status": "enabled"}
		if kind == "webhook_endpoint" {
			o["id"], o["secret"] = "we_"+n, "whsec_standin_secret_"+n
		}
	case i < 0:
		refuse(w, http.StatusNotFound, "invalid_request_error", "resource_missing", "No such "+kind+": '"+id+"'")
		return
	default:
		o = maps.Clone(s.objects[kind][i])
	}
	for name, v := range formObject(r.PostForm) {
		o[name] = v
	}
	if disabled, ok := o["disabled"].(bool); ok && kind == "webhook_endpoint" {
		o["status"] = map[bool]string{true: "disabled", false: "enabled"}[disabled]
	}
	answer := maps.Clone(o)
	delete(o, "secret") // told once, when the endpoint is made
	s.put(o)
	reply(w, answer)
}

// formObject reads Stripe's form: a=1, list[]=2 or list[0]=2, map[key][name]=3.
func formObject(form url.Values) map[string]any {
	out := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(form)) {
		parts := strings.Split(strings.ReplaceAll(name, "]", ""), "[")
		into, last := out, parts[len(parts)-1]
		_, notNumber := strconv.Atoi(last)
		list := len(parts) > 1 && (last == "" || notNumber == nil)
		if list {
			parts = parts[:len(parts)-1]
		}
		for _, part := range parts[:len(parts)-1] {
			deeper, ok := into[part].(map[string]any)
			if !ok {
				deeper = map[string]any{}
				into[part] = deeper
			}
			into = deeper
		}
		last = parts[len(parts)-1]
		if !list {
			into[last] = scalar(form.Get(name))
			continue
		}
		values, _ := into[last].([]any)
		for _, v := range form[name] {
			values = append(values, scalar(v))
		}
		into[last] = values
	}
	return out
}

func scalar(s string) any {
	if s == "true" || s == "false" {
		return s == "true"
	}
	return s
}
