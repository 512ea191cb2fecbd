// Package preview draws a pass as Wallet shows it: its front and its back, as a
// picture for web pages, mail and the terminal.
//
// It takes plain data, a pass.json and the images of a package, and needs no
// browser. The same input gives the same picture.
package preview
