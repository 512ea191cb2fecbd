package inspect_test
import ("testing";"bytes";"os";"time";"github.com/passhook/passhook/passes/passtest")
func TestTmpAllBytes(t *testing.T){
	a := newAuthority(t, time.Now())
	dir := t.TempDir(); key := rsaKey(t)
	writeFiles(t, dir, map[string][]byte{"cert.pem": certPEM(a.leaf(t, key, nil)), "key.pem": keyPEM(t, key), "wwdr.pem": certPEM(a.wwdr), "manifest.json": []byte(manifestOfSignatures)})
	passtest.OpenSSL(t, dir, "cms","-sign","-binary","-in","manifest.json","-certfile","wwdr.pem","-outform","DER","-out","out","-signer","cert.pem","-inkey","key.pem")
	ber,_ := os.ReadFile(dir+"/out")
	for _, whole := range [][]byte{ber} {
	for i := range whole {
		c := bytes.Clone(whole); c[i] ^= 1<<((i*5+3)%8)
		says := opensslSays(t, a, c)
		_,_,list := verdict(t, a, c)
		ours := true
		for _, f := range list { switch f.Rule { case "signing-time","certificate-kind","certificate-expired","certificate-early","certificate-pass-type","certificate-team": default: ours = ours && f.Severity != "error" } }
		if says != ours { t.Errorf("byte %d %x->%x openssl %v ours %v %v", i, whole[i], c[i], says, ours, list) }
	}}
}
