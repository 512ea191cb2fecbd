// Package failpoint ends the process at chosen places, as a crash would, so that
// tests can show that none of them loses or doubles anything. Only a build with
// the tag failpoints does that.
package failpoint
