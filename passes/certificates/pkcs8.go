package certificates

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/des" //nolint:gosec // what old files are encrypted with
	"crypto/pbkdf2"
	"crypto/sha1" //nolint:gosec // as above
	"crypto/sha256"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"hash"
)

// Object ids of RFC 8018 and of the AES registry.
var (
	oidPBES2  = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 13}
	oidPBKDF2 = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 12}

	// ciphers are those that openssl offers in CBC mode.
	ciphers = []struct {
		id  asn1.ObjectIdentifier
		key int // bytes
		new func([]byte) (cipher.Block, error)
	}{
		{asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 1, 2}, 16, aes.NewCipher},
		{asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 1, 22}, 24, aes.NewCipher},
		{asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 1, 42}, 32, aes.NewCipher},
		{asn1.ObjectIdentifier{1, 2, 840, 113549, 3, 7}, 24, des.NewTripleDESCipher},
	}
	// hashes are what the key is derived with; SHA-1 where nothing is said.
	hashes = []struct {
		id  asn1.ObjectIdentifier
		new func() hash.Hash
	}{
		{nil, sha1.New},
		{asn1.ObjectIdentifier{1, 2, 840, 113549, 2, 7}, sha1.New},
		{asn1.ObjectIdentifier{1, 2, 840, 113549, 2, 9}, sha256.New},
	}
)

// maxIterations keeps a file from holding the program up for minutes.
const maxIterations = 10_000_000

var (
	errUnknownCipher = errors.New("encrypted in an unknown way")
	errDecrypt       = errors.New("wrong password")
)

// The ASN.1 of RFC 5958 and RFC 8018.
type (
	encryptedKey struct {
		Algorithm pkix.AlgorithmIdentifier
		Data      []byte
	}
	pbes2 struct{ Derivation, Cipher pkix.AlgorithmIdentifier }
	kdf   struct {
		Salt       []byte
		Iterations int
		KeyLength  int                      `asn1:"optional"`
		PRF        pkix.AlgorithmIdentifier `asn1:"optional"`
	}
)

// decryptPKCS8 decrypts an EncryptedPrivateKeyInfo with PBES2 (RFC 8018), as
// openssl writes it since version 1.1.
func decryptPKCS8(der []byte, password string) ([]byte, error) {
	var outer encryptedKey
	var scheme pbes2
	var params kdf
	var iv []byte
	if !unmarshal(der, &outer) || !outer.Algorithm.Algorithm.Equal(oidPBES2) ||
		!unmarshal(outer.Algorithm.Parameters.FullBytes, &scheme) || !scheme.Derivation.Algorithm.Equal(oidPBKDF2) ||
		!unmarshal(scheme.Derivation.Parameters.FullBytes, &params) || !unmarshal(scheme.Cipher.Parameters.FullBytes, &iv) ||
		params.Iterations < 1 || params.Iterations > maxIterations {
		return nil, errUnknownCipher
	}
	for _, h := range hashes {
		for _, c := range ciphers {
			if !h.id.Equal(params.PRF.Algorithm) || !c.id.Equal(scheme.Cipher.Algorithm) {
				continue
			}
			key, err := pbkdf2.Key(h.new, password, params.Salt, params.Iterations, c.key)
			if err != nil {
				return nil, err
			}
			block, err := c.new(key)
			if err != nil {
				return nil, err
			}
			return decryptCBC(block, iv, outer.Data)
		}
	}
	return nil, errUnknownCipher
}

func unmarshal(der []byte, out any) bool {
	rest, err := asn1.Unmarshal(der, out)
	return err == nil && len(rest) == 0
}

// decryptCBC also takes the padding off (RFC 8018, section 6.1.1).
func decryptCBC(block cipher.Block, iv, data []byte) ([]byte, error) {
	size := block.BlockSize()
	if len(iv) != size || len(data) == 0 || len(data)%size != 0 {
		return nil, errDecrypt
	}
	out := make([]byte, len(data))
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(out, data)
	n := int(out[len(out)-1])
	if n < 1 || n > size || !bytes.HasSuffix(out, bytes.Repeat([]byte{byte(n)}, n)) {
		return nil, errDecrypt
	}
	return out[:len(out)-n], nil
}
