// Package seal signs statements and says who signed one.
//
// A statement is bytes with a type. What is signed is in a DSSE envelope
// (github.com/secure-systems-lab/dsse, protocol 1), which cosign, in-toto and securesystemslib
// read too. Keys are Ed25519 keys in PEM files, as openssl writes them: PKCS #8 and
// SubjectPublicKeyInfo.
//
// The files call one way, from top to bottom:
//
//	envelope.go  a statement is signed, and opened
//	key.go       keys and their files
package seal
