package schema

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
