package standins

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
)

// bare has ids in place of products, as answers that were not asked to expand.
func bare(items []map[string]any) []map[string]any {
	out := make([]map[string]any, len(items))
	for i, item := range items {
		out[i] = maps.Clone(item)
		price, ok := item["price"].(map[string]any)
		product, expanded := price["product"].(map[string]any)
		if ok && expanded {
			price = maps.Clone(price)
			price["product"] = product["id"]
			out[i]["price"] = price
		}
	}
	return out
}

// page answers one page of those of a list that keep lets through.
// https://docs.stripe.com/api/pagination
func page(w http.ResponseWriter, r *http.Request, all []map[string]any, keep func(map[string]any) bool) {
	limit := 10
	if n, err := strconv.Atoi(r.URL.Query().Get("limit")); err == nil && n >= 1 && n <= 100 {
		limit = n
	}
	index := func(id string) int {
		return slices.IndexFunc(all, func(m map[string]any) bool { return m["id"] == id })
	}
	after, before := r.URL.Query().Get("starting_after"), r.URL.Query().Get("ending_before")
	if after != "" {
		all = all[index(after)+1:]
	}
	if before != "" {
		all = all[:max(index(before), 0)]
	}
	data := []map[string]any{}
	for _, o := range all {
		if keep(o) {
			data = append(data, o)
		}
	}
	more := len(data) > limit
	switch {
	case more && before != "": // those next to the cursor
		data = data[len(data)-limit:]
	case more:
		data = data[:limit]
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"object": "list", "url": r.URL.Path, "has_more": more, "data": data})
}

func everything(map[string]any) bool { return true }
