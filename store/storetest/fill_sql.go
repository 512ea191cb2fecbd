package storetest

import "strings"

// fills insert a row for each number i, in the order of the foreign keys. What
// several say alike is in capitals: the ids of the row are in the order of their
// time, and those of Stripe's and the serial number in none.
var fills = func() []string {
	ids := strings.NewReplacer(
		"EVENT", "'01900000-0000-7000-8000-' || DIGITS", "ORDER", "'01900000-0000-7001-8000-' || DIGITS",
		"DELIVERY", "'01900000-0000-7002-8000-' || DIGITS", "CHANGE", "'01900000-0000-7003-8000-' || DIGITS",
		"ACTIVITY", "'01900000-0000-7004-8000-' || DIGITS", "VOIDING", "'01900000-0000-7005-8000-' || DIGITS", "MESSAGE", "'01900000-0000-7006-8000-' || DIGITS", "DEVICE", "'01900000-0000-7007-8000-' || DIGITS",
		"SESSION", "'cs_live_' || SCRAMBLED", "PAYMENT", "'pi_' || SCRAMBLED", "SERIAL", "SCRAMBLED || '-0123456789'",
		"ACCOUNT", "CASE WHEN i % 20 = 7 THEN 'acct_' || CAST(i % 3 AS TEXT) ELSE '' END", "LIVE", "i % 10 <> 3", "TAGGED", "CASE WHEN i % 50 = 25 THEN TIME ELSE 0 END",
		"HASH", "SCRAMBLED || '0123456789abcdef0123456789abcdef0123456789abcdef0123'",
	)
	digits := strings.NewReplacer(
		"DIGITS", "substr(CAST(1000000000000 + i AS TEXT), 2)",
		"SCRAMBLED", "substr(CAST(1000000000000 + i * 618033988749 % 1000000000000 AS TEXT), 2)",
	)
	out := []string{
		fillEvents, fillOrders, fillPasses, fillRefs("SESSION"), fillRefs("PAYMENT"), fillRefs("'ref:order-' || CAST(i AS TEXT)"),
		fillDeliveries, fillDeliveryPasses, fillChanges, fillChangeRefs,
		fillActivity, fillVoidings, fillOutgoing, fillDevices, fillRegistrations, fillMessages,
	}
	for i, text := range out {
		out[i] = digits.Replace(ids.Replace(text))
	}
	return out
}()

