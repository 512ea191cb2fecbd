// Package wallet is what phones and browsers ask for: the pages of passes and
// their downloads.
package wallet
