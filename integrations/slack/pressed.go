package slack

import "context"

// pressed does what a button of a message asks for. Those that open an address
// ask for nothing more.
func (h *Handler) pressed(context.Context, *interaction) {}
