package schema

import "slices"

// passRule is a rule about a whole pass that the tables cannot say.
type passRule struct {
	id    string
	check func(*checker)
}

var passRules = []passRule{
	{"no-style", checkNoStyle},
	{"second-style", checkSecondStyle},
	{"poster-generic-alone", checkPosterAlone},
	{"duplicate-field-key", checkDuplicateKeys},
	{"field-count", checkFieldCount},
	{"shared-row", checkSharedRow},
	{"footer-fields", checkFooter},
	{"style-scheme", checkSchemes},
	{"poster-barcode", checkPosterBarcode},
	{"barcode-fallback", checkBarcodeFallback},
	{"barcode-never-drawn", checkBarcodeOrder},
	{"colour-contrast", checkContrast},
	{"colour-range", checkColourRange},
	{"web-service-pair", checkWebServicePair},
	{"web-service-url", checkWebServiceURL},
	{"app-launch-url", checkAppLaunch},
	{"nfc-message", checkNFCMessage},
	{"nfc-key", checkNFCKey},
	{"nfc-certificate", checkNFCCertificate},
	{"expired", checkExpired},
	{"voided", checkVoided},
	{"event-dates", checkEventDates},
	{"relevant-dates", checkRelevantDates},
	{"relevant-date-keys", checkRelevantKeys},
	{"featured-action", checkActions},
	{"upcoming-identifier", checkUpcoming},
}

// fieldRule is a rule about one field.
type fieldRule struct {
	id    string
	check func(*checker, field)
}

var fieldRules = []fieldRule{
	{"field-row", checkRow},
	{"change-message", checkChangeMessage},
	{"currency-and-number-style", checkCurrencyAndStyle},
	{"number-value", checkNumberValue},
	{"date-value", checkDateValue},
	{"date-option", checkDateOption},
	{"attributed-value", checkAttributed},
	{"text-alignment", checkAlignment},
	{"data-detectors", checkDetectors},
}

// tableRules are the rules that the tables drive.
var tableRules = []string{
	"required-key", "wrong-type", "value-not-allowed", "unknown-key", "misplaced-key", "other-style", "scheme-only-key",
	"deprecated-key", "out-of-range", "too-short", "too-long", "too-many", "too-few", "number-as-text",
	"bad-date", "bad-colour", "bad-url", "bad-email", "bad-uuid", "bad-time-zone", "bad-currency", "personalization",
}

// Rules are the names of all rules, sorted.
func Rules() []string {
	ids := slices.Clone(tableRules)
	for _, r := range passRules {
		ids = append(ids, r.id)
	}
	for _, r := range fieldRules {
		ids = append(ids, r.id)
	}
	slices.Sort(ids)
	return ids
}
