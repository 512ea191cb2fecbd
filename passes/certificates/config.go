package certificates

// Config is one entry of the signing section of passhook.yaml: one pass
// type certificate from Apple. Values are contents, not paths.
type Config struct {
	Certificate  string `yaml:"certificate" jsonschema:"description=PKCS#12 or PEM or base64 of either; usually file:PATH."`
	Password     string `yaml:"password,omitempty" jsonschema:"description=Password of the PKCS#12 file or of the PEM key."`
	Key          string `yaml:"key,omitempty" jsonschema:"description=The private key as PEM where the certificate is PEM."`
	Intermediate string `yaml:"intermediate,omitempty" jsonschema:"description=Apple's WWDR certificate that issued this one. Default: chosen by the certificate's issuer key id where it is known."`
}
