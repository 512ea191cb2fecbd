package phones

import "regexp"

// Explanation is what a line that a phone said means.
type Explanation struct {
	// Cause is what happened, and Fix what to do about it.
	Cause, Fix string
}

// known are the texts of Wallet's own program, as phones post them.
// https://developer.apple.com/library/archive/technotes/tn2302/
var known = []struct {
	text *regexp.Regexp
	Explanation
}{
	{regexp.MustCompile(`(?i)Update requested (for|by) unregistered serial number`), Explanation{
		"the phone was told of a pass that it has no more",
		"nothing; it is forgotten when the phone says so itself"}},
	{regexp.MustCompile(`(?i)Server requested update to serial number .* but the pass was unchanged`), Explanation{
		"the phone was told of a pass that it had in this version already, as right after it was added",
		"nothing, where it is rare; often: two servers with different templates answer in turn"}},
	{regexp.MustCompile(`(?i)Server ignored the 'if-modified-since' header`), Explanation{
		"the phone asked for what is newer and got what it had",
		"look whether a proxy in front of passhook takes If-Modified-Since or Last-Modified away"}},
	{regexp.MustCompile(`(?i)did not provide a 'last-modified' header`), Explanation{
		"the answer had no Last-Modified, which passhook always sends",
		"look at the proxy in front of passhook, and let the header through"}},
	{regexp.MustCompile(`(?i)lastUpdated tag .* remained the same`), Explanation{
		"the phone got the same list twice",
		"look whether a proxy or a CDN keeps answers of /wallet, and turn that off"}},
	{regexp.MustCompile(`(?i)Device received spurious push`), Explanation{
		"the phone was woken and found nothing new: another push came before, or the pass changed back",
		"nothing, where it is rare; phones that are woken for nothing often stop listening"}},
	{regexp.MustCompile(`(?i)Personalization request was issued .* but the pass was unchanged`), Explanation{
		"the holder filled in a form that the pass asks for, and the pass stayed as it was",
		"take personalization.json out of the template"}},
	{regexp.MustCompile(`(?i)(Register|Unregister|Get pass|Update) task .* encountered error: Authentication failure`), Explanation{
		"the pass's token is not the one that its server knows",
		"put the secret that the pass was made with back into secret, behind the new one"}},
	{regexp.MustCompile(`(?i)task .* encountered error: Unexpected response code 404`), Explanation{
		"there was nothing at the address in the pass",
		"let /wallet through the proxy in front of passhook, and keep url as it was when the pass was made"}},
	{regexp.MustCompile(`(?i)task .* encountered error: Unexpected response code (429|5\d\d)`), Explanation{
		"the server was overloaded or away",
		"nothing, where it is over; the phone asks again"}},
	{regexp.MustCompile(`(?i)encountered error: .*(could not connect|timed out|network connection|offline|hostname)`), Explanation{
		"the phone did not reach the server",
		"nothing, where it is rare; many phones at once: look at DNS and the certificate of url"}},
	{regexp.MustCompile(`(?i)encountered error: .*(certificate|secure connection|SSL|TLS)`), Explanation{
		"the phone does not trust the certificate of the server",
		"renew the TLS certificate of url, with its intermediates"}},
	{regexp.MustCompile(`(?i)(signature|manifest).*(verif|invalid|match)|trust chain`), Explanation{
		"the phone refuses the new package",
		"download it from the pass's page and run: passhook inspect FILE"}},
	{regexp.MustCompile(`(?i)Web service error .*(Invalid data|invalid pass|Pass data)`), Explanation{
		"the phone could not read the new package",
		"download it from the pass's page and run: passhook inspect FILE"}},
}

// Explain says what a line means; ok is false for one that nobody knows.
func Explain(line string) (e Explanation, ok bool) {
	for _, k := range known {
		if k.text.MatchString(line) {
			return k.Explanation, true
		}
	}
	return Explanation{}, false
}
