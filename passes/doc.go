// Package passes makes Apple Wallet passes: it loads templates and
// certificates, renders pass.json, and packs and signs the package. It knows
// neither HTTP nor a database.
package passes

// MIMEType is the media type of a package. Mail and Safari open nothing else.
// https://developer.apple.com/documentation/walletpasses/distributing-and-updating-a-pass
const MIMEType = "application/vnd.apple.pkpass"
