package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"

	"github.com/spf13/cobra"

	"github.com/astrid-runtime/astrid-dev/builder/seal"
	"github.com/astrid-runtime/astrid-dev/builder/text"
	"github.com/astrid-runtime/astrid-dev/builder/usage"
)

func newKey() *cobra.Command {
	return &cobra.Command{
		Use:   "key FILE",
		Short: "Make a key that signs shared results and attestations",
		Long: `key writes a new Ed25519 key to FILE, which only its owner may read, and its public half
to FILE.pub. Who has FILE can sign (--cache-key, --attest-key); who has FILE.pub can tell who
signed (--cache-trust, verify-attestation --key). A key that is there is never overwritten.`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage.Hint(fmt.Errorf("key takes one file, not %d", len(args)), "astrid-dev key ci.key")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return makeKey(cmd, args[0]) },
	}
}

func makeKey(cmd *cobra.Command, path string) error {
	key, err := seal.NewKey()
	if err != nil {
		return err
	}
	switch err := key.Write(path); {
	case errors.Is(err, fs.ErrExist):
		return usage.Hint(fmt.Errorf("%s is there already", text.Name(path)), "name another file: what it signed could not be checked any more")
	case err != nil:
		return usage.New(err)
	}
	if asJSON(cmd) {
		return json.NewEncoder(cmd.OutOrStdout()).Encode(struct {
			Key    string `json:"key"`
			Public string `json:"public"`
			ID     string `json:"id"`
		}{path, path + seal.PublicSuffix, key.ID})
	}
	fmt.Fprintf(cmd.OutOrStdout(), "wrote %s (keep it secret) and %s\nits name is %s\n", text.Name(path), text.Name(path+seal.PublicSuffix), key.ID)
	return nil
}