const (
	fillEvents = `INSERT INTO events (id, source, external_id, account, object, live, types, refs, redirect, rule, data,
	time, received, since, state, note, attention, attempts, claimed, due, settled, told) NUMBERS
SELECT EVENT, 'stripe', 'evt_' || SCRAMBLED, ACCOUNT, SESSION, LIVE,
	'["stripe.checkout.session.completed","stripe.checkout.paid"]', '["' || SESSION || '","' || PAYMENT || '"]', '', '',
	'{"object": "checkout.session", "amount_total": 4950, "currency": "eur", "mode": "payment", "payment_status": "paid", "status": "complete", "customer_details": {"name": "Ada Lovelace", "email": "ada@example.com", "address": {"city": "London", "country": "GB", "line1": "12 St James Square", "postal_code": "SW1Y 4JH"}}}',
	TIME, TIME, TIME,
	CASE WHEN LAST THEN 'pending' WHEN i % 300 = 0 THEN 'failed' WHEN i % 300 = 100 THEN 'unmatched' WHEN i % 300 = 200 THEN 'ignored' ELSE 'done' END,
	'1 pass', '', 1, false, CASE WHEN LAST THEN HOUR ELSE TIME END, CASE WHEN LAST THEN 0 ELSE TIME END, true FROM numbers`

	fillOrders = `INSERT INTO orders (id, event_id, source, account, object, live, created) NUMBERS
SELECT ORDER, EVENT, 'stripe', ACCOUNT, SESSION, LIVE, TIME FROM numbers`

	fillPasses = `INSERT INTO passes (serial, key, order_id, event_id, rule, template, item, unit, secret_id, link_hash,
	issued, inputs, void_on, void, created, updated, source, account, live) NUMBERS
SELECT SERIAL, SESSION || '/concert/li_1/0', ORDER, EVENT, 'concert', 'concert', 'li_1', 0, SECRET, HASH,
	'{"holder": "Ada Lovelace"}', '{"holder": "Ada Lovelace"}', '["refund","dispute"]',
	CASE WHEN i % 50 = 25 THEN '["refund"]' ELSE '[]' END, TIME, TIME, 'stripe', ACCOUNT, LIVE FROM numbers`

	fillDeliveries = `INSERT INTO deliveries (id, order_id, channel, recipient, resend_of, created, state, note,
	attempts, claimed, since, due, sent, told, link_key, secret_id, link_hash) NUMBERS
SELECT DELIVERY, ORDER, 'email', 'a' || CAST(i AS TEXT) || '@example.com', '', TIME,
	CASE WHEN i % 1000 = 500 THEN 'dead' ELSE 'sent' END, '', 1, false, TIME, TIME, CASE WHEN i % 1000 = 500 THEN 0 ELSE TIME END, true,
	'email', SECRET, HASH FROM numbers`

	fillDeliveryPasses = `INSERT INTO delivery_passes (delivery_id, position, serial) NUMBERS
SELECT DELIVERY, 0, SERIAL FROM numbers`

	fillChanges = `INSERT INTO changes (id, event_id, name, kind, reason, template, inputs) NUMBERS
SELECT CHANGE, EVENT, 'refund', 'void', 'refund', '', '' FROM numbers WHERE i % 50 = 25`

	fillChangeRefs = `INSERT INTO change_refs (ref, change_id) NUMBERS
SELECT PAYMENT, CHANGE FROM numbers WHERE i % 50 = 25`

	fillActivity = `INSERT INTO activity (id, serial, kind, event_id, at) NUMBERS
SELECT ACTIVITY, SERIAL, 'issued', EVENT, TIME FROM numbers`

	fillVoidings = `INSERT INTO activity (id, serial, kind, event_id, at) NUMBERS
SELECT VOIDING, SERIAL, 'voided', EVENT, TIME FROM numbers WHERE i % 50 = 25`

	fillMessages = `INSERT INTO messages (id, kind, channel, recipient, subject, text, event_id, delivery_id, state, note, attempts, claimed, due, since, settled, told) NUMBERS
SELECT MESSAGE, 'notice', 'slack', '#box-office', '1 pass was issued', 'Concert, Holder: Ada Lovelace', EVENT, '',
	CASE WHEN LAST THEN 'pending' WHEN i % 1000 = 500 THEN 'dead' ELSE 'sent' END, '', 1, false,
	CASE WHEN LAST THEN HOUR ELSE TIME END, TIME, CASE WHEN LAST THEN 0 ELSE TIME END, true FROM numbers`

	fillOutgoing = `INSERT INTO outgoing (id, endpoint, kind, subject, event_id, at, state, note, attempts, claimed, due, since, settled, told) NUMBERS
SELECT MESSAGE, CASE WHEN i % 2 = 0 THEN 'crm' ELSE 'erp' END, 'pass.issued', SERIAL, EVENT, TIME,
	CASE WHEN LAST THEN 'pending' WHEN i % 1000 = 500 THEN 'dead' ELSE 'sent' END, '', 1, false,
	CASE WHEN LAST THEN HOUR ELSE TIME END, TIME, CASE WHEN LAST THEN 0 ELSE TIME END, true FROM numbers`

	fillDevices = `INSERT INTO devices (id, library_id, pass_type, push_token, wanted, pushed, listed, created, state, note, attempts, claimed, due, since, settled, told) NUMBERS
SELECT DEVICE, 'phone-' || CAST(i AS TEXT), 'pass.com.example.tickets', 'token-' || SCRAMBLED, TAGGED, TAGGED, TAGGED, TIME, 'done', '', 1, false, TIME, TIME, TIME, true FROM numbers`

	fillRegistrations = `INSERT INTO registrations (device, serial, tag, fetched, created) NUMBERS
SELECT DEVICE, SERIAL, TAGGED, CASE WHEN i % 1000 = 525 THEN 0 ELSE TAGGED END, TIME FROM numbers`
)

func fillRefs(ref string) string {
	return "INSERT INTO pass_refs (ref, serial) NUMBERS SELECT " + ref + ", SERIAL FROM numbers"
}
