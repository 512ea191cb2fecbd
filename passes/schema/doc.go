// Package schema knows pass.json: every key, what it takes, which style it
// belongs to and which iOS knows it. The tables under data are the one source;
// the checks, the JSON Schema for editors and the reference in docs/pass.md are
// made from them. It knows nothing of templates, images or packages.
//
// Sources: https://developer.apple.com/documentation/walletpasses,
// https://github.com/apple/pass-builder and the libraries that write passes.
package schema
