// Package api is the JSON API: JSON in, a signed pass in the answer. Its routes,
// fields, limits, headers and error texts are those of walletwallet.dev, so that
// programs written for it move over by changing the address; what is beyond it
// stands beside them.
package api
