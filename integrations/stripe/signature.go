package stripe

import "github.com/passhook/passhook/integrations"

// secretPrefix begins all signing secrets. It is a part of the key.
const secretPrefix = "whsec_"

// scheme is how Stripe signs webhooks. https://docs.stripe.com/webhooks/signature
var scheme = integrations.Scheme{
	Header: "Stripe-Signature", Separator: ",", TimePrefix: "t=", Prefix: "v1=", Signed: "{timestamp}.{body}", SecretPrefix: secretPrefix,
}
