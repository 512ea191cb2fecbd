package pages

import (
	"encoding/json"
	"net/http"
)

// WriteJSON answers a program.
func WriteJSON(w http.ResponseWriter, code int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(v) // the other side may have gone
}

// WriteError answers a program with {"error": text}. The text is for its author,
// and tells nothing of what is inside.
func WriteError(w http.ResponseWriter, code int, text string) {
	WriteJSON(w, code, map[string]string{"error": text})
}
